"""Whether a way of sizing or a limit on risk changes what trading pays."""

from typing import Final

import pandas as pd

from barograph.report import palette, words
from barograph.report.blocks import Block, Cell, Column, Heading, Row, Table
from barograph.report.cells import DASH, interval, number, word
from barograph.report.results import Csv, Results
from barograph.report.words import Quantity, Record

SIZING: Final = Csv(
    "reports/backtest/sizing.csv",
    (
        *("kind", "option", "sharpe", "excess_sharpe", "excess_sharpe_low", "excess_sharpe_high"),
        *("difference", "difference_low", "difference_high", "max_drawdown", "annual_turnover"),
        *("average_exposure", "capped_days"),
    ),
)
_COLUMNS: Final = [
    Column("Kind", words=True),
    Column("Sharpe ratio", "yearly, after costs"),
    Column("Excess Sharpe", "over the equal-weighted universe"),
    Column("Change", "of the excess Sharpe ratio, against the candidate as traded; same days"),
    Column("Deepest drawdown, %", "loss from the highest value"),
    Column("Turnover a year", "times the equity"),
    Column("Exposure, %", "mean, of equity"),
    Column("Capped days, %", "on which a limit bound"),
]


def blocks(results: Results) -> list[Block]:
    """Compare ways of sizing and limits with the candidate as traded."""
    table = results[SIZING]
    if table.empty:
        return []
    caption = (
        f"{words.capitalised(palette.subject(results.candidate))} with other sizes and limits, {results.confidence} "
        "intervals beneath, folds drawn first; changes are paired on the same days. Choose a heading to sort."
    )
    rows = [_row(row) for row in table.to_dict("records")]
    return [Heading(heading(table), "sizing"), Table("sizing-table", caption, _COLUMNS, rows, first="Option")]


def heading(table: pd.DataFrame) -> str:
    """Name the options whose change lies beyond its interval, or say that none does."""
    compared = [row for row in table.to_dict("records") if not pd.isna(row["difference"])]
    found = {_title(row).lower(): Quantity.of(row, "difference").evidence for row in compared}
    sides = [
        f"{words.joined(names)} {verb}{'s' if len(names) == 1 else ''} it"
        for kind, verb in (("better", "raise"), ("worse", "lower"))
        if (names := [name for name, evidence in found.items() if evidence == kind])
    ]
    tried = f"of {len(compared)} ways of sizing and limits"
    if not sides:
        return f"No evidence that any {tried} changes the excess Sharpe ratio: every interval includes zero"
    number_of = sum(kind in ("better", "worse") for kind in found.values())
    verb = "changes" if number_of == 1 else "change"
    return f"{number_of} {tried} {verb} the excess Sharpe ratio beyond the interval: {'; '.join(sides)}"


def _row(row: Record) -> Row:
    first = pd.isna(row["difference"])
    capped = float(row["capped_days"])
    cells = [
        word(str(row["kind"])),
        number(float(row["sharpe"]), 2),
        interval(Quantity.of(row, "excess_sharpe"), sign=True),
        Cell("as traded") if first else interval(Quantity.of(row, "difference"), sign=True),
        number(-100 * abs(float(row["max_drawdown"])), 1),
        number(float(row["annual_turnover"]), 1),
        number(100 * float(row["average_exposure"]), 0),
        DASH if pd.isna(capped) else number(100 * capped, 0),
    ]
    return Row(_title(row), cells, "headline" if first else "model")


def _title(row: Record) -> str:
    """Name an option; the candidate as traded and all overlays together have names of their own."""
    named = {"candidate": "As traded", "overlays": "All overlays together"}
    return named.get(str(row["kind"]), palette.title(str(row["option"])))
