"""How far two distributions over the same bins lie apart."""

import numpy as np
from numpy.typing import ArrayLike

from barograph.errors import InputError
from barograph.typing import Floats


def jensen_shannon_divergence(first: ArrayLike, second: ArrayLike) -> Floats:
    """Give the Jensen-Shannon divergence of two distributions, in bits: SciPy's distance, squared.

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
    from scipy.spatial.distance import jensenshannon

    p, q = np.broadcast_arrays(_counts(first, "first"), _counts(second, "second"))
    with np.errstate(invalid="ignore"):
        distance: Floats = jensenshannon(p, q, base=2, axis=-1)
    # The root of a divergence that rounding left below zero is undefined.
    rounded = np.isnan(distance) & (p.sum(axis=-1) > 0) & (q.sum(axis=-1) > 0)
    return np.where(rounded, 0.0, distance) ** 2


def _counts(counts: ArrayLike, name: str) -> Floats:
    values = np.asarray(counts, dtype=np.float64)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise InputError(f"{name}: a count is negative or not finite; it must be zero or more")
    return values
