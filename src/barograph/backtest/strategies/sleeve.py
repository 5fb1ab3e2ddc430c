"""The paper account of a strategy that another one wraps."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from barograph.backtest.strategies.contract import View
from barograph.errors import InputError
from barograph.typing import Floats


class Sleeve:
    """What a wrapped strategy sees, and what its decisions would have earned alone.

    The account is on paper: a decision is filled at the closes of the next date, of a name without a bar at its last
    close, in fractions, at a cost in proportion to the value traded. Nothing is borrowed for a fee, and cash earns no
    interest. The real account is out of its reach.

    Parameters
    ----------
    strategy : object
        With a method ``weights(day)``.
    cost_bps : float
        Basis points of the value traded.

    Attributes
    ----------
    weights : ndarray of shape (N,)
        The positions' shares of the paper account's equity at the close.
    entry_price : ndarray of shape (N,)
        Average price paid for each position; NaN without one.
    returns : list of float
        The simple return of each date from the second on.
    memory : dict
        The wrapped strategy's memory.
    """

    def __init__(self, strategy: Any, cost_bps: float = 0.0) -> None:
        self.strategy, self.memory = strategy, dict[str, Any]()
        self.returns: list[float] = []
        self._cost = cost_bps / 1e4
        self._day: View
        self._decided: Floats | None = None
        self._most = 1.0

    def decide(self, day: View) -> Floats | None:
        """Mark the account at a date's closes and let the strategy decide; to be called once per date."""
        close = day.bars.close
        self._day = day
        if not hasattr(self, "_close"):
            self.weights, self.entry_price = np.zeros(len(close)), np.full(len(close), np.nan)
            self._close = close.copy()
        else:
            self._mark(close)
        self._decided = self.strategy.weights(self)
        if self._decided is not None:
            self._most = max(1.0, float(np.nansum(np.abs(self._decided))))
        return self._decided

    @property
    def target(self) -> Floats:
        """The weights decided on this date; of names without a decision, those they have.

        Short positions that lose can drift beyond the equity: more gross exposure than was decided last, and than 1, is
        scaled down.
        """
        weights = self._wanted()
        return weights / max(1.0, float(np.abs(weights).sum()) / self._most)

    def _wanted(self) -> Floats:
        if self._decided is None:
            return self.weights
        return np.where(np.isnan(self._decided), self.weights, self._decided)

    def _mark(self, close: Floats) -> None:
        now = np.where(np.isnan(close), self._close, close)
        value = self.weights * np.where(np.isnan(self._close), 1.0, now / self._close)
        wealth = max(1.0 + float((value - self.weights).sum()), 0.0)
        self._close, self.weights = now, value / wealth if wealth else np.zeros(len(value))
        paid = 0.0
        if self._decided is not None:
            before, after = self.weights, self._wanted()
            paid = self._cost * float(np.abs(after - before).sum())
            self.entry_price = self._average(before, after, now)
            self.weights = after
        self.returns.append(wealth * (1.0 - paid) - 1.0)

    def _average(self, before: Floats, after: Floats, price: Floats) -> Floats:
        """Give the average price paid for each position: what is added to one is bought at `price`."""
        kept = np.where(before * after > 0.0, before, 0.0)
        paid = np.where(kept == 0.0, 0.0, kept * self.entry_price) + (after - kept) * price
        average = np.divide(paid, after, out=np.full(len(after), np.nan), where=after != 0.0)
        return np.where(np.abs(after) > np.abs(kept), average, np.where(after == 0.0, np.nan, self.entry_price))

    @property
    def date(self) -> pd.Timestamp:
        """As of the day."""
        return self._day.date

    @property
    def symbols(self) -> Any:
        """As of the day."""
        return self._day.symbols

    @property
    def bars(self) -> Any:
        """As of the day."""
        return self._day.bars

    @property
    def signals(self) -> Mapping[str, Floats]:
        """As of the day."""
        return self._day.signals

    @property
    def features(self) -> Mapping[str, Floats]:
        """As of the day."""
        return self._day.features

    @property
    def context(self) -> Mapping[str, Any]:
        """As of the day."""
        return self._day.context

    def history(self, name: str, bars: int | None = None) -> Any:
        """As of the day."""
        return self._day.history(name, bars)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        allowed = "date, symbols, bars, signals, features, context, history, weights, entry_price and memory"
        raise InputError(f"day.{name} is out of reach of a wrapped strategy; it may read {allowed}")


def sleeves(day: View, strategies: Mapping[str, Any], cost_bps: float = 0.0) -> dict[str, Sleeve]:
    """Give the paper account of each strategy by name, the same ones on every date."""
    if "sleeves" not in day.memory:
        day.memory["sleeves"] = {name: Sleeve(strategy, cost_bps) for name, strategy in strategies.items()}
    found: dict[str, Sleeve] = day.memory["sleeves"]
    return found
