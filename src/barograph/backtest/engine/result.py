"""The record of a simulated portfolio; its tables are built when they are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import pandas as pd

from barograph.backtest.engine.ledger import Ledger, fills_table, orders_table
from barograph.backtest.engine.state import AMBIGUOUS, State
from barograph.backtest.management import caps_table

COSTS: Final = ("commission", "slippage", "interest", "borrow")


@dataclass(frozen=True, eq=False)
class Simulation:
    """The record of a simulated portfolio; T dates of the bars, N symbols that were traded.

    Attributes
    ----------
    equity : Series of shape (T,)
        Cash plus the value of the positions at each date's close (a symbol without a bar: at its last close).
    cash : Series of shape (T,)
        Cash at the close; of a margin account negative by no more than the costs of the last fills when fully
        invested without leverage.
    positions : DataFrame of shape (T, N)
        Shares held at the close.
    costs : DataFrame of shape (T, 4)
        ``commission``, ``slippage``, ``interest`` (paid; negative when earned) and ``borrow`` of each date.
    initial_cash : float
        The equity before the first date.
    memory : mapping
        ``day.memory`` of the last date; empty for target weights.
    """

    equity: pd.Series
    cash: pd.Series
    positions: pd.DataFrame
    costs: pd.DataFrame
    initial_cash: float
    memory: Mapping[Any, Any]
    _ledger: Ledger = field(repr=False)
    _again: "Callable[[], Simulation] | None" = field(default=None, repr=False)
    _caps: Callable[[], pd.DataFrame] | None = field(default=None, repr=False)

    @property
    def returns(self) -> pd.Series:
        """Simple return of each date, close to close; the first against the initial cash."""
        return (self.equity / self._previous_equity() - 1.0).rename("return")

    @property
    def turnover(self) -> pd.Series:
        """Half of the value bought and sold on each date over the equity at the close before it."""
        value = self.fills["shares"].abs() * self.fills["price"]
        traded = value.groupby(self.fills["date"]).sum().reindex(self.equity.index, fill_value=0.0)
        return (0.5 * traded / self._previous_equity()).rename("turnover")

    @property
    def cost_rate(self) -> pd.Series:
        """Commission and slippage of each date over the equity at the close before it."""
        return (self.costs[["commission", "slippage"]].sum(axis=1) / self._previous_equity()).rename("cost_rate")

    @cached_property
    def fills(self) -> pd.DataFrame:
        """One row per fill, by date and symbol.

        ``date``, ``symbol``, ``shares`` (negative when sold), ``price`` (paid or received, half spread and impact
        included), ``commission``, ``slippage`` (money lost to half spread and impact, contained in ``price``),
        ``order`` (its number; -1 for the payout of a delisted symbol) and ``reason``.
        """
        return fills_table(self._ledger)

    @cached_property
    def orders(self) -> pd.DataFrame:
        """One row per order, by number; it says of each how it ended, and why it was not filled.

        ``order``, ``parent`` (the entry of a bracket's side or time stop; else -1), ``symbol``, ``sent`` (the date at
        whose close it was sent), ``kind``, ``at`` (of market orders), ``until``, ``shares``, ``value``, ``weight``,
        ``limit``, ``stop``, ``trail``, ``status`` (``filled``, ``partly_filled``, ``cancelled``, ``expired``,
        ``rejected``), ``code`` (empty if filled), ``filled_shares``, ``average_price`` (half spread and impact
        included), ``first_fill``, ``last_event`` (dates) and ``reason``.
        """
        return orders_table(self._ledger)

    @property
    def rejections(self) -> pd.Series:
        """Number of orders that did not fill in full, by code."""
        codes = self.orders.loc[self.orders["code"] != "", "code"]
        return codes.value_counts().sort_index().rename("orders")

    @cached_property
    def trades(self) -> pd.DataFrame:
        """One row per round trip, first in first out, by the date of entry; see docs/backtest.md.

        ``symbol``, ``shares`` (negative: sold short), ``entry_date``, ``entry_price``, ``entry_reason``, ``exit_date``
        (NaT while it is open), ``exit_price`` (the last close while it is open), ``exit_reason``, ``bars`` (bars of
        the symbol after the entry's up to the exit's), ``pnl`` (after commission and half spread), ``pnl_percent``,
        ``mae_percent`` and ``mfe_percent`` (of the entry's price; missing where impact left 0 of it), ``costs``
        (commission and half spread), and of each column of signals and context ``entry_<name>`` and ``exit_<name>``,
        the values when the orders were sent.
        """
        from barograph.backtest.engine.trades import trades_table

        return trades_table(self._ledger)

    @cached_property
    def caps(self) -> pd.DataFrame:
        """One row per limit that was exceeded: what overlays and brakes did, and why.

        ``date`` (of the decision), ``step`` (the overlay's place in the order; 0: the account's leverage, to which a
        sizing was scaled), ``overlay`` (its name), ``subject`` (a symbol, a sector, a cluster's first name, or
        ``portfolio``), ``exposure`` before the overlay, ``limit``, and ``outcome``: ``applied`` (reduced to the limit),
        ``unmet`` (exceeded in the end, since a later overlay had the last word) or ``warning``.
        """
        return caps_table([], self.equity.index) if self._caps is None else self._caps()

    @property
    def ambiguous_bars(self) -> int:
        """Number of bars that contained both prices of a bracket, so that ``execution.first`` decided."""
        return int(self._ledger.state.counts[AMBIGUOUS])

    @cached_property
    def other_order(self) -> "Simulation | None":
        """The result had the other price of each bracket come first; None where no bar is ambiguous."""
        return self._again() if self._again is not None and self.ambiguous_bars else None

    def _previous_equity(self) -> pd.Series:
        return self.equity.shift(1, fill_value=self.initial_cash)


def simulation_of(
    state: State,
    ledger: Ledger,
    initial_cash: float,
    again: Callable[[], Simulation] | None = None,
    memory: Mapping[Any, Any] | None = None,
    caps: Callable[[], pd.DataFrame] | None = None,
) -> Simulation:
    """Give the record of what the engine has played."""
    record, dates = state.dates, ledger.dates
    return Simulation(
        equity=pd.Series(record["equity"], dates, name="equity"),
        cash=pd.Series(record["cash"], dates, name="cash"),
        positions=pd.DataFrame(state.positions, dates, ledger.symbols, copy=False),
        costs=pd.DataFrame({name: record[name] for name in COSTS}, dates),
        initial_cash=initial_cash,
        memory=memory or {},
        _ledger=ledger,
        _again=again,
        _caps=caps,
    )
