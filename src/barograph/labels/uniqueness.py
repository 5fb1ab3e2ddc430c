"""The uniqueness of labels: how few others share their days."""

import numpy as np
from numpy.typing import ArrayLike

from barograph.errors import InputError
from barograph.typing import Floats


def average_uniqueness(start: ArrayLike, end: ArrayLike, n_bars: int) -> Floats:
    """Average the inverse of the number of concurrent labels over each label's life.

    Parameters
    ----------
    start, end : int arrays of shape (n,)
        First and last bar of each label's life, both inclusive.
    n_bars : int
        Bars in the series.

    Returns
    -------
    array of shape (n,)
        In (0, 1]; 1 for a label that overlaps no other.

    Raises
    ------
    InputError
        If a life is inverted or leaves the series.

    References
    ----------
    López de Prado, M. (2018), *Advances in Financial Machine Learning*, ch. 4.3-4.4.
    """
    first, last = np.asarray(start, np.int64), np.asarray(end, np.int64)
    if first.size and (first.min() < 0 or last.max() >= n_bars or (last < first).any()):
        raise InputError(f"label lives: must satisfy 0 <= start <= end < {n_bars}")
    changes = np.bincount(first, minlength=n_bars + 1) - np.bincount(last + 1, minlength=n_bars + 1)
    concurrency = np.cumsum(changes)[:n_bars]
    shares = np.divide(1.0, concurrency, out=np.zeros(n_bars), where=concurrency > 0)
    total = np.concatenate([[0.0], np.cumsum(shares)])
    uniqueness: Floats = (total[last + 1] - total[first]) / (last - first + 1)
    return uniqueness
