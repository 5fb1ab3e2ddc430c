"""Scores of several predictors on any part of the rows, from quantities computed once a row."""

import numpy as np
from numpy.typing import NDArray

from barograph.evaluation.auc import resampled_auc
from barograph.evaluation.calibration import bin_of, calibration_gap
from barograph.evaluation.pairing import Paired
from barograph.tables import CLASSES

_SMALLEST = np.finfo(np.float64).eps
N_CLASSES = len(CLASSES)


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
        self.loss = -np.log(np.clip(p[:, np.arange(label.size), label], _SMALLEST, 1.0))
        self.square = ((p - self.is_class.T) ** 2).sum(axis=2)
        self.predicted = p.argmax(axis=2)
        self.bin = np.stack([[bin_of(p[i, :, k], bins) for k in range(N_CLASSES)] for i in range(len(p))])
        self.order = np.argsort(p, axis=1, kind="stable").transpose(0, 2, 1).astype(np.int32)
        ascending = np.take_along_axis(p.transpose(0, 2, 1), self.order.astype(np.intp), axis=2)
        self.tie = np.zeros(self.order.shape, dtype=np.int32)
        np.cumsum(np.diff(ascending, axis=2) > 0, axis=2, out=self.tie[:, :, 1:])

    def point(self, rows: NDArray[np.intp]) -> dict[str, NDArray[np.float64]]:
        """Give every score but skill and AUC; arrays of shape (P,).

        `majority_accuracy` is the share of the subset's own most common label: hindsight that no predictor has.
        Predicted is the most probable class, the first of equals. Balanced accuracy averages recall over the classes
        that occur; macro F1 over those that occur or are predicted.
        """
        confusion = self.confusion(rows)
        hits = np.diagonal(confusion, axis1=1, axis2=2)
        actual, predicted = confusion.sum(axis=2), confusion.sum(axis=1)
        with np.errstate(invalid="ignore"):
            recall, f1 = hits / actual, 2 * hits / (actual + predicted)
        return {
            "log_loss": self.loss[:, rows].mean(axis=1),
            "brier": self.square[:, rows].mean(axis=1),
            "calibration_error": self.calibration_error(rows),
            "accuracy": hits.sum(axis=1) / rows.size,
            "majority_accuracy": actual.max(axis=1) / rows.size,
            "balanced_accuracy": np.nanmean(recall, axis=1),
            "macro_f1": np.nanmean(f1, axis=1),
        }

    def confusion(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """Count rows, shape (P, label, predicted class)."""
        cells = self.label[rows] * N_CLASSES + self.predicted[:, rows]
        counts = [np.bincount(own, minlength=N_CLASSES**2) for own in cells]
        return np.stack(counts).reshape(-1, N_CLASSES, N_CLASSES)

    def calibration_error(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Give the expected calibration error, averaged over the classes, shape (P,)."""
        errors = [
            [
                calibration_gap(self.bin[i, k, rows], p[rows, k], self.is_class[k, rows].astype(np.float64), self.bins)
                for k in range(N_CLASSES)
            ]
            for i, p in enumerate(self.probabilities)
        ]
        mean: NDArray[np.float64] = np.array(errors).mean(axis=1)
        return mean

    def loss_per_date(self, rows: NDArray[np.intp], dates: NDArray[np.int64]) -> NDArray[np.float64]:
        """Sum the log loss of each date in `dates`, shape (P, dates)."""
        return np.stack([np.bincount(self.date[rows], own[rows], self.n_dates)[dates] for own in self.loss])

    def auc(self, rows: NDArray[np.intp], dates: NDArray[np.int64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
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
        total = np.zeros((len(self.loss), len(counts)))
        for i, k in np.ndindex(self.order.shape[:2]):
            kept = inside[self.order[i, k]]
            order = self.order[i, k, kept]
            total[i] += resampled_auc(self.tie[i, k, kept], self.date[order], self.is_class[k, order], weights)
        return total / N_CLASSES
