"""What the memory study's verdicts say, in clauses: raw, recalibrated in parentheses, no word beyond the verdict."""

from collections.abc import Sequence
from typing import Final

from barograph.memory_study.study import HELPS, HURTS, NO_EVIDENCE, TOO_FEW_CRISES
from barograph.report import words
from barograph.report.differences import METRICS, OVERALL, Difference, Study
from barograph.report.study_names import called, target

_NAMED: Final = 4
_COUNTED: Final = (
    (HELPS, "helps", "help"),
    (HURTS, "hurts", "hurt"),
    (NO_EVIDENCE, "shows no evidence", "show no evidence"),
    (TOO_FEW_CRISES, "has too few crises", "have too few crises"),
)


def claim(study: Study, one: Difference, who: str) -> str:
    """Say how an option stands to its reference, as far as the verdict goes, raw and recalibrated."""
    return statement(study, one, who) + beside(study, one)


def statement(study: Study, one: Difference, who: str) -> str:
    """Say how an option stands to its reference, as far as the verdict goes."""
    other, metric = target(one.reference), METRICS[one.metric]
    if not one.told:
        return f"whether {who} beats {other} in {metric.noun} cannot be said: {brief(study, one)}"
    figure, interval = one.estimate.figure(sign=True) + metric.unit, one.estimate.interval()
    if one.verdict == HELPS:
        of = f" of {metric.noun}" if metric.relative else f" in {metric.noun}"
        return f"{who} beats {other} by {figure.lstrip('+')}{of} {interval}"
    if one.verdict == HURTS:
        said = f"{who} is worse than {other} in {metric.noun}"
    else:
        said = f"there is no evidence that {who} differs from {other} in {metric.noun}"
    return f"{said}: {figure} {interval}{_corrected(study, one)}"


def brief(study: Study, one: Difference) -> str:
    """Write a figure with its interval and verdict: ``-0.4 % [-0.6, -0.2], hurts``."""
    if one.verdict == TOO_FEW_CRISES:
        return f"{TOO_FEW_CRISES} ({words.count(one.episodes, 'episode')})"
    if not one.told:
        return "no figure"
    return f"{one.estimate.text(METRICS[one.metric].unit, sign=True)}, {one.verdict}{_corrected(study, one)}"


def both(study: Study, one: Difference) -> str:
    """Write a figure with its interval and verdict, and the same recalibrated in parentheses."""
    return brief(study, one) + beside(study, one)


def beside(study: Study, one: Difference) -> str:
    """Write what a raw difference is when recalibrated, in parentheses; empty where that was not computed."""
    twin = study.twin(one)
    return f" (recalibrated {brief(study, twin)})" if twin is not None and (one.told or twin.told) else ""


def finding(study: Study, reference: str, slice_: str = OVERALL, *, model: str | None = None) -> str:
    """Say which options help and which hurt against a reference, by log loss."""
    found = study.against(reference, "log_loss", slice_, model=model)
    return outcome(found) + _recalibrated(study, found) if found else "nothing was compared"


def outcome(found: Sequence[Difference]) -> str:
    """Sort differences by their verdicts: ``expanding helps; replay and weighted hurt; no evidence for 3``."""
    if found and all(one.verdict == TOO_FEW_CRISES for one in found):
        return f"{TOO_FEW_CRISES} ({episodes(found)})"
    clauses = []
    for verdict, many in ((HELPS, "help"), (HURTS, "hurt")):
        own = [called(one.option) for one in found if one.verdict == verdict]
        if own:
            who = words.joined(own) if len(own) <= _NAMED else f"{len(own)} of {len(found)}"
            clauses.append(f"{who} {verdict if len(own) == 1 else many}")
    few = sum(one.verdict == TOO_FEW_CRISES for one in found)
    if few:
        clauses.append(f"too few crises for {few}")
    unproven = [called(one.option) for one in found if one.verdict == NO_EVIDENCE]
    who = words.joined(unproven) if len(unproven) <= _NAMED else f"any of {len(unproven)}"
    if unproven and not clauses:
        many = "help or hurt" if 1 < len(unproven) <= _NAMED else "helps or hurts"
        return f"no evidence that {who} {many}"
    if unproven:
        clauses.append(f"no evidence for {who.removeprefix('any of ')}")
    return "; ".join(clauses)


def _recalibrated(study: Study, found: Sequence[Difference]) -> str:
    twins = [twin for one in found if (twin := study.twin(one)) is not None]
    if not twins or all(one.verdict == TOO_FEW_CRISES for one in (*found, *twins)):
        return ""
    same = [one.verdict for one in found] == [one.verdict for one in twins]
    return f" (recalibrated {'likewise' if same else outcome(twins)})"


def tally(study: Study, found: Sequence[Difference]) -> str:
    """Count verdicts: ``of 22 comparisons, 6 help, 13 hurt and 3 show no evidence (recalibrated 5 help, ...)``."""
    if not found:
        return "nothing was compared"
    twins = [twin for one in found if (twin := study.twin(one)) is not None]
    recalibrated = f" (recalibrated {counted(twins)})" if twins else ""
    return f"of {words.count(len(found), 'comparison')}, {counted(found)}{recalibrated}"


def counted(found: Sequence[Difference]) -> str:
    """Count the verdicts that there are: ``6 help and 1 hurts``."""
    counts = [(sum(one.verdict == verdict for one in found), one, many) for verdict, one, many in _COUNTED]
    return words.joined([f"{number} {one if number == 1 else many}" for number, one, many in counts if number])


def episodes(found: Sequence[Difference]) -> str:
    """Count the independent episodes behind differences of one slice."""
    return words.count(max(one.episodes for one in found), "episode")


def _corrected(study: Study, one: Difference) -> str:
    """Explain why an interval that leaves zero out is no evidence."""
    if one.verdict != NO_EVIDENCE or one.estimate.evidence not in ("better", "worse"):
        return ""
    return f" by the test corrected for {int(study.facts['comparisons']):,} comparisons"
