"""The memory study: its answer in words, its page, its closing table, and its section in the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from barograph.report import claims, outcomes, palette, scale, study_figures, study_tables
from barograph.report.closing import closing
from barograph.report.differences import Study
from barograph.report.document import document
from barograph.report.figures import Chart
from barograph.report.inputs import ReportInputs
from barograph.report.study_names import MEANINGS

LINK: Final = "../studies/ablation/index.html"


def study_words(differences: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    """Answer in plain sentences what each part of the memory is worth.

    Parameters
    ----------
    differences : pandas.DataFrame
        One row a (model, calibration, option, reference, metric, slice), with the columns of
        :data:`barograph.report.differences.COLUMNS`. ``improvement`` is above zero where the option is better, in the
        metric's own units; sentences write log loss in percent of the reference's.
    facts : mapping
        What was studied: the keys of :data:`barograph.report.differences.FACTS`.

    Returns
    -------
    list of str
        Whole sentences. They claim what the verdict says, and no more; options, models or references that are absent
        are not spoken of.

    Raises
    ------
    InputError
        If a column or a fact is missing.
    """
    return claims.answer(Study(differences, facts))


def study_summary(differences: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """Write the closing table for the terminal.

    Parameters
    ----------
    differences, facts
        As of :func:`study_words`.

    Returns
    -------
    str
        Options down; lines of at most 116 columns, without a line break at the end.
    """
    return closing(Study(differences, facts))


def render_study(differences: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """Write the study's own page.

    Parameters
    ----------
    differences, facts
        As of :func:`study_words`.

    Returns
    -------
    str
        A whole HTML document that loads nothing. The same study gives the same bytes.
    """
    study = Study(differences, facts)
    panels, regimes = study_figures.panels(study), study_figures.regimes(study)
    metrics, slices = study_tables.by_metric(study), study_tables.by_regime(study)
    content = {
        "headline": claims.headline(study),
        "words": claims.answer(study),
        "panels": panels,
        "tally": outcomes.tally(study, [one for name in study.references for one in study.against(name)]),
        "tally_metrics": outcomes.tally(
            study, [one for metric in study.metrics for name in study.references for one in study.against(name, metric)]
        ),
        "regimes": regimes,
        "regime_heading": _regime_heading(study),
        "legend": study_figures.legend(study),
        "choices": [(name, palette.title(name)) for name in study.models],
        "both": len(study.calibrations) > 1,
        "log_losses": scale.note(study),
        "metrics": metrics,
        "slices": slices,
        "meanings": [(name, MEANINGS[name]) for name in facts["options"] if name in MEANINGS],
        "facts": facts,
        "level": f"{100 * float(facts['level']):g} %",
        "rate": f"{100 * float(facts['false_discovery_rate']):g} %",
    }
    return document("study.html", content, [*panels, *regimes])


@dataclass(frozen=True)
class Section:
    """What the report says of the study; ``link`` is empty where it was not run."""

    heading: str
    words: list[str]
    link: str
    legend: list[tuple[str, str, str]]


def section(inputs: ReportInputs) -> Section:
    """Tell the study in the report; one of other data, folds or budget is linked alone."""
    facts = inputs.study_facts
    if inputs.study is None:
        return Section("What remembering is worth was not measured here", [], "", [])
    if not _same(inputs):
        text = (
            f"The published study was run on other data, folds or budget: {facts['symbols']} symbols, "
            f"{facts['first']} to {facts['last']}, source {facts['source']}, labels {facts['label']}, "
            f"{int(facts['budget']):,} rows a fold."
        )
        return Section("The memory study was run on other data, folds or budget", [text], LINK, [])
    study = Study(inputs.study, facts)
    return Section(claims.headline(study), claims.answer(study), LINK, study_figures.legend(study))


def charts(inputs: ReportInputs) -> list[Chart]:
    """Draw the study's overall differences of the predictor of which its sentences speak; empty where none is told."""
    if inputs.study is None or not _same(inputs):
        return []
    study = Study(inputs.study, inputs.study_facts)
    return study_figures.panels(study, study.models[:1])


def _same(inputs: ReportInputs) -> bool:
    return bool(inputs.study_facts["data_digest"] == inputs.data_digest)


def _regime_heading(study: Study) -> str:
    reference = next(iter(study.references), "")
    found = {name: study.against(reference, "log_loss", name) for name in study.regimes}
    few = [palette.title(name).lower() for name, own in found.items() if own and all(not one.told for one in own)]
    told = sum(any(one.told for one in own) for own in found.values())
    if not told:
        return "By regime: too few crises to tell"
    text = f"By regime, {study_figures.against(reference)}"
    return f"{text}: too few crises to tell in {' and '.join(few)}" if few else text
