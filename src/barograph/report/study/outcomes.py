"""What the memory study's verdicts say, in clauses: raw, recalibrated in parentheses, no word beyond the verdict."""

from collections.abc import Sequence
from typing import Final

from barograph.memory_study.study import HELPS, HURTS, NO_EVIDENCE, TOO_FEW_CRISES
from barograph.report import words
from barograph.report.metrics import gain_of
from barograph.report.study.differences import OVERALL, Difference, Study
from barograph.report.study.names import called, target

_NAMED: Final = 4
_COUNTED: Final = (
    (HELPS, "helps", "help"),
    (HURTS, "hurts", "hurt"),
    (NO_EVIDENCE, "shows no evidence", "show no evidence"),
    (TOO_FEW_CRISES, "has too few crises", "have too few crises"),
)


def statement(study: Study, gap: Difference, who: str) -> str:
    """Say how an option compares with its reference, as far as the verdict goes."""
    other, metric = target(gap.reference), gain_of(gap.metric)
    if not gap.told:
        return f"whether {who} beats {other} in {metric.noun} cannot be said: {brief(study, gap)}"
    figure, interval = gap.gain.figure(sign=True) + metric.unit, gap.gain.interval()
    if gap.verdict == HELPS:
        of = f" of {metric.noun}" if metric.relative else f" in {metric.noun}"
        return f"{who} beats {other} by {figure.lstrip('+')}{of} {interval}"
    if gap.verdict == HURTS:
        said = f"{who} is worse than {other} in {metric.noun}"
    else:
        said = f"there is no evidence that {who} differs from {other} in {metric.noun}"
    return f"{said}: {figure} {interval}{_corrected(study, gap)}"


def brief(study: Study, gap: Difference) -> str:
    """Write a figure with its interval and verdict: ``-0.4 % [-0.6, -0.2], hurts``."""
    if gap.verdict == TOO_FEW_CRISES:
        return f"{TOO_FEW_CRISES} ({episodes([gap])})"
    if not gap.told:
        return "no figure"
    return f"{gap.gain.text(gain_of(gap.metric).unit, sign=True)}, {gap.verdict}{_corrected(study, gap)}"


def both(study: Study, gap: Difference) -> str:
    """Write a figure with its interval and verdict, and the same recalibrated in parentheses."""
    return brief(study, gap) + beside(study, gap)


def beside(study: Study, gap: Difference) -> str:
    """Write what a raw difference is when recalibrated, in parentheses; empty where that was not computed."""
    twin = study.twin(gap)
    return f" (recalibrated {brief(study, twin)})" if twin is not None and (gap.told or twin.told) else ""


def seed_range(gap: Difference) -> str:
    """Write the smallest and the largest difference with a single seed: ``+2.1 to +2.5 %``."""
    least, most = (words.number(value, gap.gain.decimals, sign=True) for value in gap.seeds)
    return f"{least} to {most}{gain_of(gap.metric).unit}"


def finding(study: Study, reference: str, slice_: str = OVERALL, **of: str) -> str:
    """Say which options help and which hurt against a reference, by log loss, `of` a model."""
    found = study.against(reference, "log_loss", slice_, **of)
    if not found:
        return "nothing was compared"
    twins = study.twins(found)
    if not twins or all(gap.verdict == TOO_FEW_CRISES for gap in (*found, *twins)):
        return outcome(found)
    same = [gap.verdict for gap in found] == [gap.verdict for gap in twins]
    return f"{outcome(found)} (recalibrated {'likewise' if same else outcome(twins)})"


def outcome(found: Sequence[Difference]) -> str:
    """Sort differences by their verdicts: ``expanding helps; replay and weighted hurt; no evidence for 3``."""
    if found and all(gap.verdict == TOO_FEW_CRISES for gap in found):
        return f"{TOO_FEW_CRISES} ({episodes(found)})"
    clauses = []
    for verdict, many in ((HELPS, "help"), (HURTS, "hurt")):
        named = [called(gap.option) for gap in found if gap.verdict == verdict]
        if named:
            who = words.joined(named) if len(named) <= _NAMED else f"{len(named)} of {len(found)}"
            clauses.append(f"{who} {verdict if len(named) == 1 else many}")
    few = sum(gap.verdict == TOO_FEW_CRISES for gap in found)
    if few:
        clauses.append(f"too few crises for {few}")
    unproven = [called(gap.option) for gap in found if gap.verdict == NO_EVIDENCE]
    who = words.joined(unproven) if len(unproven) <= _NAMED else f"any of {len(unproven)}"
    if unproven and not clauses:
        many = "help or hurt" if 1 < len(unproven) <= _NAMED else "helps or hurts"
        return f"no evidence that {who} {many}"
    if unproven:
        clauses.append(f"no evidence for {who.removeprefix('any of ')}")
    return "; ".join(clauses)


def tally(study: Study, found: Sequence[Difference]) -> str:
    """Count verdicts: ``of 22 comparisons, 6 help, 13 hurt and 3 show no evidence (recalibrated 5 help, ...)``."""
    twins = study.twins(found)
    recalibrated = f" (recalibrated {counted(twins)})" if twins else ""
    return f"of {words.count(len(found), 'comparison')}, {counted(found)}{recalibrated}"


def counted(found: Sequence[Difference]) -> str:
    """Count the verdicts that there are: ``6 help and 1 hurts``."""
    counts = [(sum(gap.verdict == verdict for gap in found), gap, many) for verdict, gap, many in _COUNTED]
    return words.joined([f"{number} {gap if number == 1 else many}" for number, gap, many in counts if number])


def episodes(found: Sequence[Difference]) -> str:
    """Count the independent episodes behind differences of one slice."""
    most = max(found, key=lambda gap: gap.episodes)
    return words.cases(most.episodes, most.effective_episodes)


def _corrected(study: Study, gap: Difference) -> str:
    """Explain why an interval that leaves zero out is no evidence."""
    if gap.verdict != NO_EVIDENCE or gap.gain.evidence not in ("better", "worse"):
        return ""
    return f" by the test corrected for {study.comparisons}"
