"""Growing trees on binned features: sorting few distinct values is most of what a split costs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from barograph.typing import Floats32

if TYPE_CHECKING:
    from sklearn.tree._tree import Tree

BINS: Final = 32


@dataclass(frozen=True)
class Bins:
    """The upper edges of a feature's bins, ascending and unique, per feature; above the last edge is another bin.

    Trees are grown on the number of each value's bin [1]_, and their thresholds are then written in the feature's
    units, so that they predict from values as any tree does, and the same.

    References
    ----------
    .. [1] Alsabti, K., Ranka, S., & Singh, V. (1998). CLOUDS: a decision tree classifier for large datasets. KDD 4.
    """

    edges: tuple[Floats32, ...]

    @classmethod
    def of(cls, X: Floats32) -> "Bins":
        """Cut each feature (n, k) into at most `BINS` bins, finest in the tails, where crises are; NaN are in none.

        The shares of rows below the edges are Chebyshev's nodes: the outermost bins have 0.24 % of the rows each.
        """
        ordered = np.sort(X, axis=0)
        counts = (~np.isnan(ordered)).sum(axis=0)
        shares = (1 - np.cos(np.pi * np.arange(1, BINS) / BINS)) / 2
        # Adding zero makes -0.0 the same bytes as 0.0.
        known = [column[:count] + np.float32(0) for column, count in zip(ordered.T, counts, strict=True)]
        cuts = [
            np.unique(values[(shares * values.size).astype(np.intp)]) if values.size else values for values in known
        ]
        return cls(tuple(cuts))

    def numbers(self, X: Floats32) -> Floats32:
        """Give the number of each value's bin, from zero; NaN for NaN."""
        numbers = np.empty(X.shape, np.float32)  # row by row in memory, where trees look it up faster
        for column, values, edges in zip(numbers.T, X.T, self.edges, strict=True):
            column[:] = np.where(np.isnan(values), np.float32(np.nan), np.searchsorted(edges, values))
        return numbers

    def restore(self, trees: Iterable["Tree"]) -> None:
        """Write the thresholds of trees that were grown on the numbers of bins in the features' units."""
        edges = np.concatenate(self.edges)
        first = np.cumsum([0, *map(len, self.edges[:-1])])
        for tree in trees:
            features, thresholds = tree.feature, tree.threshold
            inner = (features >= 0) & np.isfinite(thresholds)  # infinite: missing values against all others
            thresholds[inner] = edges[first[features[inner]] + thresholds[inner].astype(np.intp)]
