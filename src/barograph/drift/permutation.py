"""Has a distribution moved by more than dependence over time explains: permutations of blocks of dates."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from barograph.typing import Floats, Ints, Mask, Rows

Draw = Callable[[int, int], Rows]
Distances = Callable[[Floats, Floats, Rows], Floats]
# Distances that differ by less than rounding are equal.
_EQUAL: Final = 1 - 1e-9


class PermutationTest(NamedTuple):
    """What permutations say of a distance; see :func:`permutation_test`."""

    p_value: float
    detectable: Floats


@dataclass(frozen=True)
class Blocks:
    """Consecutive dates of a window and of its past, cut into blocks of nearly equal length.

    `of_date` (T,) is the block of each date, numbered in the order of time, those of the past first; -1 for dates of
    neither. `past` and `window` are numbers of blocks.
    """

    of_date: Ints
    past: int
    window: int


def cut_blocks(past: Mask, window: Mask, days: int) -> Blocks:
    """Cut the dates that `past` and `window`, shape (T,), mark into blocks of nearly `days` dates.

    The window is cut into as many equal blocks as fit best, the past into blocks of the same length. A window shorter
    than a block is a single block.
    """
    dates_past, dates_window = int(past.sum()), int(window.sum())
    in_window = max(1, round(dates_window / days)) if dates_window else 0
    length = dates_window / in_window if in_window else days
    in_past = max(1, round(dates_past / length)) if dates_past else 0
    of_date = np.full(past.shape, -1, dtype=np.int64)
    of_date[past] = np.arange(dates_past) * in_past // max(dates_past, 1)
    of_date[window] = in_past + np.arange(dates_window) * in_window // max(dates_window, 1)
    return Blocks(of_date, in_past, in_window)


def draw_blocks(blocks: int, chosen: int, permutations: int, rng: np.random.Generator) -> Rows:
    """For each permutation choose `chosen` of the `blocks` at random without replacement: (permutations, chosen)."""
    return rng.random((permutations, blocks)).argpartition(chosen - 1, axis=1)[:, :chosen].copy()


def permutation_test(
    counts: Floats, rows: Floats, past: int, draw: Draw, distances: Distances, level: float
) -> PermutationTest:
    r"""Test whether the last blocks are distributed as the others, given that neighbouring blocks resemble each other.

    The distance :math:`D` of the window's blocks from all others is compared with those of as many blocks drawn at
    random. The p-value is :math:`(1 + \#\{D_\pi \sqrt V \ge D\}) / (1 + P)`, NaN where the window or its past has no
    rows. Blocks drawn at random lie apart, those of the window side by side. Where dependence outlives a block, the
    window strays further than they do, by a variance ratio of

    .. math:: V = 1 + 2 \sum_{k=1}^{m-1} (1 - k/m) \rho_k

    for *m* blocks whose shares have autocorrelations :math:`\rho_k`. V is estimated from the past's blocks (at least 1,
    corrected for the bias of autocovariances about an estimated mean), and the distances of the permutations are
    stretched by its root, which makes the permutation test valid asymptotically where plain permutation is not [1]_.

    Parameters
    ----------
    counts : ndarray, shape (B, K)
        Rows of each block, in the order of time, in each bin, or cumulated over bins.
    rows : ndarray, shape (B,)
        Rows a block; blocks without any are left out.
    past : int
        Number of blocks before the window.
    draw : callable
        Gives, for a number of blocks and a number to choose, the choices, shape (P, chosen); see :func:`draw_blocks`.
    distances : callable
        Of `counts`, `rows` and choices of blocks (P, chosen): of the shares in each choice from those in all other
        blocks, shape (P,), at most 1. They must grow in proportion to small differences of shares, as the
        Kolmogorov-Smirnov statistic and the Jensen-Shannon *distance* do, and the divergence does not.
    level : float
        The largest p-value of interest.

    Returns
    -------
    PermutationTest
        `p_value`, and `detectable`, shape (1 + c,), where c / (1 + P) is the largest possible p-value up to `level`:
        a distance above `detectable[i]` would have had a p-value of at most i / (1 + P), inf where none would have had.
        Empty where the p-value is NaN.

    Notes
    -----
    The p-value is at most i / (1 + P) if and only if the distance exceeds `detectable[i]`. Where it exceeds the i-th
    largest of the permutations, that one is `detectable[i]`. Where it does not, the window would have to move further,
    and this moves the permutations too, as they draw blocks of the window. If all of its blocks move alike, in the
    direction in which the window differs, from :math:`D` to :math:`D'`, a permutation's distance grows by at most
    :math:`r_\pi (D' - D)`, by the triangle inequality; :math:`r_\pi` is the difference between the shares of rows that
    are the window's within the chosen blocks and within all others. So it is outgrown from

    .. math:: D'_\pi = \frac{\sqrt V (D_\pi - r_\pi D)}{1 - \sqrt V r_\pi}

    and never if :math:`\sqrt V r_\pi \ge 1`: where blocks are few, or resemble their neighbours much, too many
    permutations draw most of the window itself, and it cannot be told from chance, however far it moves.
    `detectable[i]` is the i-th largest of these. The bound is that of the Kolmogorov-Smirnov statistic between the same
    quantiles; for the Jensen-Shannon distance it is an approximation for small differences.

    References
    ----------
    .. [1] Chung, Romano (2013), "Exact and Asymptotically Robust Permutation Tests", Annals of Statistics 41(2), on
       studentising a permutation statistic.
    """
    from barograph.drift.kernels import shares_of_window

    filled = rows > 0
    past = int(filled[:past].sum())
    counts, rows = counts[filled], rows[filled]
    window = rows.size - past
    if not past or not window:
        return PermutationTest(float("nan"), np.empty(0))
    observed = distances(counts, rows, np.arange(past, rows.size)[None])[0]
    stretch = np.sqrt(_variance_ratio(counts[:past] / rows[:past, None], window))
    chosen = draw(rows.size, window)
    null = distances(counts, rows, chosen) * stretch
    p_value = float((1 + np.count_nonzero(null >= observed * _EQUAL)) / (1 + null.size))
    slopes = stretch * shares_of_window(rows, past, chosen)
    return PermutationTest(p_value, _detectable(null, observed, slopes, possible_p_values(null.size, level).size))


def possible_p_values(permutations: int, level: float) -> Floats:
    """Give the p-values up to `level` that so many permutations can have, ascending."""
    possible = np.arange(1, permutations + 2) / (permutations + 1)
    return possible[possible <= level]


def _detectable(null: Floats, observed: float, slopes: Floats, largest: int) -> Floats:
    """Give the distances (1 + largest,) above which a move is detectable; permutations grow by `slopes` times it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        outgrown = np.where(slopes < 1, (null - slopes * observed) / (1 - slopes), np.inf)
    exceeded, outgrown = (np.sort(each)[::-1][:largest] for each in (null, outgrown))
    smallest = np.where(exceeded < observed * _EQUAL, exceeded, np.maximum(outgrown, observed))
    return np.concatenate([[np.inf], np.where(smallest >= 1, np.inf, smallest)])


def _variance_ratio(shares: Floats, window: int) -> float:
    """Give the variance of the mean of adjacent blocks, relative to that of as many independent blocks; at least 1."""
    blocks = len(shares)
    deviations = shares - shares.mean(axis=0)
    variance = float((deviations**2).sum()) / blocks
    if not variance:
        return 1.0
    long_run, weight = variance, 1.0
    for lag in range(1, min(window, (blocks + 1) // 2)):
        taper = 2 * (1 - lag / window)
        long_run += taper * float((deviations[lag:] * deviations[:-lag]).sum()) / blocks
        weight += taper
    long_run = max(long_run, variance) / (1 - weight / blocks)
    return max(1.0, long_run / (variance + long_run / blocks))
