"""The compiled loop of the portfolio simulation; imported when a simulation runs, as numba is slow to import."""

import numpy as np
from numba import njit

from barograph.typing import Floats, Ints

LEVERAGE_TOLERANCE = 2e-9
DUST = 1e-12


@njit(cache=True)
def trade(
    price: Floats,
    close: Floats,
    decided: Ints,
    weights: Floats,
    commission: float,
    half_spread: float,
    cash: float,
    max_leverage: float,
    delisting_days: int,
) -> tuple[Floats, Floats, Floats]:
    """Carry a portfolio through a panel, bar by bar.

    Orders are filled at `price` (T, N); it and `close` (T, N) are NaN where a symbol has no bar. Row ``decided[t]`` of
    the target weights (R, N) is decided at the close of date t; -1 means no row. The position in a symbol is paid out
    at its last close `delisting_days` dates after its last bar, and its order is void. `commission` and `half_spread`
    are fractions of the value traded.

    Returns the shares (T, N), the cash (T,) and the equity (T,) at each close, shares valued at their last closes.
    """
    positions = np.empty(price.shape)
    cash_at_close = np.empty(len(price))
    equity = np.empty(len(price))
    shares = np.zeros(price.shape[1])
    mark = np.zeros(price.shape[1])
    quiet = np.zeros(price.shape[1], np.int64)
    order = np.full(price.shape[1], np.nan)
    waiting = 0
    for t in range(len(price)):
        for n in range(len(shares)):
            quiet[n] = quiet[n] + 1 if np.isnan(close[t, n]) else 0
            if quiet[n] == delisting_days and mark[n] > 0.0:
                cash += shares[n] * mark[n]
                shares[n] = 0.0
                waiting -= 0 if np.isnan(order[n]) else 1
                order[n] = np.nan
        if waiting > 0:
            before = max(_value(price[t], shares, mark, cash), 0.0)
            scale = _scale(price[t], shares, mark, order, before, max_leverage)
            filled, cash = _fill(price[t], shares, mark, order, before, scale, commission, half_spread, cash)
            waiting -= filled
        equity[t] = _value(close[t], shares, mark, cash)
        cash_at_close[t] = cash
        positions[t] = shares
        if decided[t] >= 0:
            waiting = _order(weights[decided[t]], shares, order)
    return positions, cash_at_close, equity


@njit(cache=True)
def _value(price: Floats, shares: Floats, mark: Floats, cash: float) -> float:
    value = cash
    for n in range(len(shares)):
        if not np.isnan(price[n]):
            mark[n] = price[n]
        value += shares[n] * mark[n]
    return value


@njit(cache=True)
def _order(weights: Floats, shares: Floats, order: Floats) -> int:
    waiting = 0
    for n in range(len(shares)):
        if weights[n] == 0.0 and shares[n] == 0.0:
            order[n] = np.nan
        else:
            order[n] = weights[n]
            waiting += 1
    return waiting


@njit(cache=True)
def _common(held: float, target: float) -> float:
    """Give the part of a target that is held already."""
    return min(abs(held), abs(target)) if held * target > 0.0 else 0.0


@njit(cache=True)
def _scale(price: Floats, shares: Floats, mark: Floats, order: Floats, before: float, max_leverage: float) -> float:
    """Give the factor on the exposure that orders open, which keeps gross exposure within the leverage allowed."""
    kept, opened = 0.0, 0.0
    for n in range(len(shares)):
        held = shares[n] * mark[n]
        if np.isnan(order[n]) or np.isnan(price[n]):
            kept += abs(held)
        else:
            common = _common(held, order[n] * before)
            kept += common
            opened += abs(order[n] * before) - common
    if opened == 0.0 or kept + opened <= (max_leverage + LEVERAGE_TOLERANCE) * before:
        return 1.0
    return max(0.0, (max_leverage * before - kept) / opened)


@njit(cache=True)
def _fill(
    price: Floats,
    shares: Floats,
    mark: Floats,
    order: Floats,
    before: float,
    scale: float,
    commission: float,
    half_spread: float,
    cash: float,
) -> tuple[int, float]:
    filled = 0
    for n in range(len(shares)):
        if np.isnan(order[n]) or np.isnan(price[n]):
            continue
        held, target = shares[n] * mark[n], order[n] * before
        if scale < 1.0:
            common = _common(held, target)
            target = np.sign(target) * (common + scale * (abs(target) - common))
        order[n] = np.nan
        filled += 1
        if target != 0.0 and abs(target - held) <= DUST * before:
            continue
        wanted = target / price[n]
        bought = wanted - shares[n]
        paid = price[n] * (1.0 + half_spread if bought > 0.0 else 1.0 - half_spread)
        cash -= bought * paid + abs(bought) * paid * commission
        shares[n] = wanted
    return filled, cash
