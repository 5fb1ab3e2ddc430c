"""Bad data, planted on purpose: each kind ends the loading with the line of the rule that it breaks."""

from typing import Literal

import numpy as np
import pandas as pd

from barograph.errors import InputError
from barograph.randomness import generator

BadData = Literal[
    "duplicate_bar",
    "missing_close",
    "infinite_price",
    "negative_price",
    "high_below_low",
    "close_outside_range",
    "negative_volume",
    "non_trading_day",
    "missing_context_date",
    "missing_index_close",
    "negative_vix",
    "symbol_without_row",
    "symbol_without_sector",
]


def plant_bad_data(
    bars: pd.DataFrame,
    context: pd.DataFrame,
    universe: pd.DataFrame,
    *,
    kind: BadData,
    seed: int,
    start: str | None,
    end: str | None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Break a rule of :func:`~barograph.market.validate` in copies of good tables, sorted by their keys.

    The row is drawn from the seed, between the ISO dates `start` and `end`, inclusive; without any bar between them
    nothing is planted. Raises InputError if there is no day without trading to plant a bar on.
    """
    first, last = pd.Timestamp(start or context["date"].iloc[0]), pd.Timestamp(end or context["date"].iloc[-1])
    rows = np.flatnonzero(bars["date"].between(first, last))
    if not rows.size:
        return bars, context, universe
    row = int(generator(seed, "simulated", "bad_data").choice(rows))
    bars, context, universe = bars.copy(), context.copy(), universe.copy()
    bar = bars.iloc[row]
    same_day, same_symbol = context["date"] == bar["date"], universe["symbol"] == bar["symbol"]
    match kind:
        case "duplicate_bar":
            bars = pd.concat([bars, bars.iloc[[row]]], ignore_index=True)
        case "non_trading_day":
            bars.loc[bars.index[row], "date"] = _closed_day(context.loc[context["date"].between(first, last), "date"])
        case "missing_context_date":
            context = context[~same_day]
        case "missing_index_close":
            context.loc[same_day, "index_close"] = np.nan
        case "negative_vix":
            context.loc[same_day, "vix"] *= -1
        case "symbol_without_row":
            universe = universe[~same_symbol]
        case "symbol_without_sector":
            universe.loc[same_symbol, "gics_sector"] = ""
        case _:
            column, value = _cell(kind, bar)
            bars.loc[bars.index[row], column] = value
    return bars, context, universe


def _cell(kind: BadData, bar: pd.Series) -> tuple[str, float]:
    cells = {
        "missing_close": ("close", np.nan),
        "infinite_price": ("open", np.inf),
        "negative_price": ("low", -bar["low"]),
        "high_below_low": ("high", 0.99 * bar["low"]),
        "close_outside_range": ("close", 1.02 * bar["high"]),
        "negative_volume": ("volume", -bar["volume"]),
    }
    return cells[kind]


def _closed_day(sessions: pd.Series) -> pd.Timestamp:
    closed = pd.date_range(sessions.iloc[0], sessions.iloc[-1]).difference(pd.DatetimeIndex(sessions))
    if closed.empty:
        raise InputError("bad_data: non_trading_day: the calendar trades every day; allowed: another kind")
    return pd.Timestamp(closed[0])
