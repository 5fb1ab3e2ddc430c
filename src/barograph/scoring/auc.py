"""Area under the ROC curve, exact, with ties and weights, for many resamples at once.

Imported when a function needs it, as numba is slow to import.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from barograph.typing import Floats, Mask

Ints = NDArray[np.integer]


@njit(cache=True)
def resampled_auc(tie: Ints, date: Ints, positive: Mask, counts: Floats) -> Floats:
    """Give the probability that a positive row outranks a negative one, ties counting half, shape (resamples,).

    One pass over the n rows in ascending order of score serves all resamples: a resample weighs a row by how often its
    date was drawn, `counts` of shape (n_dates, resamples), which changes weights but not the order. Rows of equal score
    have the same rank in `tie`. NaN where a resample lacks positives or negatives.
    """
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
