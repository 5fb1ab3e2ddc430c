"""Distances between two distributions."""

import numpy as np
from numpy.typing import ArrayLike

from barograph.errors import InputError
from barograph.typing import Floats

_SMALLEST_SHARE = 1e-4


def jensen_shannon_divergence(first: ArrayLike, second: ArrayLike) -> Floats:
    """Give the Jensen-Shannon divergence [1]_ of two distributions, in bits: SciPy's distance, squared.

    Both are shares, or counts of any total, over the same K classes, shape (..., K); shapes broadcast. The result is 0
    for equal shares, 1 for shares without a class in common and NaN where a total is 0. A count that is negative or not
    finite raises :class:`~barograph.errors.InputError`.

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


def population_stability_index(reference: ArrayLike, current: ArrayLike, bins: int = 10) -> float:
    r"""Measure how far a sample has moved from a reference sample.

    .. math:: PSI = \sum_b (c_b - r_b) \ln \frac{c_b}{r_b}

    where :math:`r_b` and :math:`c_b` are the shares of the reference and of the current sample in bin :math:`b`. The
    bins lie between the reference's quantiles and are open at both ends. A value at which several quantiles coincide
    (a flag, a clipped indicator) gets a separate bin. Shares below 0.0001 count as 0.0001.

    Parameters
    ----------
    reference, current : array_like, shape (n,) and (m,)
        NaN is left out.
    bins : int, default=10
        At least 2.

    Returns
    -------
    float
        Not negative; 0 for equal shares. Unlike a test it has no null distribution: small or
        autocorrelated samples exceed the customary 0.1 and 0.25 by chance alone.

    Raises
    ------
    InputError
        If a sample is empty or `bins` is below 2.

    References
    ----------
    .. [1] Siddiqi (2006), "Credit Risk Scorecards", Wiley, ch. 8.
    """
    before, after = np.sort(_values(reference, "reference")), np.sort(_values(current, "current"))
    if bins < 2:
        raise InputError(f"bins: {bins} given; at least 2 are needed")
    return stability_of_sorted(before, after, bins)


def stability_of_sorted(before: Floats, after: Floats, bins: int) -> float:
    """Give the same of samples in ascending order, without NaN, where at least one value is in each."""
    values, repeats = np.unique(quantiles_of_sorted(before, np.linspace(0, 1, bins + 1)[1:-1]), return_counts=True)
    edges = np.union1d(values, np.nextafter(values[repeats > 1], np.inf))
    shares_before, shares_after = (_shares(sample, edges) for sample in (before, after))
    return float(np.sum((shares_after - shares_before) * np.log(shares_after / shares_before)))


def quantiles_of_sorted(ordered: Floats, shares: Floats) -> Floats:
    """Give what `numpy.quantile` gives, to the bit, which does not know that the values ascend."""
    place = shares * (ordered.size - 1)
    below = place.astype(np.int64)
    low, high, share = ordered[below], ordered[np.minimum(below + 1, ordered.size - 1)], place - below
    return np.where(share < 0.5, low + (high - low) * share, high - (high - low) * (1 - share))


def _values(sample: ArrayLike, name: str) -> Floats:
    values = np.asarray(sample, dtype=np.float64).ravel()
    values = values[~np.isnan(values)]
    if not values.size:
        raise InputError(f"{name}: no value that is not NaN; at least one is needed")
    return values


def _shares(ordered: Floats, edges: Floats) -> Floats:
    counts = np.diff(np.searchsorted(ordered, edges), prepend=0, append=ordered.size)
    return np.maximum(counts / ordered.size, _SMALLEST_SHARE)
