"""Movement and direction, the two parts of a forecast's log loss."""

from typing import Final

import numpy as np

from barograph.losses import SMALLEST
from barograph.names import CLASSES
from barograph.typing import Floats, Ints

_HOLD: Final = CLASSES.index("hold")


def movement_losses(probabilities: Floats, label: Ints) -> Floats:
    """Give the part of each row's log loss that is about whether a barrier is hit, shape (..., n).

    By the chain rule [1]_, log p(label) = log p(hit or not) + log p(side | hit), the second only where a barrier is
    hit. What remains of the row's log loss is therefore about the direction: never negative, and 0 where no barrier is
    hit. The probability of a hit is p(sell) + p(buy). Zero counts as in :func:`~barograph.losses.log_losses`; where
    that probability is zero too, the whole loss is about the movement.

    Parameters
    ----------
    probabilities : ndarray, shape (..., n, 3)
        Of sell, hold and buy.
    label : ndarray of int, shape (n,)

    References
    ----------
    .. [1] Cover, Thomas (2006), "Elements of Information Theory", second edition, Wiley, section 2.5.
    """
    sell, hold, buy = np.moveaxis(probabilities, -1, 0)
    outcome = np.where(label == _HOLD, hold, sell + buy)
    losses: Floats = -np.log(np.clip(outcome, SMALLEST, 1.0))
    return losses
