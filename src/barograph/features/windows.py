"""Rolling sums and moments that neither drift nor remember a bad value.

Every function takes a (T,) array and gives a (T,) array whose row t covers the rows t - window + 1 to t, with NaN in
the first window - 1 rows.
"""

import numpy as np

from barograph.features.registration import Array

_NEGLIGIBLE = 1e-12


def window_sum(x: Array, window: int) -> Array:
    """Sum over a rolling window, in time proportional to T.

    The series is cut into blocks as long as the window; a window is the end of one block and the beginning of the next,
    so that two cumulative sums a block give all windows (as van Herk, 1992, Pattern Recognition Letters 13(7), does for
    minima). Unlike a running sum over the series it carries no rounding error, and no NaN, from outside the window.
    """
    from barograph.features import kernels

    return kernels.block_sums(_contiguous(x), window)


def window_mean(x: Array, window: int) -> Array:
    """Take the mean over a rolling window."""
    return window_sum(x, window) / window


def window_variance(x: Array, window: int, ddof: int = 1) -> Array:
    """Take the variance over a rolling window; exactly 0 where the values differ by rounding only."""
    from barograph.features import kernels

    total, squares = kernels.block_moments(_contiguous(x), window)
    deviations = squares - total * total / window
    deviations[deviations <= _NEGLIGIBLE * squares] = 0.0
    return deviations / (window - ddof)


def window_std(x: Array, window: int, ddof: int = 1) -> Array:
    """Take the standard deviation over a rolling window; exactly 0 where the values differ by rounding only."""
    return np.sqrt(window_variance(x, window, ddof))


def window_deviations(x: Array, y: Array, window: int) -> tuple[Array, Array, Array]:
    """Sum the squared deviations of x, those of y and their products from the means of a rolling window.

    The first two are exactly 0 where the values differ by rounding only.
    """
    from barograph.features import kernels

    sum_x, sum_y, *squares, products = kernels.block_comoments(_contiguous(x), _contiguous(y), window)
    deviations = [squares[0] - sum_x * sum_x / window, squares[1] - sum_y * sum_y / window]
    for deviation, total in zip(deviations, squares, strict=True):
        deviation[deviation <= _NEGLIGIBLE * total] = 0.0
    return deviations[0], deviations[1], products - sum_x * sum_y / window


def window_covariance(x: Array, y: Array, window: int) -> Array:
    """Take the covariance (ddof 1) over a rolling window."""
    return window_deviations(x, y, window)[2] / (window - 1)


def window_correlation(x: Array, y: Array, window: int) -> Array:
    """Take the Pearson correlation over a rolling window, in [-1, 1]; NaN where one of the two is constant."""
    of_x, of_y, product = window_deviations(x, y, window)
    scale = np.sqrt(of_x * of_y)
    scale[scale == 0.0] = np.nan
    return np.clip(product / scale, -1.0, 1.0)


def window_rank(x: Array, window: int) -> Array:
    """Give the share of the window's values that are below the last one, ties counting half, in (0, 1)."""
    from barograph.features import kernels

    return kernels.rank_of_last(_contiguous(x), window)


def lag(x: Array, steps: int) -> Array:
    """Give the value `steps` rows ago, NaN in the first rows."""
    result = np.full(x.size, np.nan)
    if x.size > steps:
        result[steps:] = x[: x.size - steps]
    return result


def after_gap(x: Array, steps: int) -> Array:
    """Put `steps` rows of NaN before a series that was computed on the rows after them."""
    return np.concatenate([np.full(steps, np.nan), x])


def read_only(x: Array) -> Array:
    """Give an array of which a function cannot change what others read; kernels are compiled for such arrays alone."""
    view = x.view()
    view.flags.writeable = False
    return view


def _contiguous(x: Array) -> Array:
    return read_only(np.ascontiguousarray(x, dtype=np.float64))
