"""Cells of tables: figures with their intervals beneath and the values by which they are sorted."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

import pandas as pd

from barograph.names import BASELINES, UNIVERSE
from barograph.report import palette, words
from barograph.report.blocks import Cell, Column, Row
from barograph.report.metrics import Shown, shown
from barograph.report.words import Quantity, Record, aligned

DASH: Final = Cell("\N{EN DASH}")


def heads(keys: Iterable[str]) -> list[Column]:
    """Give the columns of metrics."""
    return [Column(shown(key).head, shown(key).meaning) for key in keys]


def figures(table: pd.DataFrame, keys: Iterable[str]) -> list[list[Cell]]:
    """Write the metrics of every row."""
    return [list(row) for row in zip(*(column(table, key) for key in keys), strict=True)]


def column(table: pd.DataFrame, key: str) -> list[Cell]:
    """Write a metric of every row, with its interval where the table has ``<key>_low`` and ``<key>_high``."""
    rows, metric = table.to_dict("records"), shown(key)
    if f"{key}_low" not in table.columns:
        return [_figure(row, metric) for row in rows]
    quantities = aligned([Quantity.of(row, key, metric.scale) for row in rows])
    return [
        Cell("0", "itself", "0") if row["predictor"] == metric.itself else interval(quantity)
        for row, quantity in zip(rows, quantities, strict=True)
    ]


def _figure(row: Record, metric: Shown) -> Cell:
    word, key = metric.beneath
    beneath = float(row[key]) if key and key in row else math.nan
    small = f"{word} {words.number(metric.scale * beneath, metric.decimals)}" if math.isfinite(beneath) else ""
    return number(metric.scale * float(row[metric.key]), metric.decimals, small)


def interval(quantity: Quantity, *, sign: bool = False) -> Cell:
    """Write a figure with its interval beneath."""
    if not math.isfinite(quantity.estimate.value):
        return DASH
    small = quantity.interval() if quantity.known else "no interval"
    return Cell(quantity.figure(sign=sign), small, _sort(quantity.estimate.value * quantity.scale))


def number(value: float, decimals: int, small: str = "") -> Cell:
    """Write a figure without an interval, and a remark beneath."""
    return Cell(words.number(value, decimals), small, _sort(value) if math.isfinite(value) else "")


def word(text: str, sort: str = "") -> Cell:
    """Write a word, sorted by itself unless something else is given."""
    return Cell(text, "", sort or text)


def predictor_row(name: str, headline: str, cells: Sequence[Cell], colour: str = "") -> Row:
    """Give a predictor's row, marked as the headline, a baseline or the universe."""
    kinds = {headline: "headline", UNIVERSE: "universe"} | dict.fromkeys(BASELINES, "baseline")
    return Row(palette.title(name), cells, kinds.get(name, "model"), colour or palette.mark(name).colour)


def _sort(value: float) -> str:
    return repr(round(float(value), 6))
