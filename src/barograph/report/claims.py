"""The memory study's answer in sentences: no word beyond the verdict, no figure without its interval."""

from collections.abc import Sequence
from typing import Final

from barograph.evaluation.ablation import HELPS, HURTS, NO_EVIDENCE, TOO_FEW_CRISES
from barograph.predictors import VOTE
from barograph.report import palette, words
from barograph.report.differences import OVERALL, RAW, Difference, Study
from barograph.report.study_names import MEANINGS, called, subject, target

_UNIT: Final = " % of log loss"
_PARTS: Final = {
    "balanced": "balancing the regimes on top of the archive",
    "weighted": "weighting by regime and uniqueness on top of that",
    "replay": "replay of errors on top of all these",
}
_CRISES: Final = {"crash": "crashes", "recovery": "recoveries"}
_NAMED: Final = 4
# The part that each of these adds to the option before it.
_BEFORE: Final = {"balanced": "archive", "weighted": "balanced", "replay": "weighted"}
_ADDED: Final = {"balanced": "balancing", "weighted": "weights", "replay": "replay"}
_WHOLES: Final = ("reference", "hybrid")


def answer(study: Study) -> list[str]:
    """Give the study's answer, a sentence or few each: scope, window, archive, parts, wholes, crises, money."""
    if study.differences.empty:
        return ["The study compared nothing: its table is empty."]
    parts = [
        scope(study),
        *(_opening(study, option, ("none",)) for option in ("expanding", "recency")),
        *(_archive(study, option) for option in ("archive", "archive_detected")),
        _parts(study),
        *(_whole(study, option) for option in _WHOLES),
        *(_opening(study, option, study.references) for option in study.options if option not in MEANINGS),
        *_crises(study),
        _money(study),
    ]
    return [part for part in parts if part]


def scope(study: Study) -> str:
    """Say what was measured, on what, and with which certainty."""
    facts = study.facts
    found = [one for name in study.references for one in study.against(name)]
    days, blocks = (max((getattr(one, name) for one in found), default=0) for name in ("dates", "episodes"))
    on = f"{words.count(int(facts['symbols']), 'symbol')} ({facts['source']}, {facts['label']})"
    size = [
        words.count(int(facts["rows"]), "row"),
        f"{words.count(days, 'trading day')} ({words.count(blocks, 'independent block')})",
        words.count(int(facts["folds"]), "fold"),
    ]
    return (
        f"Out of sample on {on}, {facts['first']} to {facts['last']}: {', '.join(size)}, every option on the same "
        f"folds, seeds and {int(facts['budget']):,} rows a fold. Figures are of {speaker(study)}; in brackets "
        f"{100 * float(facts['level']):g} % intervals."
    )


def speaker(study: Study) -> str:
    """Name the predictor and the calibration of which the sentences speak."""
    first = study.models[0]
    rest = [palette.title(name) for name in study.models if name != VOTE]
    name = f"the equal vote of {words.joined(rest)}" if first == VOTE else palette.title(first)
    if study.calibrations[0] == RAW:
        return name
    return f"{name}, recalibrated on each option's own matured predictions"


def headline(study: Study) -> str:
    """Say the finding in one sentence: the window, the archive against its placebo, and what hurts."""
    window, placebo = study.find("expanding", "none"), study.find("archive", "placebo")
    clauses = [claim(study, one, subject(one.option)) for one in (window, placebo) if one is not None]
    hurting = [one for one in study.against("none") if one.verdict == HURTS and one is not window]
    if hurting:
        names = words.joined([called(one.option) for one in hurting])
        clauses.append(f"{names} {'hurts' if len(hurting) == 1 else 'hurt'} a rolling window")
    if not clauses:
        clauses = [finding(study, name) for name in study.references[:1]] or ["nothing was compared"]
    return words.capitalised("; ".join(clauses))


def finding(
    study: Study, reference: str, slice_: str = OVERALL, *, model: str | None = None, calibration: str | None = None
) -> str:
    """Say which options help and which hurt against a reference, by log loss."""
    found = study.against(reference, "log_loss", slice_, model=model, calibration=calibration)
    return outcome(found) if found else "nothing was compared"


def tally(found: Sequence[Difference]) -> str:
    """Count verdicts: ``6 of 22 comparisons help, 13 hurt, 3 show no evidence``."""
    counts = [
        (sum(one.verdict == verdict for one in found), one, many)
        for verdict, one, many in (
            (HELPS, "helps", "help"),
            (HURTS, "hurts", "hurt"),
            (NO_EVIDENCE, "shows no evidence", "show no evidence"),
            (TOO_FEW_CRISES, "has too few crises", "have too few crises"),
        )
    ]
    texts = [f"{number} {one if number == 1 else many}" for number, one, many in counts if number]
    return f"Of {words.count(len(found), 'comparison')}, {words.joined(texts)}" if found else "Nothing was compared"


def outcome(found: Sequence[Difference]) -> str:
    """Sort differences by their verdicts: ``expanding helps; replay and weighted hurt; no evidence for 3``."""
    if found and all(one.verdict == TOO_FEW_CRISES for one in found):
        return f"{TOO_FEW_CRISES} ({_episodes(found)})"
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


def claim(study: Study, one: Difference, who: str, unit: str = _UNIT) -> str:
    """Say how an option stands to its reference, as far as the verdict goes."""
    other = target(one.reference)
    figure = one.estimate.figure(sign=True)
    if not one.told:
        return f"whether {who} beats {other} cannot be said: {brief(study, one)}"
    if one.verdict == HELPS:
        return f"{who} beats {other} by {figure.lstrip('+')}{unit} {one.estimate.interval()}"
    if one.verdict == HURTS:
        return f"{who} is worse than {other}: {figure}{unit} {one.estimate.interval()}"
    return (
        f"there is no evidence that {who} differs from {other}: {figure}{unit} {one.estimate.interval()}"
        f"{_corrected(study, one)}"
    )


def brief(study: Study, one: Difference) -> str:
    """Write a figure with its interval and verdict: ``-0.4 % [-0.6, -0.2], hurts``."""
    if one.verdict == TOO_FEW_CRISES:
        return f"{TOO_FEW_CRISES} ({words.count(one.episodes, 'episode')})"
    if not one.told:
        return "no figure"
    return f"{one.estimate.text(' %', sign=True)}, {one.verdict}{_corrected(study, one)}"


def _corrected(study: Study, one: Difference) -> str:
    """Explain why an interval that leaves zero out is no evidence."""
    if one.verdict != NO_EVIDENCE or one.estimate.evidence not in ("better", "worse"):
        return ""
    return f" by the test corrected for {int(study.facts['comparisons']):,} comparisons"


def _opening(study: Study, option: str, references: Sequence[str]) -> str:
    found = [one for name in references if (one := study.find(option, name)) is not None]
    if not found:
        return ""
    first = claim(study, found[0], subject(option))
    rest = [f"against {target(one.reference)} {brief(study, one)}" for one in found[1:]]
    return f"{words.capitalised('; '.join([first, *rest]))}."


def _archive(study: Study, option: str) -> str:
    text = _opening(study, option, ("none", "expanding", "placebo"))
    alone, placebo = study.find(option, "none"), study.find(option, "placebo")
    if alone and placebo and alone.verdict == HELPS and placebo.verdict == NO_EVIDENCE:
        text += " So what it adds is not shown to be more than what as many random old rows add."
    return text


def _parts(study: Study) -> str:
    found = [(name, one) for name in _PARTS if (one := study.find(name, "none")) is not None]
    if not found:
        return ""
    texts = []
    for name, one in found:
        raw = _raw(study, name)
        texts.append(f"{_PARTS[name]} {brief(study, one)}{f' (raw {brief(study, raw)})' if raw else ''}")
    end = " Each holds the parts before it, and its figure is of them all." if len(found) > 1 else ""
    return f"Against {target('none')}: {'; '.join(texts)}.{end}{_steps(study)}"


def _steps(study: Study) -> str:
    """Say what each part adds to those before it, where the study compared them."""
    steps = [(name, one) for name, before in _BEFORE.items() if (one := study.find(name, before)) is not None]
    texts = [f"{_ADDED[name]} {brief(study, one)}" for name, one in steps]
    return f" What each adds to those before it: {'; '.join(texts)}." if texts else ""


def _raw(study: Study, option: str) -> Difference | None:
    """Find what an option is worth before recalibration, where the sentences speak of after it."""
    return None if study.calibrations[0] == RAW else study.find(option, "none", calibration=RAW)


def _whole(study: Study, option: str) -> str:
    text = _opening(study, option, ("none", "expanding"))
    raw = _raw(study, option)
    return f"{text[:-1]}; raw, against {target('none')}, {brief(study, raw)}." if text and raw else text


def _crises(study: Study) -> list[str]:
    """Speak of crashes and recoveries, together where both are too few."""
    found = {name: study.against("none", "log_loss", name) for name in _CRISES}
    few = {name: own for name, own in found.items() if own and not any(one.told for one in own)}
    texts = [_crisis(name, own) for name, own in found.items() if own and name not in few]
    where = [f"{_CRISES[name]} ({_episodes(own)})" for name, own in few.items()]
    if where:
        texts.append(f"In {words.joined(where)} there are too few crises to tell whether any option helps.")
    return texts


def _crisis(regime: str, found: Sequence[Difference]) -> str:
    sure = [one for one in found if one.told and one.verdict in (HELPS, HURTS)]
    where = f"{_CRISES[regime]} ({_episodes(found)})"
    if not sure:
        return f"In {where} there is no evidence that any option helps or hurts against {target('none')}."
    texts = [f"{called(one.option)} {one.estimate.text(' %', sign=True)}, {one.verdict}" for one in sure]
    return f"In {where}, against {target('none')}: {'; '.join(texts)}{_others(found, sure)}."


def _episodes(found: Sequence[Difference]) -> str:
    return words.count(max(one.episodes for one in found), "episode")


def _others(found: Sequence[Difference], sure: Sequence[Difference]) -> str:
    rest = len(found) - len(sure)
    return f"; no evidence for {'the other' if rest == 1 else f'the other {rest}'}" if rest else ""


def _money(study: Study) -> str:
    found = [one for one in study.against("none", "sharpe") if one.told]
    if not found:
        return ""
    sure = [one for one in found if one.verdict in (HELPS, HURTS)]
    if sure:
        texts = [f"{called(one.option)} {one.estimate.text(sign=True)}, {one.verdict}" for one in sure]
        return f"The Sharpe ratio after costs, against {target('none')}: {'; '.join(texts)}{_others(found, sure)}."
    most = max(found, key=lambda one: abs(one.estimate.value))
    return (
        f"There is no evidence that any option changes the Sharpe ratio after costs against {target('none')}; the "
        f"largest difference is {most.estimate.text(sign=True)} ({called(most.option)})."
    )
