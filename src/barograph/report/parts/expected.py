"""The days before labels mature: the log loss that the headline expects of itself, beside the matured one."""

from typing import Final

from barograph.report import palette, words
from barograph.report.blocks import Block, Cell, Column, Heading, Row, Table
from barograph.report.cells import number
from barograph.report.results import ALL, Csv, Results
from barograph.report.words import Record

EXPECTED: Final = Csv(
    "reports/validation/expected.csv",
    ("predictor", "regime", "days", "expected", "matured_days", "matured_expected", "matured"),
)
_DECIMALS: Final = 3
_COLUMNS: Final = [
    Column("Newest days", "days whose labels have not all matured"),
    Column("Expected log loss", "of the newest days, by the probabilities alone: their mean entropy"),
    Column("Matured days", "days with labels"),
    Column("Expected then", "the expected log loss of the days with labels"),
    Column("Log loss then", "the log loss of the days with labels"),
]


def blocks(results: Results) -> list[Block]:
    """Tell what the headline expects of its newest days; nothing if they are not there."""
    table = results[EXPECTED]
    rows = table[table["predictor"] == results.headline].set_index("regime", drop=False)
    if ALL not in rows.index:
        return []
    order = [ALL, *palette.regime_order(rows.index.drop(ALL))]
    shown = rows.loc[order].to_dict("records")
    caption = (
        "Log loss that the probabilities expect if they are right, and that of all days with labels. A predictor that "
        "is too sure of itself has a larger log loss than it expects."
    )
    return [
        Heading(heading(shown[0]), "expected"),
        Table("expected-table", caption, _COLUMNS, [_row(row) for row in shown], first="Regime", sortable=False),
    ]


def heading(row: Record) -> str:
    """Say what is expected of the newest days, and whether that was right of the days with labels."""
    newest, then, was = (words.number(row[key], _DECIMALS) for key in ("expected", "matured_expected", "matured"))
    return (
        f"Of its last {words.count(int(row['days']), 'day')}, whose labels have not matured, the headline expects "
        f"a log loss of {newest}; of the days with labels it expected {then}, and it was {was}"
    )


def _row(row: Record) -> Row:
    name = "All days" if row["regime"] == ALL else palette.title(str(row["regime"]))
    return Row(
        name,
        [
            Cell(f"{int(row['days']):,}"),
            number(row["expected"], _DECIMALS),
            Cell(f"{int(row['matured_days']):,}"),
            number(row["matured_expected"], _DECIMALS),
            number(row["matured"], _DECIMALS),
        ],
    )
