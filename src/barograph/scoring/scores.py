"""Scores of several predictors on any part of the rows, from quantities computed once a row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barograph.losses import log_losses, square_losses
from barograph.names import CLASSES
from barograph.scoring.auc import resampled_auc
from barograph.scoring.calibration import bin_of, calibration_gap
from barograph.scoring.pairing import Paired
from barograph.typing import Floats, Ints, Mask, Rows

N_CLASSES = len(CLASSES)


def macro_f1(hits: NDArray[Any], actual: NDArray[Any], predicted: NDArray[Any]) -> Floats:
    """Average F1 over the classes that occur or are predicted, from the rows of each class, all of shape (..., 3)."""
    with np.errstate(invalid="ignore"):
        mean: Floats = np.nanmean(2 * hits / (actual + predicted), axis=-1)
    return mean


def ascending(probabilities: Floats) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Order the rows by each class's probability.

    Parameters
    ----------
    probabilities : ndarray, shape (..., n, 3)

    Returns
    -------
    order : ndarray of int32, shape (..., 3, n)
        The rows from the least probable to the most.
    tie : ndarray of int32, shape (..., 3, n)
        Along `order`, the rank of each probability; equal ones share it.
    """
    order = np.argsort(probabilities, axis=-2, kind="stable").swapaxes(-1, -2).astype(np.int32)
    values = np.take_along_axis(probabilities.swapaxes(-1, -2), order.astype(np.intp), axis=-1)
    tie = np.zeros(order.shape, dtype=np.int32)
    np.cumsum(np.diff(values, axis=-1) > 0, axis=-1, out=tie[..., 1:])
    return order, tie


def macro_auc(
    order: NDArray[np.int32],
    tie: NDArray[np.int32],
    label: Ints,
    date: Ints,
    inside: Mask,
    weights: Floats,
) -> Floats:
    """Give one predictor's macro one-vs-rest AUC of each resample.

    Parameters
    ----------
    order, tie : ndarray of int32, shape (3, n)
        See :func:`ascending`.
    label, date : ndarray of int, shape (n,)
        `date` is the row of `weights`.
    inside : ndarray of bool, shape (n,)
        The rows that count.
    weights : ndarray, shape (n_dates, resamples)
        How often each resample drew each date.

    Returns
    -------
    ndarray, shape (resamples,)
        NaN where a class is absent, or alone, in the resample.
    """
    total = np.zeros(weights.shape[1])
    for k in range(N_CLASSES):
        kept = inside[order[k]]
        rows = order[k, kept]
        total += resampled_auc(tie[k, kept], date[rows], label[rows] == k, weights)
    return total / N_CLASSES


class Scorer:
    """Per-row losses, bins and orders of P predictors on n rows; each method scores a subset of the rows.

    Parameters
    ----------
    paired : Paired
    bins : int
        Equal-width bins of the calibration error.
    """

    def __init__(self, paired: Paired, bins: int) -> None:
        p, label = paired.probabilities, paired.label
        self.bins = bins
        self.probabilities, self.label, self.date = p, label, paired.date
        self.n_dates = paired.dates.size
        self.is_class = label == np.arange(N_CLASSES)[:, None]
        self.loss, self.square = log_losses(p, label), square_losses(p, label)
        self.predicted = p.argmax(axis=2)
        self.bin = np.stack([[bin_of(p[i, :, k], bins) for k in range(N_CLASSES)] for i in range(len(p))])
        self.order, self.tie = ascending(p)

    def point(self, rows: Rows) -> dict[str, Floats]:
        """Give every score but skill and AUC; arrays of shape (P,).

        `majority_accuracy` is the share of the subset's own most common label: hindsight that no predictor has.
        Predicted is the most probable class, the first of equals. Balanced accuracy averages recall over the classes
        that occur; macro F1 over those that occur or are predicted.
        """
        confusion = self.confusion(rows)
        hits = np.diagonal(confusion, axis1=1, axis2=2)
        actual, predicted = confusion.sum(axis=2), confusion.sum(axis=1)
        with np.errstate(invalid="ignore"):
            recall = hits / actual
        return {
            "log_loss": self.loss[:, rows].mean(axis=1),
            "brier": self.square[:, rows].mean(axis=1),
            "calibration_error": self.calibration_error(rows),
            "accuracy": hits.sum(axis=1) / rows.size,
            "majority_accuracy": actual.max(axis=1) / rows.size,
            "balanced_accuracy": np.nanmean(recall, axis=1),
            "macro_f1": macro_f1(hits, actual, predicted),
        }

    def confusion(self, rows: Rows) -> Ints:
        """Count rows, shape (P, label, predicted class)."""
        cells = self.label[rows] * N_CLASSES + self.predicted[:, rows]
        counts = [np.bincount(own, minlength=N_CLASSES**2) for own in cells]
        return np.stack(counts).reshape(-1, N_CLASSES, N_CLASSES)

    def calibration_error(self, rows: Rows) -> Floats:
        """Give the expected calibration error, averaged over the classes, shape (P,)."""
        errors = [
            [
                calibration_gap(self.bin[i, k, rows], p[rows, k], self.is_class[k, rows].astype(np.float64), self.bins)
                for k in range(N_CLASSES)
            ]
            for i, p in enumerate(self.probabilities)
        ]
        mean: Floats = np.array(errors).mean(axis=1)
        return mean

    def loss_per_date(self, rows: Rows, dates: Ints) -> Floats:
        """Sum the log loss of each date in `dates`, shape (P, dates)."""
        return np.stack([np.bincount(self.date[rows], own[rows], self.n_dates)[dates] for own in self.loss])

    def auc(self, rows: Rows, dates: Ints, counts: Floats) -> Floats:
        """Give the macro one-vs-rest AUC of each resample.

        Parameters
        ----------
        rows : ndarray of int
        dates : ndarray of int, shape (d,)
            The dates of these rows.
        counts : ndarray, shape (resamples, d)
            How often each resample drew each date.

        Returns
        -------
        ndarray, shape (P, resamples)
            NaN where a class is absent, or alone, in the resample.
        """
        weights = np.zeros((self.n_dates, len(counts)))
        weights[dates] = counts.T
        inside = np.zeros(self.label.size, dtype=bool)
        inside[rows] = True
        pairs = zip(self.order, self.tie, strict=True)
        return np.stack([macro_auc(order, tie, self.label, self.date, inside, weights) for order, tie in pairs])
