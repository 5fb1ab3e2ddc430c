"""The memory study's page, its answer in words and its closing table."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from barograph.report import palette
from barograph.report.blocks import Block, Cell, Column, Group, Heading, Row, Section, Table, Words
from barograph.report.page import page
from barograph.report.study import claims, figures, outcomes, scale, tables
from barograph.report.study.differences import Study
from barograph.report.study.names import MEANINGS
from barograph.report.summary import closing


def study_words(differences: pd.DataFrame, facts: Mapping[str, Any]) -> list[str]:
    """Answer in plain sentences what each part of the memory is worth, as far as the verdicts go.

    ``differences`` has the columns :data:`~barograph.report.study.differences.COLUMNS`, where an ``improvement`` above
    zero, in the metric's own units, means that the option is better; ``facts`` has the keys
    :data:`~barograph.report.study.differences.FACTS`. An ``InputError`` names what is missing.
    """
    return claims.answer(Study(differences, facts))


def study_summary(differences: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """Write the closing table for the terminal, of what :func:`study_words` takes, in lines of at most 116 columns."""
    return closing(Study(differences, facts))


def render_study(differences: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """Write the study's page, of what :func:`study_words` takes; the same study gives the same bytes."""
    study = Study(differences, facts)
    answer = Section(
        "answer",
        "What each part of the memory is worth",
        f"{claims.headline(study)}.",
        [Words(claims.answer(study), "standfirst")],
    )
    regimes = _folded(tables.by_regime(study))
    by_regime = [Section("regimes", "Regimes", _regime_heading(study), regimes)] if regimes else []
    return page("memory study", [answer, _differences(study), _metrics(study), *by_regime, _reading(study)])


def _differences(study: Study) -> Section:
    found = [gap for name in study.references for gap in study.against(name)]
    blocks: list[Block] = [figures.controls(study, study.models), Group(figures.panels(study))]
    if regimes := figures.regimes(study):
        text = "Log loss. Light grey: too few independent episodes for a number; the interval speaks of those alone."
        blocks += [Heading(_regime_heading(study)), Words([text], "subtitle"), Group(regimes, "grid three")]
    return Section("differences", "Differences", f"By log loss: {outcomes.tally(study, found)}", blocks)


def _metrics(study: Study) -> Section:
    found = [gap for metric in study.metrics for name in study.references for gap in study.against(name, metric)]
    first, *others = _folded(tables.by_metric(study) + tables.by_seed(study))
    blocks = [first, Words([scale.note(study)], "note"), *others]
    return Section("metrics", "Metrics and models", f"By every metric: {outcomes.tally(study, found)}", blocks)


def _folded(named: Sequence[tuple[str, Table]]) -> list[Block]:
    """Show the first table, and fold the others away under their names."""
    return [Group([table], summary=name) if place else table for place, (name, table) in enumerate(named)]


def _regime_heading(study: Study) -> str:
    reference = study.references[0]
    found = {name: study.against(reference, "log_loss", name) for name in study.regimes}
    few = [palette.title(name).lower() for name, gaps in found.items() if gaps and not any(gap.told for gap in gaps)]
    if not any(gap.told for gaps in found.values() for gap in gaps):
        return "By regime: too few crises to tell"
    text = f"By regime, {figures.against(reference)}"
    return f"{text}: too few crises to tell in {' and '.join(few)}" if few else text


def _reading(study: Study) -> Section:
    meanings = [Row(f"`{name}`", [Cell(MEANINGS[name])]) for name in study.facts["options"] if name in MEANINGS]
    caption, column = "The options, as conf/memory defines them", Column("What a model is shown", words=True)
    blocks: list[Block] = [Words(_rules(study), "list")]
    if meanings:
        blocks.append(Table("options", caption, [column], meanings, first="Option", sortable=False))
    if study.facts["commands"]:
        blocks += [Heading("The commands that reproduce this page"), Words(study.facts["commands"], "code")]
    heading = f"Pairs on the same folds, rows and seeds; a placebo; a correction for {study.comparisons}"
    return Section("reading", "How to read it", heading, blocks)


def _rules(study: Study) -> list[str]:
    facts, rate = study.facts, f"{100 * float(study.facts['false_discovery_rate']):g} %"
    return [
        f"An option chooses the rows that a model is shown, and their weights: {int(facts['budget']):,} rows a fold "
        "before replay, the same number for every option, so that size never passes for memory. Features, labels, "
        "folds, models, their parameters and seeds are the same. Beside a rolling window, archive and placebo rows "
        "are drawn from before it.",
        "A seed draws the rows and begins the models. Every metric is computed with each seed and averaged; averaging "
        "the probabilities would make another and better predictor.",
        f"Differences are paired, on the same test rows. Their {study.level} intervals come from "
        f"{int(facts['resamples']):,} draws of whole folds, since a model is frozen for a fold (in a regime of "
        "episodes, and of blocks of dates within them), the same draw for both sides. Percentages divide by the "
        "reference's own log loss or Brier score.",
        "The placebo is an archive of random old rows outside any event. An archive that does not beat it is not shown "
        "to be worth more than old rows are.",
        f"A verdict is given after Benjamini and Hochberg's correction over {study.comparisons}, all pairs of a model, "
        f"calibration, metric and slice, at a false discovery rate of {rate}; a few verdicts of the many columns are "
        "false. An interval can leave zero out and the verdict still be no evidence, which is not evidence of no "
        f"effect. A regime whose episodes are worth fewer than {facts['min_episodes']} of equal length, or are fewer "
        "than five, gets no verdict.",
        "Balancing and weighting shift the class frequencies that a model sees, and so its probabilities. Recalibrated "
        "scores correct that by the option's own matured, unresampled predictions, raw ones do not; but what "
        "learns the correction from a weak past can make an option worse, and so flatter what is compared to it. Raw "
        "therefore comes first.",
    ]
