"""Has a distribution moved: the population stability index."""

import numpy as np
from numpy.typing import ArrayLike

from barograph.errors import InputError
from barograph.typing import Floats

_SMALLEST_SHARE = 1e-4


def population_stability_index(reference: ArrayLike, current: ArrayLike, bins: int = 10) -> float:
    r"""Measure how far a sample has moved from a reference sample.

    .. math:: PSI = \sum_b (c_b - r_b) \ln \frac{c_b}{r_b}

    where :math:`r_b` and :math:`c_b` are the shares of the reference and of the current sample in bin :math:`b`. The
    bins lie between the reference's quantiles and are open at both ends. A value at which several quantiles coincide
    (a flag, a clipped indicator) gets a bin of its own. Shares below 0.0001 count as 0.0001.

    Parameters
    ----------
    reference, current : array_like, shape (n,) and (m,)
        NaN is left out.
    bins : int, default=10
        At least 2.

    Returns
    -------
    float
        Not negative; 0 for equal shares. Unlike a test it has no null distribution of its own: small or
        autocorrelated samples exceed the customary 0.1 and 0.25 by chance alone.

    Raises
    ------
    InputError
        If a sample is empty or `bins` is below 2.

    References
    ----------
    .. [1] Siddiqi (2006), "Credit Risk Scorecards", Wiley, ch. 8.
    """
    before, after = _values(reference, "reference"), _values(current, "current")
    if bins < 2:
        raise InputError(f"bins: {bins} given; at least 2 are needed")
    inner = np.quantile(before, np.linspace(0, 1, bins + 1)[1:-1])
    values, repeats = np.unique(inner, return_counts=True)
    edges = np.union1d(values, np.nextafter(values[repeats > 1], np.inf))
    shares_before, shares_after = (_shares(sample, edges) for sample in (before, after))
    return float(np.sum((shares_after - shares_before) * np.log(shares_after / shares_before)))


def _values(sample: ArrayLike, name: str) -> Floats:
    values = np.asarray(sample, dtype=np.float64).ravel()
    values = values[~np.isnan(values)]
    if not values.size:
        raise InputError(f"{name}: no value that is not NaN; at least one is needed")
    return values


def _shares(sample: Floats, edges: Floats) -> Floats:
    counts = np.bincount(np.searchsorted(edges, sample, side="right"), minlength=edges.size + 1)
    return np.maximum(counts / sample.size, _SMALLEST_SHARE)
