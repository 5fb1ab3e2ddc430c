"""The rows that a score is computed from: a part of all forecasts, once or in many resamples of its dates."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from barograph.losses import log_losses, square_losses
from barograph.names import CLASSES
from barograph.scoring.calibration import bin_of
from barograph.scoring.movement import movement_losses
from barograph.typing import Floats, Ints, Rows


@dataclass(frozen=True)
class Forecasts:
    """The forecasts of P predictors for n rows, and the labels.

    Attributes
    ----------
    predictors : sequence of str, length P
    probabilities : ndarray, shape (P, n, 3)
    label : ndarray of int, shape (n,)
    date : ndarray of int, shape (n,)
        Each row's date, as a number below `n_dates`.
    n_dates : int
    bins : int
        Equal-width bins of the calibration error.
    """

    predictors: Sequence[str]
    probabilities: Floats
    label: Ints
    date: Ints
    n_dates: int
    bins: int

    @cached_property
    def loss(self) -> Floats:
        """Log loss of each row, shape (P, n)."""
        return log_losses(self.probabilities, self.label)

    @cached_property
    def movement_loss(self) -> Floats:
        """The part of each row's log loss that is about whether a barrier is hit, shape (P, n)."""
        return movement_losses(self.probabilities, self.label)

    @cached_property
    def square(self) -> Floats:
        """Brier score of each row, shape (P, n)."""
        return square_losses(self.probabilities, self.label)

    @cached_property
    def predicted(self) -> Rows:
        """The most probable class, the first of equals, shape (P, n)."""
        guess: Rows = self.probabilities.argmax(axis=2)
        return guess

    @cached_property
    def bin(self) -> Rows:
        """The bin of each class's probability, shape (P, 3, n)."""
        return np.stack([[bin_of(p, self.bins) for p in probabilities.T] for probabilities in self.probabilities])

    @cached_property
    def ascending(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The rows from the least probable to the most, and the rank of each, equal ones sharing it, (P, 3, n) each."""
        order = np.argsort(self.probabilities, axis=1, kind="stable").swapaxes(1, 2).astype(np.int32)
        values = np.take_along_axis(self.probabilities.swapaxes(1, 2), order.astype(np.intp), axis=2)
        tie = np.zeros(order.shape, dtype=np.int32)
        np.cumsum(np.diff(values, axis=2) > 0, axis=2, out=tie[..., 1:])
        return order, tie


@dataclass(frozen=True)
class Part:
    """Some of the rows, each taken once; a metric's `score` asks it for means, counts and areas.

    Attributes
    ----------
    forecasts : Forecasts
    rows : ndarray of int, shape (m,)
        Ascending; at least one.
    """

    forecasts: Forecasts
    rows: Rows

    @property
    def size(self) -> Floats:
        """Number of rows, shape (), or (R,) in R resamples."""
        return np.array(self.rows.size, dtype=np.float64)

    @property
    def label(self) -> Ints:
        """Labels, shape (m,)."""
        return self.forecasts.label[self.rows]

    @property
    def probabilities(self) -> Floats:
        """Probabilities, shape (P, m, 3)."""
        return self.forecasts.probabilities[:, self.rows]

    @property
    def loss(self) -> Floats:
        """Log losses, shape (P, m)."""
        return self.forecasts.loss[:, self.rows]

    @property
    def movement_loss(self) -> Floats:
        """The part of the log losses that is about whether a barrier is hit, shape (P, m)."""
        return self.forecasts.movement_loss[:, self.rows]

    @property
    def square(self) -> Floats:
        """Brier scores, shape (P, m)."""
        return self.forecasts.square[:, self.rows]

    def mean(self, values: Floats) -> Floats:
        """Average the predictors' values of the rows, shape (P, m); shape (P,), or (P, R) in R resamples."""
        mean: Floats = values.mean(axis=1)
        return mean

    def relative(self, values: Floats, predictor: str) -> Floats:
        """Divide each predictor's mean by that of `predictor`; as :meth:`mean`."""
        return _relative(self.mean(values), self.forecasts.predictors.index(predictor))

    @cached_property
    def movement(self) -> Floats:
        """The part of the mean log loss that is about whether a barrier is hit; as :meth:`mean`."""
        return self.mean(self.movement_loss)

    @cached_property
    def direction(self) -> Floats:
        """The rest of the mean log loss: which barrier is hit, given that one is; as :meth:`mean`."""
        return self.mean(self.loss - self.movement_loss)

    def totals(self, group: Ints, groups: int, weights: Floats | None = None) -> Floats:
        """Count the rows, or add up their weights, of each group; shape (groups,), or (R, groups) in R resamples."""
        return np.bincount(group, weights, groups).astype(np.float64)

    @cached_property
    def confusion(self) -> Floats:
        """Rows of each label and predicted class, shape (P, 3, 3), or (P, R, 3, 3) in R resamples."""
        k = len(CLASSES)
        cells = self.label * k + self.forecasts.predicted[:, self.rows]
        counts = np.stack([self.totals(cell, k * k) for cell in cells])
        return counts.reshape(*counts.shape[:-1], k, k)

    def auc(self) -> Floats:
        """Average the one-vs-rest areas of the classes, shape (P,), or (P, R) in R resamples; NaN without a class."""
        return self._areas(np.ones((self.forecasts.n_dates, 1)))[:, 0]

    def _areas(self, weights: Floats) -> Floats:
        """Give the areas with dates weighted, shape (n_dates, R)."""
        from barograph.scoring.auc import resampled_auc

        forecasts, counts = self.forecasts, weights.astype(np.float32)
        inside = np.zeros(forecasts.label.size, dtype=bool)
        inside[self.rows] = True
        areas = np.zeros((len(forecasts.predictors), weights.shape[1]))
        for i, k in np.ndindex(len(forecasts.predictors), len(CLASSES)):
            order, tie = (ranks[i, k] for ranks in forecasts.ascending)
            kept = inside[order]
            rows = order[kept]
            areas[i] += resampled_auc(tie[kept], forecasts.date[rows], forecasts.label[rows] == k, counts)
        return areas / len(CLASSES)


@dataclass(frozen=True)
class Resamples(Part):
    """Some of the rows, their dates drawn again and again; scores then have shape (P, R).

    Attributes
    ----------
    dates : ndarray of int, shape (d,)
        The dates of the rows, ascending.
    counts : ndarray, shape (R, d)
        How often each resample drew each date.
    """

    dates: Rows
    counts: Floats

    @property
    def size(self) -> Floats:
        """Rows of each resample, shape (R,)."""
        return self.totals(np.zeros_like(self.rows), 1)[:, 0]

    def mean(self, values: Floats) -> Floats:
        """Average in each resample, shape (P, R)."""
        return self._drawn(values) / self.size

    def relative(self, values: Floats, predictor: str) -> Floats:
        """Divide the means of each resample, shape (P, R)."""
        return _relative(self._drawn(values), self.forecasts.predictors.index(predictor))

    def totals(self, group: Ints, groups: int, weights: Floats | None = None) -> Floats:
        """Count, or add up, in each resample, shape (R, groups)."""
        n_dates = self.forecasts.n_dates
        sums = np.bincount(group * n_dates + self.forecasts.date[self.rows], weights, groups * n_dates)
        return self.counts @ sums.reshape(groups, n_dates)[:, self.dates].T

    def auc(self) -> Floats:
        """Average the areas in each resample, shape (P, R)."""
        weights = np.zeros((self.forecasts.n_dates, len(self.counts)))
        weights[self.dates] = self.counts.T
        return self._areas(weights)

    def _drawn(self, values: Floats) -> Floats:
        """Add up values, shape (k, m), in each resample, shape (k, R)."""
        date, n_dates = self.forecasts.date[self.rows], self.forecasts.n_dates
        return np.stack([np.bincount(date, row, n_dates)[self.dates] for row in values]) @ self.counts.T


def _relative(figures: Floats, at: int) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: Floats = figures / figures[at]
    return ratio
