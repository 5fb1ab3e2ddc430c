"""The memory study's answer in sentences: no word beyond the verdict, no difference without its interval."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from barograph.memory_study.study import HELPS, HURTS, NO_EVIDENCE
from barograph.names import VOTE
from barograph.report import palette, words
from barograph.report.metrics import gain_of
from barograph.report.study import crises
from barograph.report.study.differences import RAW, RECALIBRATED, Difference, Study
from barograph.report.study.names import MEANINGS, called, subject, target
from barograph.report.study.outcomes import beside, both, finding, seed_range, statement
from barograph.report.study.scale import scale


class _Part(NamedTuple):
    """A part of the memory: the option that adds it, the option before it, its name, and its words in a sentence."""

    option: str
    before: str
    name: str
    on_top: str


_PARTS: Final = (
    _Part("balanced", "archive", "balancing", "balancing the regimes on top of the archive"),
    _Part("weighted", "balanced", "weights", "weighting by regime and uniqueness on top of that"),
    _Part("replay", "weighted", "replay", "replay of errors on top of all these"),
)
_WHOLES: Final = ("reference", "hybrid")
_SEEDED: Final = (("expanding", "none"), ("archive", "none"), ("archive", "placebo"), ("hybrid", "expanding"))
_RECALIBRATED: Final = (
    "recalibrated: by a sigmoid that learned from each option's own matured predictions, from the second fold on (the "
    "first has none)"
)


def answer(study: Study) -> list[str]:
    """Give the study's answer, a few sentences each: scope, window, archive, wholes, scale, seeds, crises, money."""
    parts = [
        scope(study),
        *(_opening(study, option, ("none",)) for option in ("expanding", "recency")),
        *(_archive(study, option) for option in ("archive", "archive_detected")),
        _parts(study),
        *(_opening(study, option, ("none", "expanding")) for option in _WHOLES),
        *(_opening(study, option, study.references) for option in study.options if option not in MEANINGS),
        scale(study),
        _seeds(study),
        *crises.crises(study),
        crises.money(study),
    ]
    return [part for part in parts if part]


def scope(study: Study) -> str:
    """Say what was measured, on what, and with which certainty."""
    facts = study.facts
    found = [gap for name in study.references for gap in study.against(name)]
    days = max(gap.dates for gap in found)
    on = f"{words.count(int(facts['symbols']), 'symbol')} ({facts['source']}, {facts['label']})"
    size = [
        words.count(int(facts["rows"]), "row"),
        words.count(days, "trading day"),
        words.count(int(facts["folds"]), "fold"),
    ]
    calibrated = RECALIBRATED in study.calibrations
    inside = f"; in parentheses {_RECALIBRATED}" if calibrated and RAW in study.calibrations else ""
    return (
        f"Out of sample on {on}, {facts['first']} to {facts['last']}: {', '.join(size)}, every option on the same "
        f"folds and seeds, with {int(facts['budget']):,} rows per fold. Figures are of {speaker(study)}, "
        f"{_averaged(facts['seeds'])}; in brackets {study.level} intervals{inside}."
    )


def _averaged(seeds: Sequence[int]) -> str:
    named = words.joined([str(seed) for seed in seeds])
    return f"means over the seeds {named}" if len(seeds) > 1 else f"with the seed {named} alone"


def speaker(study: Study) -> str:
    """Name the predictor and the calibration of which the sentences speak."""
    first = study.models[0]
    rest = [palette.title(name) for name in study.facts["models"]]
    name = f"the equal vote of {words.joined(rest)}" if first == VOTE else palette.title(first)
    return f"{name}, {RAW if study.calibrations[0] == RAW else _RECALIBRATED}"


def headline(study: Study) -> str:
    """Say the finding in one sentence: the window, the archive against its placebo, and what hurts."""
    window, placebo = study.find("expanding", "none"), study.find("archive", "placebo")
    clauses = [statement(study, window, subject("expanding"))] if window else []
    if placebo:
        clauses.append(statement(study, placebo, subject("archive")) + _though(study, placebo))
    found = [gap for gap in study.against("none") if gap.verdict == HURTS and gap.option != "expanding"]
    if found:
        names = words.joined([called(gap.option) for gap in found])
        clauses.append(f"{names} {'hurts' if len(found) == 1 else 'hurt'} a rolling window")
    return words.capitalised("; ".join(clauses or [finding(study, study.references[0])]))


def _opening(study: Study, option: str, references: Sequence[str]) -> str:
    found = [gap for name in references if (gap := study.find(option, name)) is not None]
    if not found:
        return ""
    first = statement(study, found[0], subject(option)) + beside(study, found[0])
    rest = [
        f"against {target(gap.reference)}{' in log loss' if gap.reference == 'placebo' else ''} {both(study, gap)}"
        for gap in found[1:]
    ]
    return f"{words.capitalised('; '.join([first, *rest]))}."


def _archive(study: Study, option: str) -> str:
    text = _opening(study, option, ("none", "expanding", "placebo"))
    alone, placebo = study.find(option, "none"), study.find(option, "placebo")
    if placebo is None:
        return text
    differ = [gap for gap in _others(study, placebo) if study.decided(gap)]
    both_ways = [placebo, *study.twins([placebo])]
    if alone and alone.verdict == HELPS and all(gap.verdict == NO_EVIDENCE for gap in both_ways):
        by = "By log loss" if differ else "So by none of the metrics"
        text += f" {by} what it adds is{' not' if differ else ''} shown to be more than as many random old rows add."
    others = ", ".join(f"{gain_of(gap.metric).noun} {both(study, gap)}" for gap in differ)
    return f"{text} Of the other metrics against {target('placebo')}: {others}." if others else text


def _seeds(study: Study) -> str:
    """Say how much a single seed would have moved the figures; empty where there is only one."""
    if len(study.facts["seeds"]) < 2:
        return ""
    told = [gap for name in study.references for gap in study.against(name) if gap.gain.known]
    named = [gap for pair in _SEEDED if (gap := study.find(*pair)) in told and gap is not None]
    texts = [f"{subject(gap.option)} against {target(gap.reference)} {seed_range(gap)}" for gap in named]
    widest = max(told, key=lambda gap: gap.seeds[1] - gap.seeds[0])
    last = f"the widest range is that of {called(widest.option)} against {target(widest.reference)}"
    return (
        "A seed draws the rows and begins the models, which is chance too. Single seeds give, in log loss: "
        f"{'; '.join([*texts, f'{last}, {seed_range(widest)}'])}."
    )


def _though(study: Study, placebo: Difference) -> str:
    """Name the other metrics by which an option differs from its placebo, where log loss shows nothing."""
    said = [f"by {gain_of(gap.metric).noun} it {gap.verdict}" for gap in _others(study, placebo) if gap.sure]
    return f", though {words.joined(said)}" if said and not placebo.sure else ""


def _others(study: Study, placebo: Difference) -> list[Difference]:
    found = [study.find(placebo.option, placebo.reference, name) for name in study.metrics if name != "log_loss"]
    return [gap for gap in found if gap is not None]


def _parts(study: Study) -> str:
    """Say what the parts are worth together, and what each adds to those before it where the study compared them."""
    together = [(part.on_top, study.find(part.option, "none")) for part in _PARTS]
    texts = [f"{on_top} {both(study, gap)}" for on_top, gap in together if gap is not None]
    if not texts:
        return ""
    end = " Each contains the parts before it, and its figure is of them all." if len(texts) > 1 else ""
    text = f"In log loss against {target('none')}: {'; '.join(texts)}.{end}"
    steps = [(part.name, study.find(part.option, part.before)) for part in _PARTS]
    added = [f"{name} {both(study, gap)}" for name, gap in steps if gap is not None]
    return f"{text} What each adds to those before it: {'; '.join(added)}." if added else text
