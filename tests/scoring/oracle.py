"""Intervals as a textbook would write them; nothing here is shared with the package."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, t


def widened(value: ArrayLike, samples: ArrayLike, level: float, cases: float) -> NDArray[np.float64]:
    """Give the ends of percentile intervals of samples (R,) or (R, k), longer as few cases demand, shape (2, ...)."""
    tail = (1 + level) / 2
    factor = (cases / (cases - 1)) ** 0.5 * t.ppf(tail, df=cases - 1) / norm.ppf(tail)
    ends = np.quantile(np.asarray(samples, dtype=float), [1 - tail, tail], axis=0)
    return np.asarray(value) + factor * (ends - np.asarray(value))


def worth(lengths: Sequence[int]) -> float:
    """Give the effective number of cases of unequal length."""
    return sum(lengths) ** 2 / sum(length**2 for length in lengths)
