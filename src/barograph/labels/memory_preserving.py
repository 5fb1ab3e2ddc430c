"""Fractional differencing: a stationary series that remembers its level."""

import numpy as np
from numpy.typing import ArrayLike

from barograph.errors import InputError
from barograph.typing import Floats


def fractional_difference(x: ArrayLike, d: float, *, threshold: float) -> Floats:
    """Difference a series to the fractional order `d` over a fixed-width window.

    Parameters
    ----------
    x : array of shape (T,)
        The series, usually log prices.
    d : float
        Order, zero or more; 1 is the first difference.
    threshold : float
        The window ends before the first weight whose absolute value is below this; in (0, 1).

    Returns
    -------
    array of shape (T,)
        NaN while the window fills.

    Raises
    ------
    InputError
        If `d` is negative or `threshold` lies outside (0, 1).

    References
    ----------
    López de Prado, M. (2018), *Advances in Financial Machine Learning*, ch. 5.5.
    """
    from barograph.differencing import difference_weights, weighted_sums

    if d < 0 or not 0 < threshold < 1:
        raise InputError(
            f"fractional differencing: d={d}, threshold={threshold}; allowed are d >= 0, 0 < threshold < 1"
        )
    series = np.array(x, np.float64)
    series.setflags(write=False)
    # One weight more than there are rows: a window that does not fit gives no value.
    return weighted_sums(series, difference_weights(d, threshold, most=series.size + 1))
