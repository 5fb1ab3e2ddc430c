"""How far a day's features lie from those of the training data."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from barograph.typing import Floats


def novelty(rows: pd.DataFrame, past: pd.DataFrame, names: Sequence[str]) -> Floats:
    """Give the share of past rows that are less extreme than each row.

    The extremeness of a row is the mean, over its features that are not missing, of the distance between the feature's
    rank among the past and the median's, as a share of the largest distance. A novelty of .5 is the median past row;
    at .99 a row has more extreme features than 99 of 100 rows of the past.

    Parameters
    ----------
    rows, past : pandas.DataFrame
        With the columns `names`.
    names : sequence of str
        The features.

    Returns
    -------
    float64 array of shape (n,)
        In [0, 1]; NaN for a row without a feature, and without a past.
    """
    if past.empty:
        return np.full(len(rows), np.nan)
    together = [_distances(rows, past, name) for name in names]
    now, before = (_mean([pair[side] for pair in together]) for side in (0, 1))
    known = np.sort(before[~np.isnan(before)])
    shares: Floats = np.searchsorted(known, now) / max(known.size, 1)
    return np.where(np.isnan(now), np.nan, shares)


def _distances(rows: pd.DataFrame, past: pd.DataFrame, name: str) -> tuple[Floats, Floats]:
    values = past[name].to_numpy(np.float64)
    known = np.sort(values[np.isfinite(values)])
    return _distance(rows[name].to_numpy(np.float64), known), _distance(values, known)


def _distance(values: Floats, known: Floats) -> Floats:
    ranks = (np.searchsorted(known, values, "left") + np.searchsorted(known, values, "right")) / max(known.size, 1)
    return np.where(np.isfinite(values) & (known.size > 0), np.abs(ranks - 1.0), np.nan)


def _mean(distances: Sequence[Floats]) -> Floats:
    table = np.array(distances)
    counts = (~np.isnan(table)).sum(axis=0)
    sums: Floats = np.nansum(table, axis=0)
    return np.where(counts, sums / np.maximum(counts, 1), np.nan)
