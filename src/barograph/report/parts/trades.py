"""The round trips that moved the account most, with a choice of exits."""

from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.backtest.engine.schema import TRADES
from barograph.regimes.schema import REGIME_SERIES
from barograph.report import charts, palette, words
from barograph.report.blocks import Block, Cell, Column, Heading, Row, Table
from barograph.report.cells import number, word
from barograph.report.results import Results
from barograph.report.words import Record

_SHOWN: Final = 200
_OF_EACH: Final = 20
_OPEN: Final = "still open"
_COLUMNS: Final = [
    Column("Side", words=True),
    Column("Entry", "date of the fill"),
    Column("Exit", "date of the fill"),
    Column("Exit reason", words=True),
    Column("Regime at entry", "known at the close before", words=True),
    Column("Bars", "held"),
    Column("Result, %", "of the value at entry, after costs"),
    Column("Worst, %", "during the trip, from the entry's price"),
    Column("Added, bps", "to the sum of daily returns"),
]


def blocks(results: Results) -> list[Block]:
    """List the candidate's round trips that gained or lost most; those of rare exits too."""
    trades = results[TRADES]
    own = trades[trades["portfolio"] == results.candidate].reset_index(drop=True)
    if own.empty:
        return []
    reason = own["exit_reason"].where(own["exit_date"].notna(), _OPEN).replace("", "not given")
    shown = chosen(own.assign(exit_reason=reason, regime=_known_before(own["entry_date"], results)))
    dates: dict[str, Any] = {end: charts.dates(shown[f"{end}_date"]) for end in ("entry", "exit")}
    shown = shown.assign(**dates)
    rows = [_row(row) for row in shown.to_dict("records")]
    which = "All" if len(shown) == len(own) else f"The {len(shown):,} of"
    caption = (
        f"{which} {words.count(len(own), 'round trip')} that moved the account most, after costs; choose a heading to "
        "sort. All are in `data/backtest/trades.parquet`."
    )
    table = Table("trades-table", caption, _COLUMNS, rows, first="Symbol", filtered="Exit reason")
    return [Heading(heading(own), "trades"), table]


def chosen(trades: pd.DataFrame) -> pd.DataFrame:
    """Give the round trips that added or cost most, and of each exit the twenty that did."""
    size = trades["contribution"].abs()
    within = size.groupby(trades["exit_reason"]).rank(ascending=False, method="first")
    kept = (size.rank(ascending=False, method="first") <= _SHOWN) | (within <= _OF_EACH)
    return trades[kept].sort_values("contribution", ascending=False, kind="stable")


def heading(own: pd.DataFrame) -> str:
    """Say how much of the return the best round trips gave."""
    added = np.sort(own["contribution"].to_numpy(float))[::-1]
    total, few = float(added.sum()), max(1, round(0.05 * len(added)))
    best = f"{words.count(few, 'round trip')} of {len(added):,}"
    if total <= 0:
        return (
            f"{len(added):,} round trips added nothing together; the best {best} gave {100 * added[:few].sum():,.0f} %"
        )
    return f"The best {best} gave {100 * added[:few].sum() / total:,.0f} % of the return"


def _known_before(entries: "pd.Series[Any]", results: Results) -> list[Any]:
    """Give the regime that was known at the close before each entry."""
    regimes = results[REGIME_SERIES]
    days = pd.DatetimeIndex(pd.to_datetime(regimes["date"]))
    places = days.searchsorted(pd.DatetimeIndex(pd.to_datetime(entries))) - 1
    names = regimes["regime"].to_numpy(object)
    return [names[place] if place >= 0 else None for place in places]


def _row(row: Record) -> Row:
    entry, leave, regime = row["entry"], row["exit"], row["regime"]
    cells = [
        word("long" if float(row["shares"]) > 0 else "short"),
        Cell(entry, "", entry),
        Cell(leave, "", leave) if isinstance(leave, str) else Cell("open", "", "9999"),
        word(str(row["exit_reason"]).replace("_", " ")),
        word("" if pd.isna(regime) else palette.title(str(regime))),
        number(float(row["bars"]), 0),
        number(float(row["pnl_percent"]), 1),
        number(float(row["mae_percent"]), 1),
        number(1e4 * float(row["contribution"]), 1),
    ]
    return Row(str(row["symbol"]), cells)
