"""What the memory study says of crashes, recoveries and money: of which rows, and how many others have a verdict."""

from collections.abc import Sequence
from typing import Final

from barograph.names import VOTE
from barograph.report import palette, words
from barograph.report.differences import METRICS, OVERALL, Difference, Study
from barograph.report.outcomes import beside, brief, counted, episodes
from barograph.report.study_names import called, target

_CRISES: Final = {"crash": "crashes", "recovery": "recoveries"}
_NAMED: Final = 3


def crises(study: Study) -> list[str]:
    """Speak of crashes and recoveries, together where both are too few."""
    found = {name: study.against("none", "log_loss", name) for name in _CRISES}
    few = {name: own for name, own in found.items() if own and not any(one.told for one in own)}
    texts = [_crisis(study, name, own) for name, own in found.items() if own and name not in few]
    where = [f"{_CRISES[name]} ({episodes(own)})" for name, own in few.items()]
    if where:
        others = "".join(_others_in(study, name) for name in few)
        texts.append(f"In {words.joined(where)} there are too few crises to tell whether any option helps.{others}")
    return texts


def money(study: Study) -> str:
    """Speak of the Sharpe ratio after costs, and count where else it has a verdict."""
    found = [one for one in study.against("none", "sharpe") if one.told]
    if not found:
        return ""
    of, against = f"the Sharpe ratio after costs of {_speaker(study)}", f"against {target('none')}"
    if any(one.sure for one in found):
        return f"{words.capitalised(of)}, {against}: {_listed(study, found)}.{_other_ratios(study)}"
    twins = _twins(study, found)
    recalibrated = _recalibrated(twins, f" (recalibrated likewise, {_largest(twins)})" if twins else "")
    return (
        f"There is no evidence that any option changes {of} {against}; the largest difference is "
        f"{_largest(found)}{recalibrated}.{_other_ratios(study)}"
    )


def _crisis(study: Study, regime: str, found: Sequence[Difference]) -> str:
    where = f"In {_CRISES[regime]} ({episodes(found)}), by log loss of {_speaker(study)},"
    if any(one.sure for one in found):
        text = f"{where} against {target('none')}: {_listed(study, found)}."
    else:
        recalibrated = _recalibrated(_twins(study, found), " (recalibrated likewise)")
        text = f"{where} there is no evidence that any option helps or hurts against {target('none')}{recalibrated}."
    return text + _others_in(study, regime)


def _others_in(study: Study, regime: str) -> str:
    """Count the verdicts in a regime of which its sentence does not speak, and name the surest."""
    own = [
        one
        for one in study.surest
        if one.told
        and (one.model, one.slice) == (study.models[0], regime)
        and (one.metric, one.reference) != ("log_loss", "none")
    ]
    sure = [one for one in own if one.sure]
    if not sure:
        return ""
    named = "; ".join(_named(study, one) for one in sure[:_NAMED])
    return (
        f" Of the other {words.count(len(own), 'comparison')} of {_speaker(study)} there (metrics, references, "
        f"{' and '.join(study.calibrations)}) {_verdicts(sure)}{'; the surest' if len(sure) > _NAMED else ''}: {named}."
    )


def _other_ratios(study: Study) -> str:
    """Count the Sharpe ratios that have a verdict, of single models and elsewhere of the predictor that speaks."""
    ratios = [one for one in study.surest if one.metric == "sharpe" and one.told]
    speaker = study.models[0]
    single = [one for one in ratios if one.model != speaker]
    said = (OVERALL, "none")
    elsewhere = [one for one in ratios if one.model == speaker and (one.slice, one.reference) != said]
    texts = [
        f"{words.count(len(own), 'difference')} of {whose} {_verdicts(sure)}"
        for whose, own in (("single models", single), (_speaker(study), elsewhere))
        if (sure := [one for one in own if one.sure])
    ]
    where = f"overall or in a regime, against any reference, {' or '.join(study.calibrations)}"
    return f" Elsewhere ({where}), of the {' and of the '.join(texts)}." if texts else ""


def _listed(study: Study, found: Sequence[Difference]) -> str:
    """List what has a verdict, raw or recalibrated, and count the rest."""
    listed = [one for one in found if one.sure or ((twin := study.twin(one)) is not None and twin.sure)]
    rest = len(found) - len(listed)
    end = f"; no evidence for {'the other' if rest == 1 else f'the other {rest}'}" if rest else ""
    return "; ".join(f"{called(one.option)} {brief(study, one)}{beside(study, one)}" for one in listed) + end


def _recalibrated(twins: Sequence[Difference], likewise: str) -> str:
    """Say of recalibrated differences, of which the raw ones have no verdict, which do."""
    if not twins:
        return ""
    sure = [one for one in twins if one.sure]
    return (
        f" (recalibrated {counted(sure)}: {words.joined([called(one.option) for one in sure])})" if sure else likewise
    )


def _named(study: Study, one: Difference) -> str:
    metric = METRICS[one.metric].noun
    return f"{called(one.option)} against {target(one.reference)}, {metric}, {one.calibration}, {brief(study, one)}"


def _verdicts(sure: Sequence[Difference]) -> str:
    return f"{len(sure)} {'has' if len(sure) == 1 else 'have'} a verdict ({counted(sure)})"


def _largest(found: Sequence[Difference]) -> str:
    most = max(found, key=lambda one: abs(one.estimate.value))
    return f"that of {called(most.option)}, {most.estimate.text(sign=True)}"


def _twins(study: Study, found: Sequence[Difference]) -> list[Difference]:
    return [twin for one in found if (twin := study.twin(one)) is not None and twin.told]


def _speaker(study: Study) -> str:
    return "the vote" if study.models[0] == VOTE else palette.title(study.models[0])
