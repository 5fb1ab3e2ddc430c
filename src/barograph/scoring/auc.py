"""Area under the ROC curve, exact, with ties and weights, for many resamples at once."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from barograph.typing import Floats, Mask

Ints = NDArray[np.integer]
_Sweep = Callable[[Ints, Ints, Mask, Floats], Floats]


def resampled_auc(tie: Ints, date: Ints, positive: Mask, counts: Floats) -> Floats:
    """Give the probability that a positive row outranks a negative one, ties counting half.

    One pass over rows in ascending order of score serves all resamples: a resample weighs a row by how often its date
    was drawn, which changes weights but not the order.

    Parameters
    ----------
    tie : ndarray of int, shape (n,)
        Rank of each row's score; rows with equal scores share it. Ascending.
    date : ndarray of int, shape (n,)
        Row of `counts`.
    positive : ndarray of bool, shape (n,)
    counts : ndarray, shape (n_dates, resamples)
        How often each resample drew each date.

    Returns
    -------
    ndarray, shape (resamples,)
        NaN where a resample lacks positives or negatives.
    """
    return _sweep()(tie, date, positive, counts)


@cache
def _sweep() -> _Sweep:
    from numba import njit

    def sweep(tie: Ints, date: Ints, positive: Mask, counts: Floats) -> Floats:
        resamples = counts.shape[1]
        positives, negatives, area = np.zeros(resamples), np.zeros(resamples), np.zeros(resamples)
        below = np.zeros(resamples)
        row = 0
        while row < tie.size:
            end = row
            below[:] = negatives
            while end < tie.size and tie[end] == tie[row]:
                if not positive[end]:
                    for resample in range(resamples):
                        negatives[resample] += counts[date[end], resample]
                end += 1
            for tied in range(row, end):
                if positive[tied]:
                    for resample in range(resamples):
                        weight = counts[date[tied], resample]
                        positives[resample] += weight
                        area[resample] += weight * (below[resample] + negatives[resample]) / 2
            row = end
        pairs = positives * negatives
        for resample in range(resamples):
            area[resample] = area[resample] / pairs[resample] if pairs[resample] > 0 else np.nan
        return area

    compiled: _Sweep = njit(cache=True)(sweep)
    return compiled
