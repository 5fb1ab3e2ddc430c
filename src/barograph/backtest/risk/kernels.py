"""The compiled sums of overlays: each row is added up in the order of names, so that one row alone gives the same."""

import numpy as np
from numba import njit

from barograph.typing import Floats, Ints


@njit(cache=True, nogil=True)
def exposures(weights: Floats, codes: Ints, groups: int) -> Floats:
    """Give the gross exposure (R, G) of each group of names."""
    found = np.zeros((len(weights), groups))
    for r in range(len(weights)):
        for n in range(weights.shape[1]):
            if codes[n] >= 0:
                found[r, codes[n]] += abs(weights[r, n])
    return found


@njit(cache=True, nogil=True)
def scaled(weights: Floats, codes: Ints, factors: Floats) -> Floats:
    """Scale each name by the factor (R, G) of its group."""
    result = np.empty(weights.shape)
    for r in range(len(weights)):
        for n in range(weights.shape[1]):
            result[r, n] = weights[r, n] * factors[r, codes[n]] if codes[n] >= 0 else weights[r, n]
    return result


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
