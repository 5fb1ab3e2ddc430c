"""What a sizing is: a pure function from the weights that a strategy decides to those that it gets."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from barograph.backtest.situation import Situation
from barograph.typing import Floats


class Sizing(Protocol):
    """Decides how much of what a strategy chose."""

    def size(self, weights: Floats, at: Situation) -> Floats:
        """Size target weights.

        Parameters
        ----------
        weights : ndarray of shape (R, N)
            As the strategy decided them.
        at : Situation
            What is known at the close of each row's date.

        Returns
        -------
        ndarray of shape (R, N)
            A name that the strategy does not hold stays at 0, and no sign changes. Rows whose gross exposure is above
            the account's ``max_leverage`` are scaled down afterwards.
        """


def shared(weights: Floats, sizes: Floats) -> Floats:
    """Divide the gross exposure of decided weights (N,) in proportion to positive sizes (N,)."""
    of_names = np.where(weights != 0.0, sizes, 0.0)
    total = of_names.sum()
    if not total > 0.0:
        return weights
    result: Floats = np.sign(weights) * of_names * (np.abs(weights).sum() / total)
    return result


def row_by_row(weights: Floats, sized: Callable[[int, Floats], Floats]) -> Floats:
    """Size each row that holds something."""
    result = weights.copy()
    for row in np.flatnonzero((weights != 0.0).any(axis=1)):
        result[row] = sized(int(row), weights[row])
    return result
