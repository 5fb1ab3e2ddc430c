"""The losses by which probabilities of sell, hold and buy are judged."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from barograph.typing import Floats

SMALLEST: Final = float(np.finfo(np.float64).eps)


def log_losses(probabilities: Floats, label: NDArray[Any]) -> Floats:
    """Give the log loss of each row, shape (..., n), from probabilities of shape (..., n, 3) and labels of shape (n,).

    A probability of zero counts as the machine epsilon, so that no loss is infinite.
    """
    losses: Floats = -np.log(np.clip(probabilities[..., np.arange(label.size), label], SMALLEST, 1.0))
    return losses


def log_loss(probabilities: Floats, label: NDArray[Any]) -> float:
    """Give the mean log loss of n rows; arguments as :func:`log_losses`."""
    return float(log_losses(probabilities, label).mean())


def square_losses(probabilities: Floats, label: NDArray[Any]) -> Floats:
    """Give the Brier score of each row, summed over the classes; arguments and shape as :func:`log_losses`.

    References
    ----------
    .. [1] Brier, G. W. (1950). Verification of forecasts expressed in terms of probability. Monthly Weather Review
       78 (1), 1-3.
    """
    squares: Floats = ((probabilities - (label[:, None] == np.arange(probabilities.shape[-1]))) ** 2).sum(axis=-1)
    return squares
