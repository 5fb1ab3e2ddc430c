"""Area under the ROC curve, exact, with ties and weights, for many resamples at once.

Imported when a function needs it, as numba is slow to import.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from barograph.typing import Floats, Floats32, Mask

Ints = NDArray[np.integer]


@njit(inline="always")
def _add(sums: Floats, drawn: Floats32, times: float) -> None:
    for resample in range(sums.size):
        sums[resample] += times * drawn[resample]


@njit(inline="always")
def _add_products(sums: Floats, drawn: Floats32, factors: Floats) -> None:
    for resample in range(sums.size):
        sums[resample] += drawn[resample] * factors[resample]


@njit(cache=True, nogil=True)
def _add_tied(
    positive: Mask, date: Ints, counts: Floats32, positives_of: Floats, negatives: Floats, area: Floats
) -> None:
    """Add rows of equal score: a positive one outranks half of the negative ones among them."""
    outranked = negatives.copy()
    for row in range(positive.size):
        if not positive[row]:
            _add(negatives, counts[date[row]], 1.0)
            _add(outranked, counts[date[row]], 0.5)
    for row in range(positive.size):
        if positive[row]:
            positives_of[date[row]] += 1
            _add_products(area, counts[date[row]], outranked)


@njit(cache=True, nogil=True)
def resampled_auc(tie: Ints, date: Ints, positive: Mask, counts: Floats32) -> Floats:
    """Give the probability that a positive row outranks a negative one, ties counting half, shape (resamples,).

    One pass over the n rows in ascending order of score serves all resamples: a resample weighs a row by how often its
    date was drawn, `counts` of shape (n_dates, resamples), which changes weights but not the order. Rows of equal score
    have the same rank in `tie`. NaN where a resample lacks positives or negatives.

    Counts are whole numbers, so that every sum is exact, in whatever order it is taken.
    """
    positives, negatives, area = np.zeros((3, counts.shape[1]))
    positives_of = np.zeros(len(counts))
    row = 0
    while row < tie.size:
        end = row + 1
        while end < tie.size and tie[end] == tie[row]:
            end += 1
        if end > row + 1:
            _add_tied(positive[row:end], date[row:end], counts, positives_of, negatives, area)
        elif positive[row]:
            positives_of[date[row]] += 1
            _add_products(area, counts[date[row]], negatives)
        else:
            _add(negatives, counts[date[row]], 1.0)
        row = end
    for day in range(len(counts)):
        _add(positives, counts[day], positives_of[day])
    pairs = positives * negatives
    return np.where(pairs > 0, area / np.where(pairs > 0, pairs, 1.0), np.nan)
