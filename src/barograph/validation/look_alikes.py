"""Which rows of a window resemble earlier ones, by all features at once."""

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.errors import InputError
from barograph.names import KEY
from barograph.typing import Floats, Mask

_REFERENCE_ROWS: Final = 5_000


class FeatureSpace:
    """The features table, its rows in any order, as points whose distances mean something."""

    def __init__(self, features: pd.DataFrame) -> None:
        self._features = features
        self._keys = pd.MultiIndex.from_frame(features[KEY])
        self._dates = features["date"].to_numpy()
        symbol, date = self._keys.codes
        self._ordered = np.lexsort((date, symbol))

    def points(self, rows: pd.DataFrame, before: pd.Timestamp, rng: np.random.Generator) -> Floats:
        r"""Give the normal scores of rows among the features of earlier days.

        .. math:: z = \Phi^{-1}\left(\frac{\#\{x_i < x\} + \#\{x_i \le x\}}{2 n}\right)

        The :math:`x_i` are the features' rows before a date, or 5,000 of them drawn at random. Each column is a feature
        that varies among them. A missing value is in the middle (0), one beyond all :math:`x_i` half an observation
        from the end.

        Raises
        ------
        InputError
            If a row has no features, or no feature varies.

        Notes
        -----
        A flag that is seldom set stays near the middle where it is not.

        References
        ----------
        .. [1] van der Waerden (1952), "Order Tests for the Two-Sample Problem and Their Power", Indagationes
           Mathematicae 14 (normal scores).
        """
        positions = self._keys.get_indexer(pd.MultiIndex.from_frame(rows[KEY]))
        if (positions < 0).any():
            row = rows.iloc[int(np.argmin(positions))]
            raise InputError(f"features: no row of {row['symbol']} on {row['date']:%Y-%m-%d}, which was predicted")
        past = self._ordered[self._dates[self._ordered] < before.to_datetime64()]
        reference = rng.choice(past, _REFERENCE_ROWS, replace=False) if past.size > _REFERENCE_ROWS else past
        columns = []
        for name in self._features.columns.drop(KEY):
            values = self._features[name].to_numpy()
            known = np.sort(values[reference])
            known = known[~np.isnan(known)]
            if known.size and known[0] < known[-1]:
                columns.append(_normal_scores(known, values[positions]))
        if not columns:
            raise InputError(f"features: none varies before {before:%Y-%m-%d}; look-alikes need one that does")
        return np.column_stack(columns)


def look_alikes(
    space: FeatureSpace, earlier: pd.DataFrame, window: pd.DataFrame, neighbours: int, rng: np.random.Generator
) -> Mask:
    """Tell which rows of a window are among the `neighbours` nearest of an earlier row; neither table is empty."""
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits

    points = space.points(pd.concat([window[KEY], earlier[KEY]]), window["date"].min(), rng)
    later, before = points[: len(window)], points[len(window) :]
    # One thread, for the order of floating-point sums and of equal distances.
    with threadpool_limits(1):
        search = NearestNeighbors(n_neighbors=min(neighbours, len(window)), algorithm="brute").fit(later)
        nearest = search.kneighbors(before, return_distance=False)
    alike = np.zeros(len(window), dtype=bool)
    alike[nearest.ravel()] = True
    return alike


def _normal_scores(known: NDArray[Any], values: NDArray[Any]) -> Floats:
    """Give the normal scores of values among the ascending known ones; 0 for a missing value."""
    from scipy.special import ndtri

    # Ascending values are found much faster than mixed ones.
    ascending, place = np.unique(values, return_inverse=True)
    twice = np.searchsorted(known, ascending, "left") + np.searchsorted(known, ascending, "right")
    scores: Floats = ndtri(np.clip(twice, 1, 2 * known.size - 1) / (2 * known.size))
    return np.where(np.isnan(ascending), 0.0, scores)[place]
