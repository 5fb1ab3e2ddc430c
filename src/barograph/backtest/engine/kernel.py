"""The compiled loops that the drivers call; imported when a backtest runs, as numba is slow to import.

Only these functions are cached. Each contains the ones it calls, and the cache of numba does not see when those change:
the digest of their sources, a part of the key, does.
"""

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numba import njit

from barograph.backtest.engine import accounting, book, brakes, guard, matching, state
from barograph.backtest.engine.accounting import CANCELLED, END_OF_DATA, WORKS, at_once, decide
from barograph.backtest.engine.brakes import Guard
from barograph.backtest.engine.guard import guarded
from barograph.backtest.engine.state import EQUITY, FILLS, ORDERS, TIMED, WORKING, State
from barograph.typing import Floats, Ints

_SOURCES: Final = b"".join(
    Path(str(module.__file__)).read_bytes() for module in (accounting, book, brakes, guard, matching, state)
)
_DIGEST: Final = zlib.crc32(_SOURCES)


@njit(nogil=True, error_model="numpy")
def _day(s: State, t: int) -> float:
    """Play one date, in the order of events that docs/backtest.md gives; the equity at its close."""
    matching.before_open(s, t)
    matching.basket_of(s, t, s.market.open[t], book.OPEN)
    if s.counts[WORKING] > 0:
        matching.during_day(s, t)
    if s.rules.moment > book.OPEN:
        matching.basket_of(s, t, s.market.average[t], s.rules.moment)
    matching.basket_of(s, t, s.market.close[t], book.CLOSE)
    matching.after_close(s, t)
    return s.money[EQUITY]  # type: ignore[no-any-return]


@njit(nogil=True, error_model="numpy")
def _has_room(s: State) -> bool:
    """Whether the arrays have room for all that one date may add."""
    symbols, working = len(s.holdings), s.counts[WORKING]
    orders = s.counts[ORDERS] + symbols + 2 * working + s.counts[TIMED]
    fills = s.counts[FILLS] + (2 * symbols + working if s.rules.logged else 0)
    return orders <= len(s.orders) and fills <= len(s.fills)  # type: ignore[no-any-return]


@njit(nogil=True, error_model="numpy")
def _finish(s: State, t: int) -> None:
    """End what still works."""
    for w in range(s.counts[WORKING]):
        if s.orders[s.working[w]].status == WORKS:
            book.end(s, t, s.working[w], CANCELLED, END_OF_DATA)
    for n in range(len(s.holdings)):
        accounting.cancel_target(s, t, n, END_OF_DATA)


@njit(cache=True, nogil=True, fastmath={"reassoc"})
def gross_of(weights: Floats) -> Floats:
    """Give the sum of absolute weights of each row (R,)."""
    gross = np.zeros(len(weights))
    for r in range(len(weights)):
        for n in range(weights.shape[1]):
            gross[r] += abs(weights[r, n])
    return gross


@njit(nogil=True, error_model="numpy")
def _decide(s: State, t: int, row: int, weights: Floats, g: Guard) -> None:
    """Decide a row of the weights (-1: none) at the close of date t, as far as the brakes let it."""
    if len(g.brakes) > 0:
        if guarded(s, t, g, row >= 0, weights[max(row, 0)]):
            decide(s, t, g.row)
            if g.limit[t] == 0.0:
                at_once(s)
    elif row >= 0:
        decide(s, t, weights[row])


def _compiled(digest: int) -> Callable[[State, int, int, Ints, Floats, Guard], int]:
    @njit(cache=True, nogil=True, error_model="numpy")
    def play(s: State, start: int, stop: int, decided: Ints, weights: Floats, g: Guard) -> int:
        """Play dates; row ``decided[t]`` of the weights is decided at the close of date t, -1: none.

        Returns `stop`, the first date that is not played for want of room, or the date of ruin.
        """
        last = len(decided)
        for t in range(start, stop):
            if digest < 0 or not _has_room(s):
                return t
            if t > 0:
                _decide(s, t - 1, decided[t - 1], weights, g)
            if not _day(s, t) > s.rules.ruin:
                return t
        if start == last:
            if last > 0:
                _decide(s, last - 1, decided[last - 1], weights, g)
            _finish(s, last - 1)
        return stop

    return play


play = _compiled(_DIGEST)
