"""What an overlay is: a pure function of target weights, stated as a cap, that records why it acted."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np

from barograph.backtest.engine.brakes import TOLERANCE
from barograph.backtest.situation import Situation
from barograph.typing import Floats, Ints

APPLIED, UNMET, WARNING = "applied", "unmet", "warning"
PORTFOLIO: Final = np.array(["portfolio"], dtype=object)


class Breach(NamedTuple):
    """Limits that were exceeded, or came close where an overlay warns: one entry per date and subject."""

    places: Ints
    subjects: Any
    exposures: Floats
    limits: Floats
    outcome: str = APPLIED


class Overlay(ABC):
    """Base of overlays on target weights, ours and yours.

    An overlay never enlarges a weight and never changes its sign. Applied twice it equals itself applied once.

    Attributes
    ----------
    place : int
        Its place in the order of overlays; a later one has the last word.
    needs_equity : bool
        Whether it reads ``at.equity``.
    """

    place: ClassVar[int] = 0
    needs_equity: ClassVar[bool] = False

    @abstractmethod
    def limit(self, weights: Floats, at: Situation) -> tuple[Floats, Sequence[Breach]]:
        """Reduce target weights to the limits.

        Parameters
        ----------
        weights : ndarray of shape (R, N)
            Shares of equity.
        at : Situation
            What is known at the close of each row's date.

        Returns
        -------
        weights : ndarray of shape (R, N)
        breaches : sequence of Breach
        """

    def unmet(self, weights: Floats, at: Situation) -> Sequence[Breach]:
        """Give the limits that the weights exceed in the end, since a later overlay had the last word."""
        _, found = self.limit(weights, at)
        return [breach._replace(outcome=UNMET) for breach in found if breach.outcome == APPLIED]


def capped(weights: Floats, codes: Ints, subjects: Any, caps: Floats, at: Situation) -> tuple[Floats, list[Breach]]:
    """Scale the names of each group by one factor, so that their gross exposure is within the group's cap.

    Parameters
    ----------
    weights : ndarray of shape (R, N)
    codes : ndarray of shape (N,)
        The group of each name, from 0; -1: none.
    subjects : ndarray of shape (G,)
        The names of the groups.
    caps : ndarray of shape (R or 1, G)
    at : Situation
    """
    from barograph.backtest.risk.kernels import reduced

    result, rows, groups, exposures = reduced(weights, codes, caps, TOLERANCE)
    if not len(rows):
        return weights, []
    limits = caps[rows if len(caps) > 1 else np.zeros_like(rows), groups]
    return result, [Breach(at.places[rows], subjects[groups], exposures, limits)]


def whole(weights: Floats, caps: Floats, at: Situation) -> tuple[Floats, list[Breach]]:
    """Scale all names by one factor, so that gross exposure is within the caps (R or 1,)."""
    return capped(weights, np.zeros(weights.shape[1], np.int64), PORTFOLIO, caps[:, None], at)
