"""How far two distributions over the same bins lie apart."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barograph.errors import InputError


def jensen_shannon_divergence(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    r"""Give the Jensen-Shannon divergence of two distributions, in bits.

    .. math:: JS(p, q) = \frac12 KL(p, m) + \frac12 KL(q, m), \quad m = \frac{p + q}2, \quad
       KL(p, m) = \sum_k p_k \log_2 \frac{p_k}{m_k}

    Parameters
    ----------
    first, second : array_like, shape (..., K)
        Shares, or counts of any total, over the same K classes or bins; shapes broadcast.

    Returns
    -------
    ndarray, shape (...)
        From 0 for equal shares to 1 for shares without a class in common; NaN where a total is 0.

    Raises
    ------
    InputError
        If a count is negative or not finite.

    References
    ----------
    .. [1] Lin (1991), "Divergence Measures Based on the Shannon Entropy", IEEE Transactions on Information Theory
       37(1).
    """
    p, q = _shares(first, "first"), _shares(second, "second")
    middle = (p + q) / 2
    return np.maximum((_surprise(p, middle) + _surprise(q, middle)) / 2, 0.0)


def _shares(counts: ArrayLike, name: str) -> NDArray[np.float64]:
    values = np.asarray(counts, dtype=np.float64)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise InputError(f"{name}: a count is negative or not finite; it must be zero or more")
    with np.errstate(invalid="ignore"):
        shares: NDArray[np.float64] = values / values.sum(axis=-1, keepdims=True)
    return shares


def _surprise(shares: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio = np.divide(shares, middle, out=np.ones(middle.shape), where=shares > 0)
    total: NDArray[np.float64] = (shares * np.log2(ratio)).sum(axis=-1)
    return total
