"""What every feature is: name, formula, source, and in how many folds it was kept."""

from typing import Any

import pandas as pd

from barograph.report import palette, words
from barograph.report.inputs import ReportInputs
from barograph.report.page_tables import Cell, Column, Row

COLUMNS = [
    Column("Family", "by which features are chosen", words=True),
    Column("Formula", "what is computed", words=True),
    Column("Source", "the TA-Lib function or the publication", words=True),
    Column("Bars before", "bars, or dates, that pass before the first value"),
    Column("Kept, %", "of the folds, by the selection of features"),
]


def caption(inputs: ReportInputs) -> str:
    """Say how many features there are."""
    count = words.count(len(inputs.catalogue), "feature")
    return f"{count}, as computed from the data of this page; choose a heading to sort."


def rows(inputs: ReportInputs) -> list[Row]:
    """Give a row a computed feature, in the order of the catalogue."""
    kept = inputs.selection.groupby("feature")["kept"].mean()
    return [_row(entry, kept.get(entry.name)) for entry in inputs.catalogue.itertuples(index=False)]


def left_out(inputs: ReportInputs) -> list[tuple[str, list[str]]]:
    """Give the features that the source cannot give, grouped by what it lacks, the commonest lack first."""
    groups: dict[str, list[str]] = {}
    for name, lacks in inputs.left_out.items():
        groups.setdefault(lacks, []).append(name)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))


def _row(entry: Any, kept: float | None) -> Row:
    described = [Cell(_text(value), "", _text(value)) for value in (entry.formula, entry.source)]
    share = Cell("\N{EN DASH}") if kept is None else Cell(words.number(100 * kept, 0), "", repr(float(kept)))
    lookback = Cell(words.number(entry.lookback, 0), "", str(entry.lookback))
    family = Cell(palette.title(entry.family), "", entry.family)
    return Row(entry.name, "", "model", [family, *described, lookback, share])


def _text(value: object) -> str:
    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]
