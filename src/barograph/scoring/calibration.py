"""Do things that were given a probability happen that often."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barograph.errors import InputError
from barograph.typing import Floats, Rows


def expected_calibration_error(p: ArrayLike, y: ArrayLike, bins: int = 10) -> float:
    r"""Average gap between stated probability and observed frequency.

    .. math:: ECE = \sum_b \frac{n_b}{n} \left| \bar y_b - \bar p_b \right|

    over equal-width bins of the probability, each closed at its right end (the first also at 0).

    Parameters
    ----------
    p : array_like, shape (n,)
        Probabilities.
    y : array_like, shape (n,)
        1 where the event happened, else 0.
    bins : int, default=10

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    InputError
        If the shapes differ, there are no values, a probability lies outside [0, 1], an outcome is neither 0 nor 1,
        or `bins` is below 1.

    References
    ----------
    .. [1] Naeini, Cooper, Hauskrecht (2015), "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI.
    """
    probability, outcome = np.asarray(p, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if probability.ndim != 1 or probability.shape != outcome.shape or not probability.size:
        raise InputError(
            f"p and y: shapes {probability.shape} and {outcome.shape}; both must be (n,) with n at least 1"
        )
    if not ((probability >= 0) & (probability <= 1)).all():
        raise InputError("p: contains a value outside [0, 1] or NaN; probabilities are needed")
    if not np.isin(outcome, (0.0, 1.0)).all():
        raise InputError("y: contains a value other than 0 and 1")
    if bins < 1:
        raise InputError(f"bins: {bins} given; at least 1 is needed")
    surplus = np.bincount(bin_of(probability, bins), outcome - probability, bins)
    return float(calibration_gap(surplus, probability.size))


def bin_of(probability: Floats, bins: int) -> Rows:
    """Give the number of the equal-width bin of each probability, from 0; bins are closed at the right end."""
    return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], probability, side="left")


def calibration_gap(surplus: NDArray[Any], rows: ArrayLike) -> Floats:
    """Give the calibration error of rows from each bin's sum of outcome less probability, shape (..., bins)."""
    gap: Floats = np.abs(surplus).sum(axis=-1) / rows
    return gap
