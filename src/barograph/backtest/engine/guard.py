"""Brakes in the compiled loop: what the account's record allows, on every date, with or without a decision."""

from typing import Any

import numpy as np
from numba import njit

from barograph.backtest.engine.accounting import CANCELLED, EMERGENCY, WORKS
from barograph.backtest.engine.book import end
from barograph.backtest.engine.brakes import DRAWDOWN, STOP, TOLERANCE, VOLATILITY, Guard
from barograph.backtest.engine.state import EQUITY, GROSS, ROWS, WORKING, State
from barograph.typing import Floats


@njit(nogil=True, error_model="numpy")
def guarded(s: State, t: int, g: Guard, decided: bool, weights: Floats) -> bool:
    """Put the row to be decided at the close of date t into the guard; tell whether there is one.

    That is the strategy's row, reduced to the limit, or without a row the positions, if they exceed the limit.
    """
    equity = s.money[EQUITY]
    held = s.money[GROSS] / equity
    for b in range(len(g.brakes)):
        limit = _limit_of(g.brakes[b], equity, held, g.released[t])
        if limit < g.limit[t]:
            g.limit[t], g.brake[t] = limit, b
    if g.brake[t] >= 0 and g.brakes[g.brake[t]].kind == STOP:
        _cancel_all(s, t)
    exposure = 0.0
    for n in range(len(g.row)):
        g.row[n] = weights[n] if decided else s.holdings[n].shares * s.holdings[n].mark / equity
        exposure += abs(g.row[n])
    limit = g.limit[t]
    reduces = exposure > limit * (1.0 + TOLERANCE)
    if reduces:
        g.found[t] = exposure
        for n in range(len(g.row)):
            g.row[n] *= limit / exposure
    if reduces or decided:
        g.rows[s.counts[ROWS]] = g.row
    return reduces or decided


@njit(nogil=True, error_model="numpy")
def _limit_of(brake: Any, equity: float, held: float, released: bool) -> float:
    """Give the limit that a brake sets on gross exposure, and let it remember the date."""
    before, exposure = brake.before, brake.exposure
    brake.before, brake.exposure = equity, held
    brake.peak = max(brake.peak, equity)
    if brake.kind == VOLATILITY:
        return _by_volatility(brake, equity, before, exposure)
    if brake.kind == DRAWDOWN:
        full = brake.most - brake.least
        share = (1.0 - equity / brake.peak - brake.first) / (brake.second - brake.first)
        return float(np.inf if share <= 0.0 else brake.most - full * min(share, 1.0))
    if released:
        brake.stopped, brake.peak, before = 0, equity, equity
    fallen = 1.0 - equity / brake.peak >= brake.first - TOLERANCE
    if fallen or (before > 0.0 and 1.0 - equity / before >= brake.second - TOLERANCE):
        brake.stopped = 1
    return 0.0 if brake.stopped else np.inf


@njit(nogil=True, error_model="numpy")
def _by_volatility(brake: Any, equity: float, before: float, exposure: float) -> float:
    """Let the day's return per unit of exposure into the variance; days without exposure tell nothing."""
    if before > 0.0 and exposure > TOLERANCE:
        earned = (equity / before - 1.0) / exposure
        weight = 1.0 - brake.second if brake.seen else 1.0
        brake.variance += weight * (earned * earned - brake.variance)
        brake.seen += 1
    if brake.seen < brake.days or brake.variance == 0.0:
        return np.inf
    limit = brake.first / np.sqrt(brake.variance * 252.0)
    return float(limit if limit < brake.most else np.inf)


@njit(nogil=True, error_model="numpy")
def _cancel_all(s: State, t: int) -> None:
    for w in range(s.counts[WORKING]):
        if s.orders[s.working[w]].status == WORKS:
            end(s, t, s.working[w], CANCELLED, EMERGENCY)
