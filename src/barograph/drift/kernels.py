"""The compiled loops of drift; imported when drift is measured, as numba is slow to import."""

import numpy as np
from numba import njit

from barograph.typing import Floats, Ints, Rows


@njit(cache=True, nogil=True)
def split(values: Floats, block: Ints, past: int, blocks: int, cells: int) -> tuple[Floats, Floats, Floats, float]:
    """Split values (n,), ascending, by their blocks, and count them between quantiles of all.

    Blocks below `past` are those of the past, the others of the window; values of block -1 are left out. Returns the
    values of the past and of the window, the counts (B, K) in each of `blocks` blocks between K quantiles, which are
    `cells` or, where some coincide, fewer, and the Kolmogorov-Smirnov statistic.
    """
    rows = in_window = 0
    for i in range(block.size):
        rows += block[i] >= 0
        in_window += block[i] >= past
    before, window = np.empty(rows - in_window), np.empty(in_window)
    counts = np.zeros((blocks, cells))
    b = w = cell = 0
    reached, ks, last = 1, 0.0, 0.0
    for i in range(block.size + 1):
        if i < block.size and block[i] < 0:
            continue
        if b + w and (i == block.size or values[i] != last):
            ks = max(ks, abs(w / in_window - b / (rows - in_window)))
            cell += b + w >= reached * rows / cells
            while reached <= cells and b + w >= reached * rows / cells:
                reached += 1
        if i < block.size:
            last = values[i]
            counts[block[i], cell] += 1
            if block[i] < past:
                before[b] = last
                b += 1
            else:
                window[w] = last
                w += 1
    return before, window, counts[:, :cell], ks


@njit(cache=True, nogil=True)
def largest_gaps(counts: Floats, rows: Floats, chosen: Rows) -> Floats:
    """Give the largest gap (P,) between the shares of chosen blocks (P, m) and those of all others.

    `counts` (B, K) are cumulated over bins and `rows` (B,) are the totals, all of them whole numbers.
    """
    total = np.zeros(counts.shape[1])
    for b in range(len(counts)):
        total += counts[b]
    all_rows = rows.sum()
    gaps = np.zeros(len(chosen))
    inside = np.empty(total.size)
    for p in range(len(chosen)):
        inside[:] = 0.0
        inside_rows = 0.0
        for b in chosen[p]:
            inside_rows += rows[b]
            for k in range(total.size):
                inside[k] += counts[b, k]
        for k in range(total.size):
            inside[k] = abs(inside[k] / inside_rows - (total[k] - inside[k]) / (all_rows - inside_rows))
        for k in range(total.size):
            gaps[p] = max(gaps[p], inside[k])
    return gaps


@njit(cache=True, nogil=True)
def shares_of_window(rows: Floats, past: int, chosen: Rows) -> Floats:
    """Give by how much (P,) the window's share of the rows differs between chosen blocks (P, m) and all others.

    `rows` (B,) are those of each block; blocks below `past` are those of the past, the others of the window.
    """
    all_rows, all_window = rows.sum(), rows[past:].sum()
    differences = np.zeros(len(chosen))
    for p in range(len(chosen)):
        inside = window = 0.0
        for b in chosen[p]:
            inside += rows[b]
            if b >= past:
                window += rows[b]
        differences[p] = abs(window / inside - (all_window - window) / (all_rows - inside))
    return differences
