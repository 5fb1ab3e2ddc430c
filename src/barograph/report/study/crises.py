"""What the memory study says of crashes, recoveries and money: of which rows, and how many others have a verdict."""

from collections.abc import Sequence
from typing import Final

from barograph.report import words
from barograph.report.metrics import gain_of
from barograph.report.study.differences import OVERALL, Difference, Study
from barograph.report.study.names import called, target
from barograph.report.study.outcomes import beside, brief, counted, episodes

_CRISES: Final = {"crash": "crashes", "recovery": "recoveries"}
_NAMED: Final = 3


def crises(study: Study) -> list[str]:
    """Speak of crashes and recoveries, together where both are too few."""
    found = {name: study.against("none", "log_loss", name) for name in _CRISES}
    few = {name: gaps for name, gaps in found.items() if gaps and not any(gap.told for gap in gaps)}
    texts = [_crisis(study, name, gaps) for name, gaps in found.items() if gaps and name not in few]
    where = [f"{_CRISES[name]} ({_undecided(gaps)})" for name, gaps in few.items()]
    if where:
        others = "".join(_others_in(study, name) for name in few)
        texts.append(f"In {words.joined(where)} there are too few crises to tell whether any option helps.{others}")
    return texts


def _undecided(found: Sequence[Difference]) -> str:
    """Say how many episodes there are, how many more would decide, and what the exact test gives."""
    most = max(found, key=lambda gap: gap.more_episodes)
    return f"{episodes(found)}; {words.needed(most.more_episodes)}; {_exact(found)}"


def _exact(found: Sequence[Difference]) -> str:
    """Say what the exact test can give at best, and the smallest of its p-values."""
    best = min(found, key=lambda gap: gap.sign_flip_p)
    return (
        f"exact test at best {words.chance(best.attainable_p)}, smallest p {words.chance(best.sign_flip_p)} of "
        f"{called(best.option)}"
    )


def money(study: Study) -> str:
    """Speak of the Sharpe ratio after costs, and count where else it has a verdict."""
    found = [gap for gap in study.against("none", "sharpe") if gap.told]
    if not found:
        return ""
    of, against = f"the Sharpe ratio after costs of {study.speaker}", f"against {target('none')}"
    if any(gap.sure for gap in found):
        return f"{words.capitalised(of)}, {against}: {_listed(study, found)}.{_other_ratios(study)}"
    twins = [twin for twin in study.twins(found) if twin.told]
    recalibrated = _recalibrated(twins, f" (recalibrated likewise, {_largest(twins)})" if twins else "")
    return (
        f"There is no evidence that any option changes {of} {against}; the largest difference is "
        f"{_largest(found)}{recalibrated}.{_other_ratios(study)}"
    )


def _crisis(study: Study, regime: str, found: Sequence[Difference]) -> str:
    where = f"In {_CRISES[regime]} ({episodes(found)}; {_exact(found)}), by log loss of {study.speaker},"
    if any(gap.sure for gap in found):
        text = f"{where} against {target('none')}: {_listed(study, found)}."
    else:
        twins = [twin for twin in study.twins(found) if twin.told]
        recalibrated = _recalibrated(twins, " (recalibrated likewise)")
        text = f"{where} there is no evidence that any option helps or hurts against {target('none')}{recalibrated}."
    return text + _others_in(study, regime)


def _others_in(study: Study, regime: str) -> str:
    """Count the verdicts in a regime of which its sentence does not speak, and name the surest."""
    gaps = [
        gap
        for gap in study.surest
        if gap.told
        and (gap.model, gap.slice) == (study.models[0], regime)
        and (gap.metric, gap.reference) != ("log_loss", "none")
    ]
    sure = [gap for gap in gaps if gap.sure]
    if not sure:
        return ""
    named = "; ".join(
        f"{called(gap.option)} against {target(gap.reference)}, {gain_of(gap.metric).noun}, {gap.calibration}, "
        f"{brief(study, gap)}"
        for gap in sure[:_NAMED]
    )
    return (
        f" Of the other {words.count(len(gaps), 'comparison')} of {study.speaker} there (metrics, references, "
        f"{' and '.join(study.calibrations)}) {_verdicts(sure)}{'; the surest' if len(sure) > _NAMED else ''}: {named}."
    )


def _other_ratios(study: Study) -> str:
    """Count the Sharpe ratios that have a verdict, of single models and elsewhere of the predictor that speaks."""
    ratios, said = [gap for gap in study.surest if gap.metric == "sharpe" and gap.told], (OVERALL, "none")
    single = [gap for gap in ratios if gap.model != study.models[0]]
    elsewhere = [gap for gap in ratios if gap.model == study.models[0] and (gap.slice, gap.reference) != said]
    texts = [
        f"{words.count(len(gaps), 'difference')} of {whose} {_verdicts(sure)}"
        for whose, gaps in (("single models", single), (study.speaker, elsewhere))
        if (sure := [gap for gap in gaps if gap.sure])
    ]
    where = f"overall or in a regime, against any reference, {' or '.join(study.calibrations)}"
    return f" Elsewhere ({where}), of the {' and of the '.join(texts)}." if texts else ""


def _listed(study: Study, found: Sequence[Difference]) -> str:
    """List what has a verdict, raw or recalibrated, and count the rest."""
    listed = [gap for gap in found if study.decided(gap)]
    rest = len(found) - len(listed)
    end = f"; no evidence for {'the other' if rest == 1 else f'the other {rest}'}" if rest else ""
    return "; ".join(f"{called(gap.option)} {brief(study, gap)}{beside(study, gap)}" for gap in listed) + end


def _recalibrated(twins: Sequence[Difference], likewise: str) -> str:
    """Say of recalibrated differences, of which the raw ones have no verdict, which do."""
    if not twins:
        return ""
    sure = [gap for gap in twins if gap.sure]
    names = words.joined([called(gap.option) for gap in sure])
    return f" (recalibrated {counted(sure)}: {names})" if sure else likewise


def _verdicts(sure: Sequence[Difference]) -> str:
    return f"{len(sure)} {'has' if len(sure) == 1 else 'have'} a verdict ({counted(sure)})"


def _largest(found: Sequence[Difference]) -> str:
    most = max(found, key=lambda gap: abs(gap.gain.estimate.value))
    return f"that of {called(most.option)}, {most.gain.text(sign=True)}"
