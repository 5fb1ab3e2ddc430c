"""The compiled sums of overlays: each row is added up in the order of names, so that one row alone gives the same."""

import numpy as np
from numba import njit

from barograph.typing import Floats, Ints


@njit(cache=True, nogil=True)
def reduced(weights: Floats, codes: Ints, caps: Floats, tolerance: float) -> tuple[Floats, Ints, Ints, Floats]:
    """Scale the names of each group (-1: none) so that its gross exposure is within its cap (R or 1, G).

    Returns the weights (R, N), and of each exposure that was above its cap the row, the group and the exposure.
    """
    result, groups = weights.copy(), caps.shape[1]
    rows, over, exposures, count = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64), 0
    found, factors = np.zeros(groups), np.ones(groups)
    for r in range(len(weights)):
        found[:] = 0.0
        for n in range(weights.shape[1]):
            if codes[n] >= 0:
                found[codes[n]] += abs(weights[r, n])
        cap, before = caps[r if len(caps) > 1 else 0], count
        for g in range(groups):
            factors[g] = 1.0
            if found[g] > cap[g] * (1.0 + tolerance):
                if count == len(rows):
                    rows, over = np.append(rows, rows), np.append(over, over)
                    exposures = np.append(exposures, exposures)
                factors[g] = cap[g] / found[g]
                rows[count], over[count], exposures[count] = r, g, found[g]
                count += 1
        if count > before:
            for n in range(weights.shape[1]):
                if codes[n] >= 0:
                    result[r, n] = weights[r, n] * factors[codes[n]]
    return result, rows[:count], over[:count], exposures[:count]


@njit(cache=True, nogil=True)
def sides(weights: Floats) -> tuple[Floats, Floats]:
    """Give the exposure of long and of short positions (R,), both positive."""
    long, short = np.zeros(len(weights)), np.zeros(len(weights))
    for r in range(len(weights)):
        for n in range(weights.shape[1]):
            if weights[r, n] > 0.0:
                long[r] += weights[r, n]
            else:
                short[r] -= weights[r, n]
    return long, short


@njit(cache=True, nogil=True)
def first_wrong(before: Floats, after: Floats, tolerance: float) -> tuple[int, int]:
    """Give row and column of the first weight that grew, changed its sign or is not finite; -1 without one."""
    for r in range(len(before)):
        for n in range(before.shape[1]):
            within = abs(after[r, n]) <= abs(before[r, n]) * (1.0 + tolerance)
            if not within or after[r, n] * before[r, n] < 0.0:
                return r, n
    return -1, -1
