"""The vectorised portfolio simulation: target weights in, equity, fills, positions and costs out."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from barograph.backtest.execution import Execution
from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.market.panel import Panel, to_panel
from barograph.typing import Floats, Ints

_WEIGHT_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Simulation:
    """The record of a simulated portfolio; T dates of the bars, N symbols of the target weights.

    Attributes
    ----------
    equity : Series of shape (T,)
        Cash plus the value of the positions at each date's close (a symbol without a bar: at its last close).
    cash : Series of shape (T,)
        Cash at the close; negative by no more than the costs of the last fills when fully invested.
    positions : DataFrame of shape (T, N)
        Shares held at the close; fractions of shares are held.
    fills : DataFrame
        One row per fill: ``date``, ``symbol``, ``shares`` (negative when sold), ``price`` (paid or received, half
        spread included), ``commission`` and ``slippage`` (money lost to the half spread, contained in ``price``).
    costs : DataFrame of shape (T, 2)
        ``commission`` and ``slippage`` of each date.
    initial_cash : float
        The equity before the first date.
    """

    equity: pd.Series
    cash: pd.Series
    positions: pd.DataFrame
    fills: pd.DataFrame
    costs: pd.DataFrame
    initial_cash: float

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
        return (self.costs.sum(axis=1) / self._previous_equity()).rename("cost_rate")

    def _previous_equity(self) -> pd.Series:
        return self.equity.shift(1, fill_value=self.initial_cash)


@without_time_zones
def simulate(bars: pd.DataFrame | Panel, target_weights: pd.DataFrame, execution: Execution) -> Simulation:
    """Simulate a portfolio that is rebalanced to target weights.

    A row of `target_weights` is decided at that date's close and becomes orders that are filled at each symbol's next
    bar, at its close or its open as `execution` says: never at the bar of the decision. An order of a symbol without a
    bar on that next date waits for the symbol's next bar, until a newer row replaces it. Dates without a row decide
    nothing. Orders of the last date are never filled.

    Parameters
    ----------
    bars : DataFrame or Panel
        Columns ``symbol, date, open, high, low, close, volume``, or the panel made of them.
    target_weights : DataFrame of shape (R, N)
        Dates by symbols, dates increasing. Weights of the equity just before the fills, valued at the prices of the
        fills (symbols without a bar that date: at their last close). 0 closes, negative weights sell short.
    execution : Execution
        Prices, costs, cash and leverage.

    Returns
    -------
    Simulation

    Raises
    ------
    InputError
        For a NaN or infinite weight, a date or symbol that the bars lack, repeated or unordered dates, absolute weights
        that sum to more than ``execution.max_leverage``, ``next_open`` on bars without opens, and a portfolio whose
        equity falls to zero.

    Notes
    -----
    Costs are paid from cash on top of the target shares, so that shares are exactly weight times equity over price. A
    fully invested portfolio therefore owes the broker the costs of its last fills, free of interest, until the next
    rebalance starts from the equity after them; they never pile up.

    Where a date fills only some of the orders, the positions in the other symbols count: orders that open or enlarge
    positions are scaled down, all by the same factor, so that gross exposure at the fills stays within
    ``max_leverage`` times equity. The part cut off is not traded later. This happens only where bars are missing.
    Trades below 1e-12 of the equity are not made, unless they close a position.

    A symbol counts as delisted ``execution.delisting_days`` dates after its last bar. Until then its position is held,
    marked at its last close; then it is paid out at that close, without costs, and its order is void. The rule looks
    back only: where the bars end changes no earlier position. A symbol that trades again can be bought again.
    """
    from barograph.backtest.kernel import trade

    panel = bars if isinstance(bars, Panel) else to_panel(bars)
    dates, symbols = pd.DatetimeIndex(panel.dates, name="date"), pd.Index(panel.symbols)
    columns = _locate(symbols, target_weights.columns, "symbol")
    decided = _decisions(dates, target_weights)
    weights = _checked_weights(target_weights, execution.max_leverage)
    close = _columns(panel.close, columns)
    price = close if execution.price == "next_close" else _opens(_columns(panel.open, columns), close, panel, columns)
    commission, half_spread = execution.commission_bps / 1e4, execution.half_spread_bps / 1e4
    held, cash, equity = trade(
        *(price, close, decided, weights, commission, half_spread),
        *(execution.initial_cash, execution.max_leverage, execution.delisting_days),
    )
    if not (equity > 0.0).all():
        t = int(np.argmin(equity > 0.0))
        raise InputError(f"target weights ruin the portfolio: its equity is {equity[t]:g} on {dates[t]:%Y-%m-%d}")
    positions = pd.DataFrame(held, dates, target_weights.columns)
    fills, costs = _fills(positions, price, pd.DataFrame(close).ffill().to_numpy(), commission, half_spread)
    return Simulation(
        equity=pd.Series(equity, dates, name="equity"),
        cash=pd.Series(cash, dates, name="cash"),
        positions=positions,
        fills=fills,
        costs=costs,
        initial_cash=execution.initial_cash,
    )


def _columns(values: Floats, columns: Ints) -> Floats:
    every = len(columns) == values.shape[1] and bool((columns == np.arange(len(columns))).all())
    return _kernel_array(values if every else values[:, columns])


def _kernel_array(values: Floats) -> Floats:
    """Make it writable: numba would compile the kernel again for arrays that are not."""
    return np.require(values, np.float64, ["C", "W"])


def _locate(known: pd.Index, wanted: pd.Index, axis: str) -> Ints:
    if not wanted.is_unique:
        raise InputError(f"target weights: {axis} {wanted[wanted.duplicated()][0]} occurs more than once")
    places = known.get_indexer(wanted).astype(np.int64)
    if (places < 0).any():
        unknown = wanted[places < 0][0]
        shown = f"{unknown:%Y-%m-%d}" if isinstance(unknown, pd.Timestamp) else unknown
        raise InputError(f"target weights: {axis} {shown} has no bar; allowed are the {axis}s of the bars")
    return places


def _decisions(dates: pd.DatetimeIndex, target_weights: pd.DataFrame) -> Ints:
    if len(target_weights) and not isinstance(target_weights.index, pd.DatetimeIndex):
        raise InputError(f"target weights: the index is {target_weights.index.dtype}; it must consist of dates")
    places = _locate(dates, target_weights.index, "date")
    if (np.diff(places) < 0).any():
        raise InputError("target weights: the dates are not in order; they must increase")
    decided = np.full(len(dates), -1, dtype=np.int64)
    decided[places] = np.arange(len(places))
    return decided


def _checked_weights(target_weights: pd.DataFrame, max_leverage: float) -> Floats:
    weights = _kernel_array(target_weights.to_numpy(dtype=np.float64, na_value=np.nan))
    if not np.isfinite(weights).all():
        row, column = np.argwhere(~np.isfinite(weights))[0]
        date, symbol, weight = target_weights.index[row], target_weights.columns[column], weights[row, column]
        raise InputError(f"target weights: {symbol} on {date:%Y-%m-%d} is {weight}; a finite weight is required")
    gross = np.abs(weights).sum(axis=1)
    if (gross > max_leverage + _WEIGHT_TOLERANCE).any():
        row = int(np.argmax(gross > max_leverage + _WEIGHT_TOLERANCE))
        raise InputError(
            f"target weights: on {target_weights.index[row]:%Y-%m-%d} the absolute weights sum to {gross[row]:.12g}; "
            f"at most max_leverage={max_leverage:g} is allowed"
        )
    return weights


def _opens(opens: Floats, close: Floats, panel: Panel, columns: Ints) -> Floats:
    missing = np.isnan(opens) & ~np.isnan(close)
    if missing.any():
        t, n = np.argwhere(missing)[0]
        date, symbol = pd.DatetimeIndex(panel.dates)[t], panel.symbols[columns[n]]
        raise InputError(
            f"execution.price is next_open, but {symbol} has no open on {date:%Y-%m-%d}; use next_close on such bars"
        )
    return opens


def _fills(
    positions: pd.DataFrame, price: Floats, last_close: Floats, commission: float, half_spread: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the fills, and the costs of each date; a payout, on a date without a price, costs nothing."""
    dates, change = positions.index, np.diff(positions.to_numpy(), axis=0, prepend=0.0)
    day, column = np.nonzero(change)
    shares, bar_price = change[day, column], price[day, column]
    size, traded = np.abs(shares), np.isfinite(bar_price)
    bar_price, spread = np.where(traded, bar_price, last_close[day, column]), np.where(traded, half_spread, 0.0)
    paid = bar_price * np.where(shares > 0.0, 1.0 + spread, 1.0 - spread)
    costs = {"commission": size * paid * np.where(traded, commission, 0.0), "slippage": size * bar_price * spread}
    fills = {"date": dates[day], "symbol": positions.columns[column], "shares": shares, "price": paid}
    daily = {name: np.bincount(day, values, minlength=len(dates)) for name, values in costs.items()}
    return pd.DataFrame(fills | costs), pd.DataFrame(daily, dates)
