"""The memory study, where it was run on this page's data: its headline, its sentences and its first figures."""

from typing import Final

from barograph.report.blocks import Block, Controls, Group, Link, Section, Words
from barograph.report.results import Csv, Results
from barograph.report.study import claims, figures
from barograph.report.study.differences import COLUMNS, Study

ADDRESS: Final = "../studies/ablation/index.html"
HEADLINE: Final = "headline.csv"


def section(results: Results) -> Section:
    """Tell the study; one of other data, folds or budget is linked alone."""
    if not results.study:
        return _section(
            "What remembering is worth was not measured here",
            Words(
                [
                    "`make ablation` answers the question: it runs every memory option on the same folds, seeds and "
                    "rows, and compares them in pairs."
                ]
            ),
        )
    link = Link("The whole study", ADDRESS, ": every model, metric and regime, and how to read them.")
    study = Study(
        results[Csv(f"{results.study}/{HEADLINE}", COLUMNS)], results.files.read_json(f"{results.study}/facts.json")
    )
    if study.facts["data_digest"] != results.data_digest:
        text = f"The published study was run on other data, folds or budget: {_data(study)}."
        return _section("The memory study was run on other data, folds or budget", Words([text], "prose"), link)
    panels = figures.panels(study, study.models[:1])
    key = Controls(
        filled="raw", hollow="recalibrated", text="right of zero the option is better.", legend=figures.legend(study)
    )
    drawn: list[Block] = [key, Group(panels)] if panels else []
    return _section(claims.headline(study), Words(claims.answer(study), "prose"), *drawn, link)


def _section(heading: str, *blocks: Block) -> Section:
    return Section("memory-study", "Memory study", heading, blocks)


def _data(study: Study) -> str:
    facts = study.facts
    return (
        f"{facts['symbols']} symbols, {facts['first']} to {facts['last']}, source {facts['source']}, labels "
        f"{facts['label']}, {int(facts['budget']):,} rows a fold"
    )
