"""The memory study's page, its answer in words and its closing table."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from barograph.report import palette
from barograph.report.blocks import Block, Cell, Column, Controls, Group, Heading, Row, Section, Table, Words
from barograph.report.page import page
from barograph.report.study import claims, figures, outcomes, scale, tables
from barograph.report.study.differences import Study
from barograph.report.study.names import MEANINGS
from barograph.report.study.summary import closing


def study_words(differences: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    """Answer in plain sentences what each part of the memory is worth.

    Parameters
    ----------
    differences : pandas.DataFrame
        By model, calibration, option, reference, metric and slice, with the columns of
        :data:`barograph.report.study.differences.COLUMNS`. ``improvement`` is above zero where the option is better, in
        the metric's own units; sentences write log loss in percent of the reference's.
    facts : mapping
        What was studied: the keys of :data:`barograph.report.study.differences.FACTS`.

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
    """Write the closing table for the terminal, of what :func:`study_words` takes, in lines of at most 116 columns."""
    return closing(Study(differences, facts))


def render_study(differences: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """Write the study's page.

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
    answer = Section(
        "answer",
        "What each part of the memory is worth",
        f"{claims.headline(study)}.",
        [Words(claims.answer(study), "standfirst")],
    )
    sections = (answer, _differences(study), _metrics(study), _regimes(study), _reading(study))
    return page("memory study", [section for section in sections if section is not None])


def _differences(study: Study) -> Section:
    found = [gap for name in study.references for gap in study.against(name)]
    heading = f"By log loss: {outcomes.tally(study, found)}"
    blocks: list[Block] = []
    if panels := figures.panels(study):
        blocks = [_controls(study), Group(panels)]
    if panels and (regimes := figures.regimes(study)):
        text = "Log loss. Light grey: too few independent episodes for a number; the interval speaks of those alone."
        blocks += [Heading(_regime_heading(study)), Words([text], "subtitle"), Group(regimes, "grid three")]
    return Section("differences", "Differences", heading, blocks)


def _controls(study: Study) -> Controls:
    both = len(study.calibrations) > 1
    return Controls(
        "choose",
        "Model shown in the charts",
        [(name, palette.title(name)) for name in study.models] if len(study.models) > 1 else (),
        filled="raw" if both else "",
        hollow="recalibrated" if both else "",
        text="right of zero the option is better.",
        legend=figures.legend(study),
    )


def _metrics(study: Study) -> Section:
    found = [gap for metric in study.metrics for name in study.references for gap in study.against(name, metric)]
    blocks = _folded(tables.by_metric(study))
    if note := scale.note(study):
        blocks.insert(1, Words([note], "note"))
    heading = f"By every metric: {outcomes.tally(study, found)}"
    return Section("metrics", "Metrics and models", heading, blocks)


def _regimes(study: Study) -> Section | None:
    blocks = _folded(tables.by_regime(study))
    return Section("regimes", "Regimes", _regime_heading(study), blocks) if blocks else None


def _folded(named: Sequence[tuple[str, Table]]) -> list[Block]:
    """Show the first table, and fold the others away under their names."""
    return [Group([table], summary=name) if place else table for place, (name, table) in enumerate(named)]


def _regime_heading(study: Study) -> str:
    reference = next(iter(study.references), "")
    found = {name: study.against(reference, "log_loss", name) for name in study.regimes}
    few = [palette.title(name).lower() for name, gaps in found.items() if gaps and all(not gap.told for gap in gaps)]
    told = sum(any(gap.told for gap in gaps) for gaps in found.values())
    if not told:
        return "By regime: too few crises to tell"
    text = f"By regime, {figures.against(reference)}"
    return f"{text}: too few crises to tell in {' and '.join(few)}" if few else text


def _reading(study: Study) -> Section:
    facts = study.facts
    comparisons = f"{int(facts['comparisons']):,} comparisons"
    meanings = [Row(f"`{name}`", [Cell(MEANINGS[name])]) for name in facts["options"] if name in MEANINGS]
    caption, column = "The options, as conf/memory defines them", Column("What a model is shown", words=True)
    blocks: list[Block] = [Words(_rules(facts, comparisons), "list")]
    if meanings:
        blocks.append(Table("options", caption, [column], meanings, first="Option", sortable=False))
    if facts["commands"]:
        blocks += [Heading("The commands that reproduce this page"), Words(facts["commands"], "code")]
    heading = f"Pairs on the same folds, rows and seeds; a placebo; a correction for {comparisons}"
    return Section("reading", "How to read it", heading, blocks)


def _rules(facts: Mapping[str, Any], comparisons: str) -> list[str]:
    level, rate = (f"{100 * float(facts[key]):g} %" for key in ("level", "false_discovery_rate"))
    return [
        f"An option chooses the rows that a model is shown, and their weights: {int(facts['budget']):,} rows a fold "
        "before replay, the same number for every option, so that size never passes for memory. Features, labels, "
        "folds, models, their parameters and seeds are the same.",
        f"Differences are paired, on the same test rows. Their {level} intervals come from "
        f"{int(facts['resamples']):,} draws of blocks of dates (in a regime of whole episodes first), the same draw "
        "for both sides. Percentages divide by the reference's own log loss or Brier score.",
        "The placebo is an archive of random old rows outside any event. An archive that does not beat it is not shown "
        "to be worth more than old rows are.",
        f"A verdict is given after Benjamini and Hochberg's correction over {comparisons} at a false discovery rate of "
        f"{rate}; so an interval can leave zero out and the verdict still be no evidence, which is not evidence of no "
        f"effect. A regime with fewer than {facts['min_episodes']} independent episodes gets no verdict.",
        "Balancing and weighting shift the class frequencies that a model sees, and so its probabilities. Recalibrated "
        "scores correct that by the option's own matured, unresampled predictions, raw ones do not; but what "
        "learns the correction from a weak past can make an option worse, and so flatter what is compared to it. Raw "
        "therefore comes first.",
    ]
