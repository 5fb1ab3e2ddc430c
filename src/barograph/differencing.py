"""Weights of fractional differencing, and sums with weights over a rolling window.

Imported when a function needs it, as numba is slow to import.
"""

import sys

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


def difference_weights(d: float, threshold: float, most: int = sys.maxsize) -> Array:
    r"""Give the weights of a fractional difference of order `d`, newest first, shape (K,).

    .. math:: w_0 = 1, \quad w_k = -w_{k-1} \frac{d - k + 1}{k}

    They end before the first whose absolute value is below `threshold`, and after `most` of them at the latest.

    References
    ----------
    López de Prado, M. (2018), *Advances in Financial Machine Learning*, ch. 5.5.
    """
    weights = [1.0]
    while len(weights) < most and abs(following := -weights[-1] * (d - len(weights) + 1) / len(weights)) >= threshold:
        weights.append(following)
    return np.array(weights)


@njit(cache=True, nogil=True)
def weighted_sums(x: Array, weights: Array) -> Array:
    """Sum a rolling window with weights, of which the first is the newest row's."""
    n, width = x.size, weights.size
    total = np.full(n, np.nan)
    whole = width - width % 4
    for start in range(width - 1, n, 1024):
        size = min(1024, n - start)
        block = total[start : start + size]
        block[:] = 0.0
        for k in range(0, whole, 4):
            w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
            x3 = x[start - k - 3 : start - k + size]
            for i in range(size):
                block[i] = block[i] + w0 * x3[i + 3] + w1 * x3[i + 2] + w2 * x3[i + 1] + w3 * x3[i]
        for k in range(whole, width):
            x0 = x[start - k : start - k + size]
            for i in range(size):
                block[i] += weights[k] * x0[i]
    return total
