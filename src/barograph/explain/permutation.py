"""Shapley values of any function, by sampling orders in which the features become known."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from barograph.randomness import generator
from barograph.typing import Floats


def permutation_shapley(
    function: Callable[[NDArray[np.float32]], Floats], X: NDArray[np.float32], reference: NDArray[np.float32], seed: int
) -> tuple[Floats, Floats]:
    """Estimate Shapley values against a reference row (k,): shares (n, k, c), and the function (c,) at the reference.

    Each row draws an order and takes it forwards and backwards; in either, feature after feature moves from the
    reference to the row's value, and the function's change is the feature's. The two are averaged. The estimate is
    unbiased, its sum is exact in every row, and where features interact in pairs at most it is exact itself.
    `function` gives (n, c) for (n, k); it is called 2 k times with all rows.

    References
    ----------
    .. [1] Strumbelj, E., & Kononenko, I. (2014). Explaining prediction models and individual predictions with feature
       contributions. Knowledge and Information Systems 41, 647-665.
    .. [2] Mitchell, R., Cooper, J., Frank, E., & Holmes, G. (2022). Sampling permutations for Shapley value estimation.
       Journal of Machine Learning Research 23(43). Section 2.3 on antithetic pairs.
    """
    n, k = X.shape
    forwards = generator(seed, "explain", "orders").permuted(np.tile(np.arange(k), (n, 1)), axis=1)
    start, end = function(np.tile(reference, (n, 1))), function(X)
    shares = np.zeros((n, k, start.shape[1]))
    rows = np.arange(n)
    for order in (forwards, forwards[:, ::-1]):
        now, before = np.tile(reference, (n, 1)), start
        for feature in order.T[:-1]:
            now[rows, feature] = X[rows, feature]
            after = function(now)
            shares[rows, feature] += (after - before) / 2
            before = after
        shares[rows, order[:, -1]] += (end - before) / 2
    return shares, start[0]
