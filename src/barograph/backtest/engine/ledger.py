"""The tables of fills and orders, built of the engine's arrays when somebody asks for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.backtest.engine.market import Sheet
from barograph.backtest.engine.orders import CODES, KINDS, MOMENTS, STATUSES
from barograph.backtest.engine.state import FILLS, ORDERS, ROWS, State
from barograph.typing import Floats, Ints

PAYOUT: Final = "delisting"
REBALANCE: Final = "rebalance"
# Of the roles in `barograph.backtest.engine.book`; the reason of an entry is the trader's, or its kind.
_REASONS: Final = ("", "take_profit", "stop_loss", "time_stop", "margin_call")
_WORKING: Final = STATUSES.index("working")
_FILLED: Final = STATUSES.index("filled")
_PARTLY: Final = STATUSES.index("partly_filled")


@dataclass(frozen=True)
class Ledger:
    """The arrays behind a :class:`Simulation`.

    Attributes
    ----------
    play : callable
        Gives the state after the last date, with the fills.
    panel : Sheet
    columns : ndarray of shape (N,)
        The columns of the panel that were traded.
    symbols : Index of shape (N,)
        Their names.
    weights : ndarray of shape (R, N)
        The rows of target weights.
    reasons : mapping
        The reasons that the strategy gave, by the order's place in the book.
    seen : mapping
        Columns of signals and context by name: a function that gives the values at dates and symbols (places).
    brakes : mapping
        The brake that reduced a row, by the place of the date on which the row was sent.
    """

    play: Callable[[], State]
    panel: Sheet
    columns: Ints
    symbols: pd.Index
    weights: Floats
    reasons: Mapping[int, str]
    seen: Mapping[str, Callable[[Ints, Ints], Any]]
    brakes: Mapping[int, str]

    @cached_property
    def state(self) -> State:
        """The state after the last date, with the fills."""
        return self.play()

    @property
    def dates(self) -> pd.DatetimeIndex:
        """The dates of the bars."""
        return pd.DatetimeIndex(self.panel.dates, name="date")


@dataclass(frozen=True)
class Fills:
    """The fills (F,), sorted by date and symbol, those of one symbol and date in their order."""

    number: Ints
    day: Ints
    symbol: Ints
    shares: Floats
    price: Floats
    commission: Floats
    slippage: Floats


def fills_of(ledger: Ledger) -> Fills:
    """Give the fills; the price is the one paid or received, half spread and impact included."""
    count = int(ledger.state.counts[FILLS])
    made = ledger.state.fills[:count]
    made = made[np.lexsort((made["symbol"], made["day"]))]
    shares, bar, spread = made["shares"], made["price"], made["spread"]
    return Fills(
        number=made["number"],
        day=made["day"].astype(np.int64),
        symbol=made["symbol"].astype(np.int64),
        shares=shares,
        price=bar * np.where(shares > 0.0, 1.0 + spread, 1.0 - spread),
        commission=made["commission"],
        slippage=np.abs(shares) * bar * spread,
    )


def origins(ledger: Ledger, fills: Fills) -> tuple[Ints, Any]:
    """Give the date on which each fill's order was sent (the date before a payout), as a place, and its reason."""
    state = ledger.state
    orders, rows = int(state.counts[ORDERS]), int(state.counts[ROWS])
    place, in_book = _in_book(ledger, fills.number)
    row = np.searchsorted(state.rows["base"][:rows], fills.number, side="right") - 1
    in_row = ~in_book & (fills.number >= 0)
    sent = fills.day - 1
    sent[in_row] = state.rows["sent"][row[in_row]]
    sent[in_book] = state.orders["sent"][place[in_book]]
    words = np.full(len(sent), PAYOUT, dtype=object)
    words[in_row] = _reasons_of_rows(ledger, sent[in_row])
    words[in_book] = np.array(reasons_of(ledger, orders), dtype=object)[place[in_book]] if in_book.any() else ""
    return sent, words


def _reasons_of_rows(ledger: Ledger, sent: Ints) -> Any:
    return np.array([ledger.brakes.get(int(place), REBALANCE) for place in sent], dtype=object)


def _in_book(ledger: Ledger, numbers: Ints) -> tuple[Ints, Any]:
    known = ledger.state.orders["number"][: int(ledger.state.counts[ORDERS])]
    if not len(known):
        return np.zeros(len(numbers), np.int64), np.zeros(len(numbers), bool)
    place = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
    return place, known[place] == numbers


def reasons_of(ledger: Ledger, orders: int) -> list[str]:
    """Give the reason of every order in the book."""
    book = ledger.state.orders
    return [ledger.reasons.get(i) or _REASONS[book["role"][i]] or KINDS[book["kind"][i]] for i in range(orders)]


def fills_table(ledger: Ledger) -> pd.DataFrame:
    """Give one row per fill; see :attr:`Simulation.fills`."""
    fills = fills_of(ledger)
    return pd.DataFrame(
        {
            "date": ledger.dates[fills.day],
            "symbol": ledger.symbols[fills.symbol],
            "shares": fills.shares,
            "price": fills.price,
            "commission": fills.commission,
            "slippage": fills.slippage,
            "order": fills.number,
            "reason": pd.array(origins(ledger, fills)[1], dtype="str"),
        }
    )


def orders_table(ledger: Ledger) -> pd.DataFrame:
    """Give one row per order, by number; see :attr:`Simulation.orders`."""
    parts = [part for part in (_book_part(ledger), _targets_part(ledger)) if len(part)]
    table = pd.concat(parts) if parts else _book_part(ledger)
    table = table.sort_values("order", ignore_index=True)
    filled = _filled(fills_of(ledger), table["order"].to_numpy())
    table["filled_shares"], table["average_price"], first = filled
    partly = (first >= 0) & ~table["status"].isin([_FILLED, _WORKING])
    table["status"] = table["status"].where(~partly, _PARTLY)
    dates = ledger.dates
    table["sent"], table["last_event"] = dates[table["sent"]], dates[table["last_event"]]
    table["first_fill"] = np.where(first >= 0, dates.to_numpy()[np.maximum(first, 0)], np.datetime64("NaT"))
    for name, words in (("status", STATUSES), ("code", CODES), ("kind", KINDS)):
        table[name] = pd.array(np.array(words, dtype=object)[table[name]], dtype="str")
    table["symbol"] = ledger.symbols[table["symbol"]]
    return table[_ORDER_COLUMNS]


_ORDER_COLUMNS: Final = [
    *("order", "parent", "symbol", "sent", "kind", "at", "until", "shares", "value", "weight", "limit", "stop"),
    *("trail", "status", "code", "filled_shares", "average_price", "first_fill", "last_event", "reason"),
]


def _book_part(ledger: Ledger) -> pd.DataFrame:
    count = int(ledger.state.counts[ORDERS])
    sent = ledger.state.orders[:count]
    market = sent["kind"] == KINDS.index("market")
    at = np.where(market, np.array(MOMENTS, dtype=object)[sent["at"]], "")
    parent = sent["parent"]
    return pd.DataFrame(
        {
            "order": sent["number"],
            "parent": np.where(parent >= 0, sent["number"][np.maximum(parent, 0)], -1) if count else parent,
            **{name: sent[name] for name in ("symbol", "sent", "kind")},
            "at": pd.array(at, dtype="str"),
            "until": pd.array(np.where(sent["day"] != 0, "day", "cancelled"), dtype="str"),
            **{name: sent[name] for name in ("shares", "value", "weight", "limit", "stop", "trail", "status", "code")},
            "last_event": sent["last"],
            "reason": pd.array(reasons_of(ledger, count), dtype="str"),
        }
    )


def _targets_part(ledger: Ledger) -> pd.DataFrame:
    rows = int(ledger.state.counts[ROWS])
    row, symbol = np.nonzero(ledger.state.outcomes["status"][:rows])
    outcome, of_row = ledger.state.outcomes[row, symbol], ledger.state.rows[row]
    missing = np.full(len(row), np.nan)
    same = {"at": MOMENTS[ledger.state.rules.moment], "until": "cancelled"}
    return pd.DataFrame(
        {
            "order": of_row["base"] + symbol,
            "parent": np.full(len(row), -1),
            "symbol": symbol,
            "sent": of_row["sent"],
            "kind": np.zeros(len(row), np.int64),
            **dict.fromkeys(("shares", "value", "limit", "stop", "trail"), missing),
            "weight": ledger.weights[row, symbol],
            "status": outcome["status"].astype(np.int64),
            "code": outcome["code"].astype(np.int64),
            "last_event": outcome["ended"].astype(np.int64),
            **{name: pd.array([word] * len(row), dtype="str") for name, word in same.items()},
            "reason": pd.array(_reasons_of_rows(ledger, of_row["sent"]), dtype="str"),
        }
    )


def _filled(fills: Fills, numbers: Ints) -> tuple[Floats, Floats, Ints]:
    """Give the shares filled of each order, their average price, and the place of the first fill's date or -1."""
    place = np.searchsorted(numbers, fills.number)
    real = fills.number >= 0
    place, shares = place[real], fills.shares[real]
    size, value = np.abs(shares), np.abs(shares) * fills.price[real]
    count = len(numbers)
    filled = np.bincount(place, shares, minlength=count).astype(np.float64)
    sizes = np.bincount(place, size, minlength=count)
    average = np.full(count, np.nan)
    np.divide(np.bincount(place, value, minlength=count), sizes, out=average, where=sizes > 0.0)
    first = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(first, place, fills.day[real])
    first[first == np.iinfo(np.int64).max] = -1
    return filled, average, first
