"""What an overlay is: a pure function of target weights, stated as a cap, that records why it acted."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from barograph.backtest.engine.brakes import TOLERANCE
from barograph.backtest.situation import Situation
from barograph.typing import Floats, Ints, Mask

APPLIED, UNMET, WARNING = "applied", "unmet", "warning"


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
    from barograph.backtest.risk.kernels import exposures, scaled

    return within(
        weights, exposures(weights, codes, len(subjects)), caps, subjects, at, lambda by: scaled(weights, codes, by)
    )


def within(
    weights: Floats, found: Floats, caps: Floats, subjects: Any, at: Situation, scale: Any
) -> tuple[Floats, list[Breach]]:
    """Scale by cap over exposure where an exposure (R, G) exceeds its cap, and say where."""
    over: Mask = found > caps * (1.0 + TOLERANCE)
    if not over.any():
        return weights, []
    every = np.broadcast_to(caps, found.shape)
    rows, groups = np.nonzero(over)
    factors = np.ones(found.shape)
    factors[rows, groups] = every[rows, groups] / found[rows, groups]
    return scale(factors), [Breach(at.places[rows], subjects[groups], found[rows, groups], every[rows, groups])]


def whole(weights: Floats, caps: Floats, at: Situation) -> tuple[Floats, list[Breach]]:
    """Scale all names by one factor, so that gross exposure is within the caps (R or 1,)."""
    return capped(weights, np.zeros(weights.shape[1], np.int64), np.array(["portfolio"]), caps[:, None], at)
