"""Splits inside a fold's past: train on the rows before, test on the rows after, purged."""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.folds.purging import lives
from barograph.typing import Rows


@without_time_zones
def expanding_splits(
    dates: ArrayLike, exit_dates: ArrayLike, *, splits: int, first_share: float, embargo: int = 5
) -> list[tuple[Rows, Rows]]:
    """Cut labelled rows, in any order, into windows in order of time, each tested by the rows that had matured before.

    A share of the dates in (0, 1) comes before the first test window; each of the `splits` windows has about the same
    number of dates. The embargo counts dates of the rows, between the last exit of a training row and the first date of
    the test window. Training windows grow. The result is row positions, (train, test); rows of a date, and copies of a
    row, stay together. Raises InputError as :func:`~barograph.folds.purging.lives`, and if a window or its past has no
    row.
    """
    days, exits = lives(dates, exit_dates)
    trading = np.unique(days)
    bounds = np.linspace(first_share, 1, splits + 1) * trading.size
    starts = np.round(bounds).astype(np.intp)
    found = []
    for start, end in pairwise(starts):
        known = trading[start - embargo] if start >= embargo else trading[0]
        train = np.flatnonzero(exits < known)
        test = np.flatnonzero((days >= trading[start]) & (days <= trading[end - 1])) if end > start else train[:0]
        if not train.size or not test.size:
            raise InputError(
                f"dates: {trading.size} dates are too few for {splits} purged splits with an embargo of {embargo}"
            )
        found.append((train, test))
    return found
