"""The memory study's tables: figure, interval and verdict of every option, by metric and by regime."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from barograph.memory_study.study import TOO_FEW_CRISES
from barograph.report import palette
from barograph.report.blocks import Cell, Column, Row, Table
from barograph.report.cells import DASH, interval, word
from barograph.report.metrics import gain_of
from barograph.report.study.differences import OVERALL, Difference, Study
from barograph.report.study.outcomes import episodes, seed_range
from barograph.report.words import Quantity, aligned
from barograph.scoring import UNDEFINED

_AGAINST: Final = Column("Against", "the option it is compared to", words=True)


def by_metric(study: Study) -> list[tuple[str, Table]]:
    """Give one named table per model and calibration: options down, metrics across; that of the sentences first."""
    heads = [Column(gain_of(metric).name, gain_of(metric).meaning) for metric in study.metrics]
    tables: list[tuple[str, Table]] = []
    for calibration in study.calibrations:
        for model in study.models:
            name, of = f"{palette.title(model)}, {calibration}", {"model": model, "calibration": calibration}
            columns = [[study.find(*pair, metric, **of) for pair in _pairs(study)] for metric in study.metrics]
            caption = f"{name}: what each option gains on its reference, with {study.level} intervals and the verdict."
            tables.append((name, _table(study, f"metrics-{len(tables)}", caption, heads, columns)))
    return tables


def by_regime(study: Study) -> list[tuple[str, Table]]:
    """Give one named table per metric and calibration: options down, regimes across, of the speaker."""
    slices = (OVERALL, *study.regimes)
    tables: list[tuple[str, Table]] = []
    for calibration in study.calibrations:
        for metric in study.metrics:
            of = {"calibration": calibration}
            columns = [[study.find(*pair, metric, name, **of) for pair in _pairs(study)] for name in slices]
            if not any(gap for column in columns[1:] for gap in column):
                continue
            title = gain_of(metric).name
            heads = [Column(palette.title(name), f"{title}, {gain_of(metric).meaning}") for name in slices]
            caption = (
                f"{title}, by regime ({palette.title(study.models[0])}, {calibration}), with {study.level} intervals "
                "and the verdict."
            )
            table = _table(study, f"regimes-{len(tables)}", caption, heads, columns)
            tables.append((f"{title}: {calibration}", table))
    return tables


def by_seed(study: Study) -> list[tuple[str, Table]]:
    """Give the named table of each difference's range over single seeds, of the first model; none of a single seed."""
    if len(study.facts["seeds"]) < 2:
        return []
    heads = [Column(gain_of(metric).name, gain_of(metric).meaning) for metric in study.metrics]
    rows = [
        Row(palette.title(option), [word(palette.title(reference), reference), *_ranges(study, option, reference)])
        for option, reference in _pairs(study)
    ]
    name = f"{palette.title(study.models[0])}, {study.calibrations[0]}, by seed"
    caption = f"{name}: the smallest and the largest difference with a single seed."
    return [(name, Table("seeds", caption, [_AGAINST, *heads], rows, first="Option"))]


def _ranges(study: Study, option: str, reference: str) -> list[Cell]:
    found = (study.find(option, reference, metric) for metric in study.metrics)
    return [DASH if gap is None else word(seed_range(gap), repr(gap.gain.estimate.value)) for gap in found]


def shared(column: Sequence[Difference | None]) -> list[Quantity]:
    """Give a column's gains its decimals, but a gain its own where those would write its interval's end as zero."""
    gains = [Quantity(UNDEFINED) if gap is None else gap.gain for gap in column]
    return [
        gain if gain.evidence in ("better", "worse") and gain.decimals > even.decimals and not _end(even) else even
        for gain, even in zip(gains, aligned(gains), strict=True)
    ]


def _end(gain: Quantity) -> float:
    """Give the end of an interval that is nearer to zero, as it is written."""
    return round(min(abs(gain.estimate.low), abs(gain.estimate.high)) * gain.scale, gain.decimals)


def _pairs(study: Study) -> list[tuple[str, str]]:
    """Give the pairs of option and reference in order: by reference, then by option."""
    there = set(zip(study.differences["reference"], study.differences["option"], strict=True))
    return [(option, name) for name in study.references for option in study.options if (name, option) in there]


def _table(study: Study, id: str, caption: str, heads: list[Column], columns: list[list[Difference | None]]) -> Table:
    cells = [[_cell(*pair) for pair in zip(column, shared(column), strict=True)] for column in columns]
    rows = [
        Row(palette.title(option), [word(palette.title(reference), reference), *(column[place] for column in cells)])
        for place, (option, reference) in enumerate(_pairs(study))
        if any(column[place] is not None for column in columns)
    ]
    return Table(id, caption, [_AGAINST, *heads], rows, first="Option")


def _cell(difference: Difference | None, gain: Quantity) -> Cell:
    if difference is not None and difference.verdict == TOO_FEW_CRISES:
        return Cell(DASH.text, episodes([difference]), "", "too few")
    cell = interval(gain, sign=True)
    return cell if difference is None or cell == DASH else replace(cell, verdict=difference.verdict)
