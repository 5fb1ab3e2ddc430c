"""The feature study's answer in sentences: no word beyond the verdict, no difference without its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from barograph.errors import InputError
from barograph.feature_study.names import ALL, STRUCTURAL_INPUTS, dropped_family
from barograph.memory_study.study import HELPS, HURTS
from barograph.report import words
from barograph.report.study.claims import scope
from barograph.report.study.differences import Difference, Study
from barograph.report.study.scale import baselines, log_losses
from barograph.report.study.tables import shared
from barograph.report.words import Quantity
from barograph.scoring import Estimate

_ELEVEN: Final = "the structural baseline's eleven inputs"


def feature_words(differences: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    """Answer in plain sentences what the features are worth, as far as the verdicts go.

    Parameters
    ----------
    differences : pandas.DataFrame
        The columns :data:`~barograph.report.study.differences.COLUMNS`, every option compared with ``all``.
    facts : mapping
        The keys :data:`~barograph.report.study.differences.FACTS`, `features`, the number of features of each option
        that was compared, and `left_out`, why others were not.

    Returns
    -------
    list of str
        The answer, all features beside the eleven inputs; then the families; then options that were left out, the log
        losses, and on what it was measured.

    Raises
    ------
    InputError
        If a column or one of these facts is missing.
    """
    study = feature_differences(differences, facts)
    parts = [headline(study), _families(study), _left_out(study), _scale(study), scope(study)]
    return [part for part in parts if part]


def feature_differences(differences: pd.DataFrame, facts: Mapping[str, Any]) -> Study:
    """Lay out what :func:`feature_words` takes, so that differences can be looked up."""
    if lacking := [name for name in ("features", "left_out") if name not in facts]:
        raise InputError(f"study: the facts lack {lacking}; there are {sorted(facts)}")
    return Study(differences, facts)


def headline(study: Study) -> str:
    """Say what all features save of the log loss of models on the eleven inputs; empty where nothing was compared."""
    gap = study.find(STRUCTURAL_INPUTS, ALL)
    if gap is None:
        return ""
    features = words.count(int(study.facts["features"][ALL]), "feature")
    if not gap.told:
        return f"Whether all {features} are worth more than {_ELEVEN} cannot be said: the difference has no interval."
    saved, lost = _of_the_eleven(gap)
    if gap.verdict == HURTS:
        return f"All {features} save {saved.text(' %')} of the log loss of models on {_ELEVEN}."
    if gap.verdict == HELPS:
        return (
            f"All {features} are worse than {_ELEVEN}: the log loss of models on all is {lost.text(' %')} above that "
            "of models on the eleven."
        )
    return (
        f"There is no evidence that all {features} are worth more or less than {_ELEVEN}: they save "
        f"{saved.text(' %', sign=True)} of the log loss of models on those{_corrected(study, [gap])}."
    )


def _of_the_eleven(gap: Difference) -> tuple[Quantity, Quantity]:
    """Turn what the eleven inputs save of all features' log loss into what all save, and lose, of theirs."""
    value, low, high = (end * gap.reference_value / gap.value for end in gap.gain.estimate)
    scale = gap.gain.scale
    return Quantity(Estimate(-value, -high, -low), scale), Quantity(Estimate(value, low, high), scale)


def _families(study: Study) -> str:
    compared = study.against(ALL)
    # With the decimals of the table.
    found = [
        replace(gap, gain=gain)
        for gap, gain in zip(compared, shared(compared), strict=True)
        if dropped_family(gap.option)
    ]
    if not found:
        return ""
    open_ = [gap for gap in found if gap.told and not gap.sure]
    groups = (
        ([gap for gap in found if gap.verdict == HURTS], "Dropping {} makes the models worse."),
        ([gap for gap in found if gap.verdict == HELPS], "Dropping {} makes the models better."),
        (open_, f"There is no evidence that dropping {{}} makes a difference{_corrected(study, open_)}."),
        ([gap for gap in found if not gap.told], "Whether dropping {} makes a difference cannot be said."),
    )
    said = [text.format(_listed(gaps)) for gaps, text in groups if gaps]
    return (
        f"{' '.join(said)} In parentheses is the log loss saved, in % of that with all features. Near duplicates of a "
        "family in other families may take its place, so a figure is what the family adds to the others."
    )


def _listed(found: Sequence[Difference]) -> str:
    """Name families with their figures: ``trend (-0.1 % [-0.3, 0.1]) or context (-0.4 % [-0.7, -0.2])``."""
    named = [f"{dropped_family(gap.option).replace('_', ' ')} ({_figure(gap)})" for gap in found]
    return " or ".join((", ".join(named[:-1]), named[-1])) if len(named) > 1 else named[0]


def _figure(gap: Difference) -> str:
    return gap.gain.text(" %", sign=True) if gap.told else "no interval"


def _left_out(study: Study) -> str:
    reasons: Mapping[str, str] = study.facts["left_out"]
    return f"Not compared: {'; '.join(f'{name}, {reason}' for name, reason in reasons.items())}." if reasons else ""


def _scale(study: Study) -> str:
    losses = log_losses(study, study.calibrations[0])
    texts = [f"{losses[ALL]:.4f} with all features"]
    if STRUCTURAL_INPUTS in losses:
        texts.append(f"{losses[STRUCTURAL_INPUTS]:.4f} with {_ELEVEN}")
    beside = [f"{loss:.4f} for {words.BASELINE_NAMES[name]}" for name, loss in baselines(study).items()]
    on_rows = f"; on the same rows it is {words.joined(beside)}" if beside else ""
    return f"The log loss of {study.speaker} is {words.joined(texts)}{on_rows}, all without intervals."


def _corrected(study: Study, found: Sequence[Difference]) -> str:
    """Explain why an interval that leaves zero out is no evidence."""
    beyond_zero = any(gap.gain.evidence in ("better", "worse") for gap in found)
    return f", by the test corrected for {study.comparisons}" if beyond_zero else ""
