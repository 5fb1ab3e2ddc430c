"""Splits inside a fold's past: train on what came before, test on what follows, purged."""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from barograph.errors import InputError
from barograph.typing import Rows


def expanding_splits(
    dates: ArrayLike, exit_dates: ArrayLike, *, splits: int, first_share: float, embargo: int = 5
) -> list[tuple[Rows, Rows]]:
    """Cut labelled rows into windows in order of time, each tested by what had matured before it.

    Parameters
    ----------
    dates, exit_dates : datetime64 arrays of shape (n,)
        Date and exit date of each row, in any order, with repeats; every row is labelled.
    splits : int
        Test windows; each holds about the same number of the rows' dates.
    first_share : float
        In (0, 1): the share of the dates that comes before the first test window.
    embargo : int, default=5
        Of the rows' dates, between the last exit of a training row and the first date of the test window.

    Returns
    -------
    list of (train, test)
        Row positions. Rows of one date, and copies of one row, stay together; training windows grow.

    Raises
    ------
    InputError
        If a row has no exit date or exits before its date, or a window or its past holds no row.
    """
    days, exits = np.asarray(dates, "datetime64[D]"), np.asarray(exit_dates, "datetime64[D]")
    if np.isnat(exits).any() or (exits < days).any():
        raise InputError("exit_dates: every row needs an exit date on or after its date")
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
