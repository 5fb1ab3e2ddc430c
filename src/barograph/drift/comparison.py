"""A test window against its past: the values of a feature, or the shares of classes."""

from typing import Final, NamedTuple

import numpy as np

from barograph.drift.distances import jensen_shannon_divergence, stability_of_sorted
from barograph.drift.permutation import Blocks, Draw, permutation_test
from barograph.typing import Floats, Ints, Rows

_GRID: Final = 64
_QUINTILES: Final = np.arange(1, 5) / 5


class ValueComparison(NamedTuple):
    """The move of a feature's values; NaN where either sample is empty.

    `detectable` (1 + c,): Kolmogorov-Smirnov statistics above which the p-value would have been at most 0, the smallest
    possible one, and so on up to the level; empty where either sample is empty.
    """

    psi: float
    ks: float
    p_value: float
    detectable: Floats


class ShareComparison(NamedTuple):
    """The move of the shares of classes; `js` in bits, NaN where either sample is empty.

    `detectable` (1 + c,): divergences above which the p-value would have been at most 0, the smallest possible one, and
    so on up to the level; empty where either sample is empty.
    """

    reference: Floats
    current: Floats
    js: float
    p_value: float
    detectable: Floats


def compare_values(values: Floats, block: Ints, blocks: Blocks, draw: Draw, bins: int, level: float) -> ValueComparison:
    """Compare a feature's values (n,), ascending and without NaN, in the window with those of the past.

    `block` (n,) is the block of each value; those of block -1 are left out. `bins` is the number of quantile bins of
    the population stability index. The Kolmogorov-Smirnov statistic is exact; the test takes it at 64 quantiles of both
    samples together, which is exact too for a feature of fewer values. `level` is the largest p-value of interest.
    """
    from barograph.drift.kernels import largest_gaps, split

    if not 0 < np.count_nonzero(block >= blocks.past) < np.count_nonzero(block >= 0):
        return ValueComparison(np.nan, np.nan, np.nan, np.empty(0))
    past, window, counts, ks = split(values, block, blocks.past, blocks.past + blocks.window, _GRID)
    upto = counts.cumsum(axis=1)
    test = permutation_test(upto, upto[:, -1], blocks.past, draw, largest_gaps, level)
    return ValueComparison(stability_of_sorted(past, window, bins), ks, *test)


def compare_shares(
    classes: Ints, block: Ints, n_classes: int, blocks: Blocks, draw: Draw, level: float
) -> ShareComparison:
    """Compare the shares of `classes` (n,) in the window with those of the past; rows of `block` -1 are left out.

    `level` is the largest p-value of interest.
    """
    used = block >= 0
    counts = _counts(classes[used], n_classes, block[used], blocks)
    past, now = counts[: blocks.past].sum(axis=0), counts[blocks.past :].sum(axis=0)
    with np.errstate(invalid="ignore"):
        reference, current = past / past.sum(), now / now.sum()
    test = permutation_test(counts, counts.sum(axis=1), blocks.past, draw, _jensen_shannon_distances, level)
    js = float(jensen_shannon_divergence(past, now))
    return ShareComparison(reference, current, js, test.p_value, test.detectable**2)


def quantile_cells(first: Floats, second: Floats) -> tuple[Ints, int]:
    """Give the cell (n,) of each pair of values among the 25 that the quintiles of either make, and their number."""
    fifths = [
        np.searchsorted(np.quantile(values, _QUINTILES), values) if values.size else values
        for values in (first, second)
    ]
    cells = _QUINTILES.size + 1
    return (fifths[0] * cells + fifths[1]).astype(np.int64), cells**2


def _counts(classes: Ints, n_classes: int, block: Ints, blocks: Blocks) -> Floats:
    total = blocks.past + blocks.window
    counts = np.bincount(block * n_classes + classes, minlength=total * n_classes)
    return counts.reshape(total, n_classes).astype(np.float64)


def _jensen_shannon_distances(counts: Floats, rows: Floats, chosen: Rows) -> Floats:
    inside, inside_rows = np.zeros((len(chosen), counts.shape[1])), np.zeros((len(chosen), 1))
    for block in chosen.T:
        inside += counts[block]
        inside_rows += rows[block, None]
    outside = (counts.sum(axis=0) - inside) / (rows.sum() - inside_rows)
    return np.sqrt(jensen_shannon_divergence(inside / inside_rows, outside))
