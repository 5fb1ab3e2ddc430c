"""The memory study's tables: figure, interval and verdict of every option, by metric and by regime."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from barograph.memory_study.study import TOO_FEW_CRISES
from barograph.report import palette, words
from barograph.report.differences import METRICS, OVERALL, Difference, Study
from barograph.report.page_tables import Cell, Column, Row
from barograph.report.words import Estimate, aligned


@dataclass(frozen=True)
class Table:
    """A table: of which model and calibration it speaks, its caption, columns and rows."""

    name: str
    caption: str
    columns: list[Column]
    rows: list[Row]


def by_metric(study: Study) -> list[Table]:
    """Give one table a model and calibration: options down, metrics across; that of the sentences first."""
    return [
        _metrics(study, model, calibration)
        for calibration in study.calibrations
        for model in study.models
        if not study.differences.empty
    ]


def by_regime(study: Study) -> list[Table]:
    """Give one table a metric and calibration: options down, regimes across, of the predictor that speaks."""
    return [
        _regimes(study, metric, calibration)
        for calibration in study.calibrations
        for metric in study.metrics
        if study.regimes and any(study.against(name, metric, one) for name in study.references for one in study.regimes)
    ]


def shared(column: list[Estimate]) -> list[Estimate]:
    """Give a column its decimals, but a figure its own where they would write the end of its interval as zero."""
    return [
        own if own.evidence in ("better", "worse") and own.decimals > one.decimals and not _ends(one) else one
        for own, one in zip(column, aligned(column), strict=True)
    ]


def _ends(estimate: Estimate) -> float:
    """Give the end of an interval that is nearer to zero, as it is written."""
    return round(min(abs(estimate.low), abs(estimate.high)) * estimate.scale, estimate.decimals)


def _metrics(study: Study, model: str, calibration: str) -> Table:
    columns = [
        [
            study.find(option, reference, metric, model=model, calibration=calibration)
            for reference, option in _pairs(study)
        ]
        for metric in study.metrics
    ]
    name = f"{palette.title(model)}, {calibration}"
    return Table(
        name,
        f"{name}: what each option gains on its reference, with {_level(study)} intervals and the verdict.",
        [_AGAINST, *(Column(METRICS[metric].name, METRICS[metric].meaning) for metric in study.metrics)],
        _rows(study, columns),
    )


def _regimes(study: Study, metric: str, calibration: str) -> Table:
    columns = [
        [study.find(option, reference, metric, regime, calibration=calibration) for reference, option in _pairs(study)]
        for regime in (OVERALL, *study.regimes)
    ]
    what = METRICS[metric]
    heads = [Column(palette.title(name), f"{what.name}, {what.meaning}") for name in (OVERALL, *study.regimes)]
    name = f"{palette.title(study.models[0])}, {calibration}"
    return Table(
        f"{what.name}: {calibration}",
        f"{what.name}, by regime ({name}), with {_level(study)} intervals and the verdict.",
        [_AGAINST, *heads],
        _rows(study, columns),
    )


_AGAINST = Column("Against", "the option it is compared to", words=True)


def _rows(study: Study, columns: list[list[Difference | None]]) -> list[Row]:
    cells = [_cells(column) for column in columns]
    return [
        Row(palette.title(option), "", "model", [_word(reference), *(column[place] for column in cells)])
        for place, (reference, option) in enumerate(_pairs(study))
        if any(column[place] is not None for column in columns)
    ]


def _pairs(study: Study) -> list[tuple[str, str]]:
    """Give the comparisons in order: by reference, then by option."""
    there = set(zip(study.differences["reference"].astype(str), study.differences["option"].astype(str), strict=True))
    return [(name, option) for name in study.references for option in study.options if (name, option) in there]


def _cells(column: Iterable[Difference | None]) -> list[Cell]:
    found = [*column]
    estimates = iter(shared([one.estimate for one in found if one is not None]))
    return [Cell("\N{EN DASH}") if one is None else _cell(one, next(estimates)) for one in found]


def _cell(one: Difference, estimate: Estimate) -> Cell:
    if one.verdict == TOO_FEW_CRISES:
        return Cell("\N{EN DASH}", words.count(one.episodes, "episode"), "", "too few")
    if not math.isfinite(estimate.value):
        return Cell("\N{EN DASH}")
    interval = estimate.interval() if estimate.known else "no interval"
    return Cell(estimate.figure(sign=True), interval, repr(round(estimate.value * estimate.scale, 6)), one.verdict)


def _word(reference: str) -> Cell:
    return Cell(palette.title(reference), "", reference)


def _level(study: Study) -> str:
    return f"{100 * float(study.facts['level']):g} %"
