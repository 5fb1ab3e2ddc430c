"""Where a return came from: by symbol, sector, side, exit, regime, event and cost.

Returns are added up, not compounded, so that the parts of a whole add up to it: each figure is a sum of daily returns,
times 252 over the number of days. A part's share of the money at the end would weigh late years more, when there was
more of it.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.backtest.analytics import PERIODS
from barograph.backtest.engine import Simulation
from barograph.backtest.record import COSTS, equity_before
from barograph.market.panel import Panel
from barograph.typing import Floats

CASH: Final = "cash"
OPEN: Final = "still open"
NO_EVENT: Final = "no event"
NOT_KNOWN: Final = "not known"


def contributions(book: Simulation, panel: Panel) -> Floats:
    """Give what each round trip of a portfolio added to its daily returns, summed over the days of the trip.

    A trip gains on each day its shares times the move of their price, from the entry's price and to the exit's, less
    its part of the commission, over the equity at the close before. With interest and borrow fees subtracted, the trips
    add up to the sum of the portfolio's daily returns.

    Parameters
    ----------
    book : Simulation
    panel : Panel
        The bars that were traded on; T dates.

    Returns
    -------
    ndarray of shape (K,)
        In the order of ``book.trades``.
    """
    trades, before = book.trades, equity_before(book).to_numpy()
    close = pd.DataFrame(panel.close).ffill().to_numpy()
    symbol = pd.Index(panel.symbols).get_indexer(pd.Index(trades["symbol"]))
    dates = pd.DatetimeIndex(panel.dates)
    first = dates.get_indexer(pd.Index(trades["entry_date"]))
    closed = trades["exit_date"].notna().to_numpy()
    last = np.where(closed, dates.get_indexer(pd.Index(trades["exit_date"])), len(dates) - 1)
    length = last - first + 1
    trip = np.repeat(np.arange(len(trades)), length)
    day = first[trip] + np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    entry, leave = trades["entry_price"].to_numpy(), trades["exit_price"].to_numpy()
    start = np.where(day == first[trip], entry[trip], close[np.maximum(day - 1, 0), symbol[trip]])
    end = np.where(closed[trip] & (day == last[trip]), leave[trip], close[day, symbol[trip]])
    moved: Floats = trades["shares"].to_numpy(float)[trip] * (end - start) / before[day]
    gained: Floats = np.bincount(trip, moved, len(trades)).astype(np.float64)
    return gained - _fees(book, trades, before, first, last, closed)


def _fees(book: Simulation, trades: pd.DataFrame, before: Floats, first: Any, last: Any, closed: Any) -> Floats:
    """Give each trip's commission over the equity before; fills of one side of a symbol and date share a rate."""
    side = np.sign(book.fills["shares"]).rename("side")
    groups = [book.fills["date"], book.fills["symbol"], side]
    paid = book.fills["commission"].groupby(groups).sum() / book.fills["shares"].abs().groupby(groups).sum()
    size, held = trades["shares"].abs().to_numpy(), np.sign(trades["shares"])
    total = np.zeros(len(trades))
    for name, sign, place, there in (
        ("entry_date", 1.0, first, np.ones(len(trades), bool)),
        ("exit_date", -1.0, last, closed),
    ):
        keys = pd.MultiIndex.from_arrays([trades[name], trades["symbol"], sign * held])
        rate = paid.reindex(keys).to_numpy()
        total += np.where(there, np.nan_to_num(rate) * size / before[place], 0.0)
    return total


def attribution(
    trades: pd.DataFrame, days: pd.DataFrame, sectors: "pd.Series[Any]", regimes: "pd.Series[Any]", events: pd.DataFrame
) -> pd.DataFrame:
    """Divide the return of each portfolio into parts, in seven ways.

    Parameters
    ----------
    trades : DataFrame
        ``portfolio, symbol, shares, exit_date, exit_reason, contribution`` per round trip.
    days : DataFrame
        ``portfolio`` and the columns of :func:`~barograph.backtest.record.daily_record`. Portfolios without trades,
        such as the universe, are divided by day alone.
    sectors : Series
        The sector by symbol.
    regimes : Series
        The regime by date, as known at its close.
    events : DataFrame
        ``event, start, end``, dates inclusive. A date in several events counts for the one that began first.

    Returns
    -------
    DataFrame
        ``portfolio, by, part, contribution, cases``: by ``symbol``, ``sector``, ``side``, ``exit_reason``, ``regime``
        (known when the return was decided: at the close before), ``event`` and ``cost``. `contribution` is a return per
        year; the parts of each division add up to the mean daily return times 252. `cases` are round trips, or days.
        Interest and borrow fees are the part ``cash`` of divisions by round trip.
    """
    rows = [
        (portfolio, by, part, PERIODS * total / len(record), cases)
        for portfolio, record in days.groupby("portfolio", sort=False)
        for by, part, total, cases in (
            *_by_trip(trades[trades["portfolio"] == portfolio], record, sectors),
            *_by_day(record, regimes, events),
            *_by_cost(record),
        )
    ]
    return pd.DataFrame(rows, columns=["portfolio", "by", "part", "contribution", "cases"])


Part = tuple[str, str, float, int]


def _by_trip(trades: pd.DataFrame, record: pd.DataFrame, sectors: "pd.Series[Any]") -> Iterator[Part]:
    if trades.empty:
        return
    reason = trades["exit_reason"].where(trades["exit_date"].notna(), OPEN).replace("", NOT_KNOWN)
    ways: dict[str, Any] = {
        "symbol": trades["symbol"],
        "sector": trades["symbol"].map(sectors).fillna(NOT_KNOWN),
        "side": np.where(trades["shares"] > 0.0, "long", "short"),
        "exit_reason": reason,
    }
    cash = -float(record["interest"].sum() + record["borrow"].sum())
    for by, keys in ways.items():
        for part, group in trades["contribution"].groupby(np.asarray(keys, dtype=object)):
            yield by, str(part), float(group.sum()), len(group)
        if cash:
            yield by, CASH, cash, len(record)


def _by_day(record: pd.DataFrame, regimes: "pd.Series[Any]", events: pd.DataFrame) -> Iterator[Part]:
    dates = pd.DatetimeIndex(record["date"])
    known = regimes.sort_index().shift(1).reindex(dates, method="ffill").fillna(NOT_KNOWN)
    named = pd.Series(NO_EVENT, dates, dtype=object)
    ordered = events.sort_values(["start", "event"], ascending=False)
    for name, first, last in zip(ordered["event"], ordered["start"], ordered["end"], strict=True):
        named[(dates >= first) & (dates <= last)] = name
    for by, keys in (("regime", known), ("event", named)):
        for part, group in record["return"].groupby(keys.to_numpy(dtype=object)):
            yield by, str(part), float(group.sum()), len(group)


def _by_cost(record: pd.DataFrame) -> Iterator[Part]:
    paid = {name: 0.0 - float(record[name].sum()) for name in COSTS}
    yield "cost", "before costs", float(record["return"].sum()) - sum(paid.values()), len(record)
    for name, total in paid.items():
        yield "cost", name, total, int((record[name] != 0.0).sum())
