"""How much a few episodes of different length can decide."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from barograph.errors import InputError
from barograph.typing import Ints

SIGNIFICANT: Final = 0.05


@dataclass(frozen=True)
class Evidence:
    """What independent episodes are worth.

    Attributes
    ----------
    episodes : int
        Their number, E.
    effective : float
        How many episodes of equal length would be worth as much; see :func:`effective_number`.
    more : int
        How many further episodes of the median length would make them enough; 0 if they are.
    """

    episodes: int
    effective: float
    more: int

    @property
    def attainable_p(self) -> float:
        """The smallest p-value that the exact test over them can give; see :func:`attainable_p`."""
        return attainable_p(self.episodes)

    @property
    def sufficient(self) -> bool:
        """Whether the episodes can decide anything."""
        return self.more == 0


def weigh(lengths: ArrayLike, min_episodes: int) -> Evidence:
    """Weigh episodes by their lengths, shape (E,).

    They are enough if they are worth `min_episodes` of equal length, and the exact test over them
    (:func:`~barograph.scoring.sign_flip_test`) can attain a p-value of 0.05, which takes five. Raises InputError as
    :func:`effective_number`.
    """
    given = np.asarray(lengths, dtype=np.float64)
    effective, more = effective_number(given), 0
    longer = given
    while effective_number(longer) < min_episodes or attainable_p(longer.size) > SIGNIFICANT:
        more += 1
        longer = np.append(given, np.full(more, np.median(given)))
    return Evidence(given.size, effective, more)


def attainable_p(episodes: int) -> float:
    """Give 2^-E, the smallest p-value of the exact one-sided sign-flip test over E episodes.

    It is the p-value of differences which are all positive: of the equally likely patterns of signs, theirs alone gives
    a sum as large.
    """
    return 0.5**episodes


def independent_cases(case: Ints, block: int) -> float:
    """Give how many independent cases dates, numbered by case from 0, are worth, at least 2.

    It is the effective number of the cases or, of a single case, the number of blocks of `block` dates.
    """
    worth = effective_number(np.bincount(case)) if case[-1] else case.size / block
    return max(worth, 2.0)


def widening(cases: float, level: float) -> float:
    r"""Give the factor by which an interval from resampled cases must be longer, since few understate their spread.

    .. math:: \sqrt{\frac{n}{n - 1}} \; \frac{t_{n - 1}}{z}

    with the quantiles of Student's and of the normal distribution at (1 + level) / 2, and n = `cases`, above 1.

    References
    ----------
    .. [1] Hesterberg (2015), "What Teachers Should Know About the Bootstrap", The American Statistician 69(4),
       section 4.3 (the expanded percentile interval, here as a factor of length).
    """
    from scipy.special import ndtri, stdtrit

    tail = (1 + level) / 2
    return float(np.sqrt(cases / (cases - 1)) * stdtrit(cases - 1, tail) / ndtri(tail))


def effective_number(lengths: ArrayLike) -> float:
    r"""Give the number of episodes of equal length that episodes of the given lengths, shape (E,), are worth.

    .. math:: \frac{\left(\sum_i n_i\right)^2}{\sum_i n_i^2}

    Raises
    ------
    InputError
        If there is no episode, or one has no length.

    References
    ----------
    .. [1] Kish (1965), "Survey Sampling", Wiley, section 11.7.
    """
    given = np.asarray(lengths, dtype=np.float64)
    if not (given.size and (given > 0).all()):
        raise InputError(f"lengths: {given.tolist()}; at least one episode is needed, and each must have a length")
    return float(given.sum() ** 2 / (given**2).sum())
