"""The memory study, where it was run on this page's data: its headline, its sentences and its first figures."""

from typing import Final

import pandas as pd

from barograph.report import words
from barograph.report.blocks import Block, Group, Link, Section, Words
from barograph.report.results import Csv, Results
from barograph.report.study import claims, figures
from barograph.report.study.differences import COLUMNS, Study

ADDRESS: Final = "../studies/ablation/index.html"


def section(results: Results) -> Section:
    """Tell the study; one of other data, folds or budget is linked alone."""
    if not results.study:
        text = (
            "`make ablation` answers the question: it runs every memory option on the same folds, seeds and rows, and "
            "compares them in pairs."
        )
        return _section("What remembering is worth was not measured here", Words([text]))
    link = Link("The whole study", ADDRESS, ": every model, metric and regime, and how to read them.")
    facts = results.files.read_json(f"{results.study}/facts.json")
    study = Study(results[Csv(f"{results.study}/headline.csv", COLUMNS)], facts)
    if facts["data_digest"] != results.data_digest:
        text = (
            f"The published study was run on other data, folds or budget: {facts['symbols']} symbols, {facts['first']} "
            f"to {facts['last']}, source {facts['source']}, labels {facts['label']}, {int(facts['budget']):,} rows a "
            "fold."
        )
        return _section("The memory study was run on other data, folds or budget", Words([text], "prose"), link)
    speaker = study.models[:1]
    drawn = figures.controls(study, speaker), Group(figures.panels(study, speaker))
    said = Words([*claims.answer(study), *_elsewhere(results)], "prose")
    return _section(claims.headline(study), said, *drawn, link)


def _elsewhere(results: Results) -> list[str]:
    """Give the headline of the same study of another market, where there is one."""
    if not results.replication:
        return []
    kept = results.files.read_json(results.replication)
    study = Study(pd.DataFrame(kept["differences"]), kept["facts"])
    market = (
        f"{words.count(int(kept['facts']['symbols']), 'symbol')}, {kept['facts']['first']} to {kept['facts']['last']}"
    )
    return [f"The same study of another market ({market}): {claims.headline(study)}."]


def _section(heading: str, *blocks: Block) -> Section:
    return Section("memory-study", "Memory study", heading, blocks)
