"""The day as a strategy sees it: at the close of its date, with nothing of what comes later."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from barograph.backtest.engine.columns import View
from barograph.backtest.engine.orders import Order
from barograph.backtest.engine.state import CASH, EQUITY
from barograph.errors import InputError
from barograph.typing import Floats

if TYPE_CHECKING:
    from barograph.backtest.engine.session import Session

BAR_FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True)
class OpenOrder:
    """An order that works: its number, what it was sent as, and what it has filled."""

    number: int
    symbol: str
    kind: str
    side: int
    shares: float
    value: float
    weight: float
    limit: float
    stop: float
    filled: float
    parent: int


class Bars:
    """The bars of one date: `open`, `high`, `low`, `close`, `volume` (N,), read-only, NaN without a bar."""

    __slots__ = ("_view",)

    def __init__(self, view: View) -> None:
        self._view = view

    def __getattr__(self, name: str) -> Floats:
        if name not in BAR_FIELDS:
            raise AttributeError(f"bars have no {name}; there are {', '.join(BAR_FIELDS)}")
        return self._view[name]  # type: ignore[no-any-return]


class Day:
    """One date at its close: bars, signals, context and the account up to now, and orders for later dates.

    Arrays over symbols (N,) are in the order of `symbols` and read-only. None contains a value of a later date.

    Attributes
    ----------
    symbols : ndarray of shape (N,)
    bars : Bars
        ``day.bars.close`` (N,) and so on, NaN without a bar.
    signals, features : mapping
        ``day.signals["p_buy"]`` (N,), NaN without a row.
    context : mapping
        ``day.context["vix"]``, the value of the last row at or before the date.
    memory : dict
        Kept from date to date for the strategy.
    """

    __slots__ = ("_session", "_t", "bars", "context", "features", "memory", "signals", "symbols")

    def __init__(self, session: "Session", t: int) -> None:
        self._session, self._t = session, t
        self.symbols = session.symbols
        self.bars = Bars(View(session.bars, t))
        self.signals, self.features = View(session.signals, t), View(session.features, t)
        self.context = View(session.context, t)
        self.memory = session.memory

    @property
    def date(self) -> pd.Timestamp:
        """The date."""
        return self._session.dates[self._t]

    def history(self, name: str, bars: int | None = None) -> Any:
        """Give a column up to today.

        Parameters
        ----------
        name : str
            A field of the bars, or a column of signals, features or context.
        bars : int, optional
            At most so many dates, the last of which is today; by default all.

        Returns
        -------
        ndarray of shape (dates, N), of a column of the context (dates,)

        Raises
        ------
        InputError
            If no table or more than one has the column, or `bars` is no whole number from 1.
        """
        if bars is not None and (not isinstance(bars, int | np.integer) or bars < 1):
            raise InputError(f"history of {name}: bars is {bars!r}; allowed is a whole number from 1")
        values = self._session.column(name).until(self._t)
        return values if bars is None else values[-bars:]

    @property
    def positions(self) -> Floats:
        """Shares held (N,); negative when sold short."""
        return _read_only(self._open().state.holdings["shares"].copy())

    @property
    def weights(self) -> Floats:
        """The value of each position over the equity (N,), at the close."""
        state = self._open().state
        return _read_only(state.holdings["shares"] * state.holdings["mark"] / state.money[EQUITY])

    @property
    def entry_price(self) -> Floats:
        """The average price paid for each position (N,), half spread and impact included; NaN without a position."""
        held = self._open().state.holdings
        return _read_only(np.where(held["shares"] != 0.0, held["cost"], np.nan))

    @property
    def cash(self) -> float:
        """Cash at the close."""
        return float(self._open().state.money[CASH])

    @property
    def portfolio_value(self) -> float:
        """Equity at the close: cash and positions."""
        return float(self._open().state.money[EQUITY])

    @property
    def open_orders(self) -> tuple[OpenOrder, ...]:
        """The orders that work, by number; target weights that wait are not among them."""
        return self._open().open_orders()

    def position(self, symbol: str) -> float:
        """Give the shares held of a symbol; negative when sold short."""
        session = self._open()
        return float(session.state.holdings["shares"][session.place(symbol)])

    def unrealised_pnl_percent(self, symbol: str) -> float:
        """Give the gain of a position in percent of its average price; 0 without a position."""
        session = self._open()
        held = session.state.holdings[session.place(symbol)]
        if held["shares"] == 0.0:
            return 0.0
        return float(np.sign(held["shares"]) * (held["mark"] / held["cost"] - 1.0) * 100.0)

    def send(self, order: Order) -> int:
        """Send an order that works from the next date on, and give its number."""
        return self._open().send(order, self._t)

    def cancel(self, number: int) -> None:
        """Cancel an order that works."""
        self._open().cancel(number, self._t)

    def buy_percent(self, symbol: str, percent: float, **order: Any) -> int:
        """Buy for a percentage of the equity at the close; further arguments are those of :class:`Order`."""
        _percent("buy_percent", symbol, percent, 100.0 * self._session.execution.max_leverage)
        return self.send(Order(symbol, value=percent / 100.0 * self.portfolio_value, **order))

    def sell_percent(self, symbol: str, percent: float, **order: Any) -> int | None:
        """Sell a percentage of the position (of a short one: buy it back); without a position nothing is sent."""
        _percent("sell_percent", symbol, percent, 100.0)
        shares = self.position(symbol)
        return self.send(Order(symbol, shares=-percent / 100.0 * shares, **order)) if shares else None

    def close_position(self, symbol: str, **order: Any) -> int | None:
        """Close a position by a market order; without a position nothing is sent."""
        return self.send(Order(symbol, weight=0.0, **order)) if self.position(symbol) else None

    def size_by_confidence(self, symbol: str, percent: float, confidence: float, **order: Any) -> int:
        """Send an order for a target of `percent` of the equity times `confidence`, in [0, 1]."""
        _percent("size_by_confidence", symbol, percent, 100.0 * self._session.execution.max_leverage)
        if not 0.0 <= confidence <= 1.0:
            raise InputError(f"size_by_confidence of {symbol}: confidence is {confidence!r}; allowed is 0 to 1")
        return self.send(Order(symbol, weight=percent / 100.0 * confidence, **order))

    def rebalance_to_weights(self, weights: Mapping[str, float] | Floats) -> None:
        """Trade to target weights of the equity at the next fills, as :func:`simulate` does with a row of its weights.

        Parameters
        ----------
        weights : mapping or ndarray of shape (N,)
            By symbol, those not named 0; or in the order of `symbols`.
        """
        self._open().rebalance(weights)

    def _open(self) -> "Session":
        if self._session.t != self._t:
            raise InputError(f"the day {self.date:%Y-%m-%d} is over; use the day that on_bar is given")
        return self._session


def _read_only(values: Floats) -> Floats:
    values.flags.writeable = False
    return values


def _percent(helper: str, symbol: str, percent: float, most: float) -> None:
    if not 0.0 < percent <= most:
        raise InputError(f"{helper} of {symbol}: percent is {percent!r}; allowed is more than 0, at most {most:g}")
