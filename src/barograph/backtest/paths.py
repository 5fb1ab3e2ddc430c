"""Compiled walks over drawn days; imported only by who draws."""

from typing import Any, Final

import numpy as np
from numba import njit

from barograph.typing import Floats, Ints

FIGURES: Final = ("cagr", "annual_volatility", "sharpe", "max_drawdown")


@njit(cache=True, nogil=True)
def walk(rows: Ints, chosen: Ints, jumps: Any, places: Floats, first: Ints, length: Ints) -> None:
    """Write the places of the days of each path, in folds that begin at `first`, into rows (R, T)."""
    for r in range(len(rows)):
        drawn, left, at = 0, 0, 0
        for t in range(rows.shape[1]):
            begins = left == 0
            if begins:
                fold = chosen[r, drawn]
                drawn += 1
                left = length[fold]
            at = int(places[r, t] * length[fold]) if begins or jumps[r, t] else (at + 1) % length[fold]
            rows[r, t] = first[fold] + at
            left -= 1


@njit(cache=True, nogil=True)
def path_figures(steps: Floats, rows: Ints, periods: float) -> Floats:
    """Give (R, M, 4) figures of paths (R, T) over steps (T', M), as `FIGURES` names them."""
    found = np.empty((len(rows), steps.shape[1], 4))
    count = rows.shape[1]
    for r in range(len(rows)):
        for m in range(steps.shape[1]):
            wealth, top, deepest, total, square = 1.0, 1.0, 0.0, 0.0, 0.0
            for t in range(count):
                step = steps[rows[r, t], m]
                wealth *= 1.0 + step
                top = max(top, wealth)
                deepest = min(deepest, wealth / top - 1.0)
                total += step
                square += step * step
            mean = total / count
            deviation = np.sqrt(max(square - count * mean * mean, 0.0) / max(count - 1, 1))
            found[r, m, 0] = wealth ** (periods / count) - 1.0
            found[r, m, 1] = deviation * np.sqrt(periods)
            found[r, m, 2] = mean / deviation * np.sqrt(periods) if deviation > 1e-6 * abs(mean) else np.nan
            found[r, m, 3] = deepest
    return found
