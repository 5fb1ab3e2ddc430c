"""What a run keeps between dates, behind the day that the strategy sees."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.backtest.engine.brakes import Guard
from barograph.backtest.engine.columns import Columns, History, look_ups
from barograph.backtest.engine.day import BAR_FIELDS, OpenOrder
from barograph.backtest.engine.desk import Desk
from barograph.backtest.engine.ledger import Ledger
from barograph.backtest.engine.market import Sheet
from barograph.backtest.engine.orders import CODES, KINDS, MOMENTS, STATUSES, Order
from barograph.backtest.engine.simulate import WEIGHT_TOLERANCE, play_to
from barograph.backtest.engine.state import EQUITY, NUMBER, ORDERS, ROWS, WORKING, State, with_room
from barograph.backtest.execution import Execution
from barograph.errors import InputError
from barograph.typing import Floats

_WORKS: Final = STATUSES.index("working")
_CANCELLED: Final = STATUSES.index("cancelled")
_REJECTED: Final = STATUSES.index("rejected")


@dataclass
class Session:
    """One run: the engine's state, the tables that the strategy sees, and the orders of the date."""

    panel: Sheet
    execution: Execution
    state: State
    signals: Columns
    features: Columns
    context: Columns
    desk: Desk
    guard: Guard
    t: int = -1
    row: Floats | None = None
    rows: list[Floats] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)
    memory: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dates = pd.DatetimeIndex(self.panel.dates, name="date")
        self.symbols = self.panel.symbols.copy()
        self.symbols.flags.writeable = False
        self._places = {str(name): n for n, name in enumerate(self.panel.symbols)}
        self.bars = Columns("bars", list(BAR_FIELDS), lambda name: getattr(self.panel, name))
        self._tables = (self.bars, self.signals, self.features, self.context)
        self._found: dict[str, History] = {}
        market = self.state.market
        self._has_range = bool(np.isfinite(market.high).any() and np.isfinite(market.low).any())
        self._decided, self._weights = np.full(len(self.dates), -1), np.zeros((1, len(self.symbols)))
        self._shown = self._weights.view()
        self._shown.flags.writeable = False
        self._has_open = bool(np.isfinite(market.open).any())

    def play(self, t: int, name: str) -> None:
        """Play a date, or at the end the last row of target weights."""
        stop = min(t + 1, len(self.dates))
        self.state = play_to(self.state, self.guard, stop, t, self._decided, self._shown, self.dates, name)
        self.t = t

    def keep_row(self) -> None:
        """Let the row of target weights of the date be decided."""
        if self.row is not None:
            self.state = with_room(self.state, rows=1, orders=0, fills=0)
            decided = self.desk.decide(self.row[None], np.array([self.t]), self.state.money[[EQUITY]])
            self._decided[self.t], self._weights[0] = 0, decided[0]
            self.rows.append(decided[0])
            self.row = None

    def place(self, symbol: str) -> int:
        """Give the place of a symbol."""
        try:
            return self._places[symbol]
        except KeyError:
            raise InputError(f"symbol {symbol!r} has no bar; allowed are the symbols of the bars") from None

    def column(self, name: str) -> History:
        """Give a column of the one table that has it."""
        found = self._found.get(name)
        if found is None:
            tables = [table for table in self._tables if name in table.names]
            if len(tables) != 1:
                where = " and ".join(table.title for table in tables) or "no table"
                raise InputError(f"history: {where} has the column {name!r}; exactly one table must have it")
            found = self._found[name] = tables[0][name]
        return found

    def send(self, order: Order, t: int) -> int:
        """Put an order into the book, and give its number; one that can never be filled is rejected at once."""
        n = self.place(order.symbol)
        self._refuse(order)
        self.state = with_room(self.state, rows=0, orders=1, fills=0)
        place = _enter(self.state, order, n, t)
        if order.reason:
            self.reasons[place] = order.reason
        if self.state.holdings["mark"][n] == 0.0:
            self._end(place, t, _REJECTED, "not_listed_yet")
        elif self.state.holdings["quiet"][n] >= self.execution.delisting_days:
            self._end(place, t, _REJECTED, "delisted")
        return int(self.state.orders["number"][place])

    def cancel(self, number: int, t: int) -> None:
        """Cancel an order that works."""
        known = self.state.orders["number"][: int(self.state.counts[ORDERS])]
        place = int(np.searchsorted(known, number))
        if place >= len(known) or known[place] != number or self.state.orders["status"][place] != _WORKS:
            raise InputError(f"cancel: no order {number!r} works; day.open_orders lists those that do")
        self._end(place, t, _CANCELLED, "cancelled_by_strategy")

    def rebalance(self, weights: Mapping[str, float] | Floats) -> None:
        """Keep a row of target weights for the end of the callback."""
        if hasattr(weights, "items"):
            row = np.zeros(len(self.symbols))
            for symbol, weight in weights.items():
                row[self.place(symbol)] = weight
        else:
            row = np.array(weights, np.float64)
            if row.shape != self.symbols.shape:
                raise InputError(f"target weights have the shape {row.shape}; {self.symbols.shape} is required")
        gross = float(np.abs(row).sum())
        if not math.isfinite(gross):
            wrong = int(np.argmax(~np.isfinite(row)))
            raise InputError(f"target weights: {self.symbols[wrong]} is {row[wrong]}; a finite weight is required")
        self._refuse_leverage(gross, "target weights: the absolute weights sum to")
        self.row = row

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Give the orders of the book that work."""
        orders, places = self.state.orders, self.state.working[: int(self.state.counts[WORKING])]
        return tuple(
            OpenOrder(
                number=int(sent["number"]),
                symbol=str(self.symbols[sent["symbol"]]),
                kind=KINDS[sent["kind"]],
                side=int(sent["side"]),
                **{name: float(sent[name]) for name in ("shares", "value", "weight", "limit", "stop", "filled")},
                parent=int(orders["number"][sent["parent"]]) if sent["parent"] >= 0 else -1,
            )
            for sent in orders[places]
            if sent["status"] == _WORKS
        )

    def ledger(self) -> Ledger:
        """Give what the tables are made of."""
        names = pd.Index(self.panel.symbols)
        rows, brakes, everything = self.traded(), self.desk.management.reasons(self.guard), np.arange(len(names))
        seen = look_ups((self.signals, self.context), everything)
        return Ledger(lambda: self.state, self.panel, everything, names, rows, self.reasons, seen, brakes)

    def traded(self) -> Floats:
        """Give the rows of target weights (R, N) that were traded."""
        if len(self.guard.brakes):
            return self.guard.rows[: int(self.state.counts[ROWS])]
        return np.array(self.rows) if self.rows else np.zeros((0, len(self.symbols)))

    def _end(self, place: int, t: int, status: int, code: str) -> None:
        sent = self.state.orders[place]
        sent["status"] = STATUSES.index("partly_filled") if sent["first"] >= 0 else status
        sent["code"], sent["last"] = CODES.index(code), t

    def _refuse(self, order: Order) -> None:
        needs_range = order.kind != "market" or order.take_profit is not None or order.stop_loss is not None
        if needs_range and not self._has_range:
            raise InputError(f"order of {order.symbol}: the bars have no high and low; only market orders can fill")
        if not self._has_open and (order.at == "open" or order.kind != "market"):
            raise InputError(
                f"order of {order.symbol}: the bars have no opens; only market orders at the close can fill"
            )
        if order.weight is not None:
            self._refuse_leverage(abs(order.weight), f"order of {order.symbol}: the weight is")

    def _refuse_leverage(self, gross: float, words: str) -> None:
        most = self.execution.max_leverage
        if gross > most + WEIGHT_TOLERANCE:
            raise InputError(f"{words} {gross:.12g}; at most max_leverage={most:g} is allowed (0.2 is 20 %)")


def _enter(state: State, order: Order, n: int, t: int) -> int:
    count = state.counts
    place = int(count[ORDERS])
    kind = KINDS.index(order.kind)
    nan = math.nan
    values = {
        **{"number": count[NUMBER], "symbol": n, "kind": kind, "now": kind, "side": order.direction, "sent": t},
        **{"at": MOMENTS.index(order.at) if order.at else state.rules.moment, "day": order.until == "day"},
        **{name: nan if (v := getattr(order, name)) is None else v for name in _NUMBERS},
        "target": nan if order.take_profit is None else order.take_profit,
        "loss": nan if order.stop_loss is None else order.stop_loss,
        **{"best": state.holdings["mark"][n], "bars": order.max_bars or 0, "age": 0, "parent": -1, "role": 0},
        **{"sibling": -1, "woken": -1, "entered": 0, "first": -1, "last": t},
        **{"status": _WORKS, "code": 0, "filled": 0.0, "paid": 0.0, "slices": 0},
    }
    for name, value in values.items():
        state.orders[name][place] = value
    state.working[count[WORKING]] = place
    count[WORKING] += 1
    count[ORDERS] += 1
    count[NUMBER] += 1
    return place


_NUMBERS: Final = ("shares", "value", "weight", "limit", "stop", "trail")
