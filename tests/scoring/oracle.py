"""Intervals as a textbook would write them; nothing here is shared with the package."""

from collections.abc import Sequence
from itertools import product

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


def sign_flip_oracle(differences: Sequence[float]) -> float:
    """Give the share of patterns of signs whose sum is at least the one observed, give or take rounding."""
    observed, slack = sum(differences), 1e-9 * sum(abs(each) for each in differences)
    patterns = list(product((-1, 1), repeat=len(differences)))
    sums = [sum(sign * each for sign, each in zip(signs, differences, strict=True)) for signs in patterns]
    return sum(total >= observed - slack for total in sums) / len(patterns)
