"""Compiled loops over one series, for what NumPy could do only in many passes.

Row t of a result reads rows up to t alone, and in an order that does not depend on the rows after it, so that a longer
series gives the same bits. Nothing here is allowed to reorder sums: no ``fastmath``, no ``parallel``.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from barograph.features.registration import Array


@njit(cache=True, nogil=True)
def any_beyond(x: Array, limit: float) -> bool:
    """Tell whether some value is larger than the limit, of whatever sign; NaN is not."""
    found = False
    for value in x:
        found |= abs(value) > limit
    return found


@njit(cache=True, nogil=True)
def block_sums(x: Array, window: int) -> Array:
    """Sum over a rolling window; see `barograph.features.windows.window_sum`."""
    n = x.size
    total = np.full(n, np.nan)
    last = np.zeros(window + 1)
    tail = np.zeros(window + 1)
    for start in range(0, n, window):
        width = min(window, n - start)
        head, back = 0.0, 0.0
        for i in range(width):
            head += x[start + i]
            total[start + i] = head + last[i + 1]
            back += x[start + width - 1 - i]
            tail[width - 1 - i] = back
        last, tail = tail, last
    total[: window - 1] = np.nan
    return total


@njit(cache=True, nogil=True)
def block_moments(x: Array, window: int) -> tuple[Array, Array]:
    """Sum a series and its squares over a rolling window."""
    return block_sums(x, window), block_sums(x * x, window)


@njit(cache=True, nogil=True)
def rank_of_last(x: Array, window: int) -> Array:
    """Count the values of a rolling window below its last one, ties as a half, as a share of the window."""
    result = np.full(x.size, np.nan)
    for t in range(window - 1, x.size):
        below, same = 0, 0
        for i in range(t - window + 1, t + 1):
            below += x[i] < x[t]
            same += x[i] == x[t]
        result[t] = (below + 0.5 * same) / window
    return result


@njit(cache=True, nogil=True)
def block_comoments(x: Array, y: Array, window: int) -> tuple[Array, Array, Array, Array, Array]:
    """Sum x, y, x squared, y squared and x y over a rolling window."""
    (sum_x, squares_x), (sum_y, squares_y) = block_moments(x, window), block_moments(y, window)
    return sum_x, sum_y, squares_x, squares_y, block_sums(x * y, window)


@njit(cache=True, nogil=True)
def shared_ranks(rows: Array, order: NDArray[np.intp], group: NDArray[np.intp]) -> Array:
    """Rank each row within groups of columns by the `order` that sorts it, ties sharing their mean rank.

    A rank is (place + 1/2) / size of the group; NaN where the value is NaN or the group -1.
    """
    result = np.full(rows.shape, np.nan)
    groups = group.max() + 2  # the last is that of group -1, by its index
    size, seen, tied = np.zeros(groups, np.intp), np.zeros(groups, np.intp), np.zeros(groups, np.intp)
    for t in range(rows.shape[0]):
        size[:], seen[:] = 0, 0
        count = 0
        while count < rows.shape[1] and not np.isnan(rows[t, order[t, count]]):
            size[group[order[t, count]]] += 1
            count += 1
        first = 0
        while first < count:
            stop = first
            while stop < count and rows[t, order[t, stop]] == rows[t, order[t, first]]:
                tied[group[order[t, stop]]] += 1
                stop += 1
            for column in order[t, first:stop]:
                g = group[column]
                if g >= 0:
                    result[t, column] = (seen[g] + (tied[g] - 1) / 2.0 + 0.5) / size[g]
            for column in order[t, first:stop]:
                seen[group[column]] += tied[group[column]]
                tied[group[column]] = 0
            first = stop
    return result


@njit(cache=True, nogil=True)
def deepest_falls(price: Array, window: int) -> Array:
    """Find the least ratio of a price to a price before it, or to itself, in a rolling window.

    Of a stretch of prices the highest, the lowest and the deepest fall are kept; those of a window follow from those of
    the end of one block and the beginning of the next, as in `block_sums`.
    """
    n = price.size
    result = np.full(n, np.nan)
    last_high, last_fall = np.ones(window + 1), np.ones(window + 1)
    high, fall = np.ones(window + 1), np.ones(window + 1)
    for start in range(0, n, window):
        width = min(window, n - start)
        top, low, deepest = 0.0, np.inf, 1.0
        for i in range(width):
            value = price[start + i]
            top, low = max(top, value), min(low, value)
            deepest = min(deepest, value / top)
            across = low / last_high[i + 1] if i + 1 < window else 1.0
            result[start + i] = min(deepest, last_fall[i + 1], across)
        top, low, deepest = 0.0, np.inf, 1.0
        for i in range(width - 1, -1, -1):
            value = price[start + i]
            top, low = max(top, value), min(low, value)
            deepest = min(deepest, low / value)
            high[i], fall[i] = top, deepest
        last_high, high = high, last_high
        last_fall, fall = fall, last_fall
    result[: window - 1] = np.nan
    return result


@njit(cache=True, nogil=True)
def bars_since_highest(x: Array, window: int) -> Array:
    """Count the rows since the highest value of a rolling window, the latest of equal ones."""
    n = x.size
    result = np.full(n, np.nan)
    falling = np.empty(n, np.int64)
    first, stop = 0, 0
    for t in range(n):
        while stop > first and x[falling[stop - 1]] <= x[t]:
            stop -= 1
        falling[stop] = t
        stop += 1
        if falling[first] <= t - window:
            first += 1
        if t >= window - 1:
            result[t] = t - falling[first]
    return result


@njit(cache=True, nogil=True)
def autocorrelations(x: Array, window: int, lags: NDArray[np.int64]) -> Array:
    """Take sample autocorrelations over a rolling window, in (lags, T), NaN where the values differ by rounding only.

    The deviations are from the window's mean, and their products are divided by the sum of all their squares.
    """
    n = x.size
    result = np.full((lags.size, n), np.nan)
    total, squares = block_moments(x, window)
    for row in range(lags.size):
        lag = lags[row]
        pairs = window - lag
        products, sums = block_sums(x[lag:] * x[: n - lag], pairs), block_sums(x, pairs)
        for t in range(window - 1, n):
            mean = total[t] / window
            variation = squares[t] - total[t] * mean
            if variation > 1e-12 * squares[t]:
                ends = sums[t - lag] + sums[t]
                covariation = products[t - lag] - mean * ends + pairs * mean * mean
                result[row, t] = min(1.0, max(-1.0, covariation / variation))
    return result


@njit(cache=True, nogil=True)
def growth_variance(x: Array, window: int, step: int) -> Array:
    """Take the variance a row of the overlapping sums of `step` rows in a rolling window, 0 where it is rounding only.

    With the correction for small samples of Lo & MacKinlay (1988): for a series without memory its expectation is the
    same for every step.
    """
    n = x.size
    result = np.full(n, np.nan)
    count = window - step + 1
    scale = step * count * (1.0 - step / window)
    total = block_sums(x, window)
    sums, squares = block_moments(block_sums(x, step)[step - 1 :], count)
    for t in range(window - 1, n):
        mean = total[t] * step / window
        i = t - step + 1
        deviation = squares[i] - 2.0 * mean * sums[i] + count * mean * mean
        result[t] = deviation / scale if deviation > 1e-12 * squares[i] else 0.0
    return result


@njit(cache=True, nogil=True)
def word_entropies(words: NDArray[np.int64], kinds: int, window: int) -> Array:
    """Take Shannon's entropy, in nats, of the words in a rolling window; words are numbered from 0 to kinds - 1.

    The sum of n ln n over the kinds is kept in whole multiples of 2^-40, which add up without rounding, so that no row
    remembers what was before its window.
    """
    size = words.size
    result = np.full(size, np.nan)
    terms = np.zeros(window + 1, np.int64)
    for n in range(2, window + 1):
        terms[n] = round(n * np.log(n) * 2.0**40)
    counts = np.zeros(kinds, np.int64)
    total = 0
    for t in range(size):
        if t >= window:
            seen = counts[words[t - window]]
            total += terms[seen - 1] - terms[seen]
            counts[words[t - window]] = seen - 1
        seen = counts[words[t]]
        total += terms[seen + 1] - terms[seen]
        counts[words[t]] = seen + 1
        if t >= window - 1:
            result[t] = (terms[window] - total) / 2.0**40 / window
    return result


@njit(cache=True, nogil=True)
def mean_reversions(x: Array, window: int) -> tuple[Array, Array]:
    """Regress the last `window` changes on a constant and the value before each: the slope and its t-statistic."""
    n = x.size
    slope, ratio = np.full(n, np.nan), np.full(n, np.nan)
    level, change = x[:-1], x[1:] - x[:-1]
    sum_x, sum_y, squares_x, squares_y, products = block_comoments(level, change, window)
    for t in range(window, n):
        i = t - 1
        sx, sy, sxx, syy, sxy = sum_x[i], sum_y[i], squares_x[i], squares_y[i], products[i]
        variation, covariation = sxx - sx * sx / window, sxy - sx * sy / window
        if variation > 1e-12 * sxx:
            slope[t] = covariation / variation
            rest = syy - sy * sy / window - slope[t] * covariation
            if rest > 1e-12 * syy:
                ratio[t] = slope[t] * np.sqrt(variation * (window - 2) / rest)
    return slope, ratio


@njit(cache=True, nogil=True)
def values_in_force(
    bars: NDArray[np.intp],
    days: NDArray[np.int64],
    starts: NDArray[np.intp],
    since: NDArray[np.int64],
    about: NDArray[np.int64],
    value: Array,
    stale_after: int,
    age: bool,
) -> Array:
    """Give the value, or the age, of the newest entry in force at each bar; `bars` are the first bars of symbols."""
    result = np.full(days.size, np.nan)
    for symbol in range(bars.size - 1):
        first, end = starts[symbol], starts[symbol + 1]
        following = first
        for row in range(bars[symbol], bars[symbol + 1]):
            while following < end and since[following] <= days[row]:
                following += 1
            if following > first and days[row] - about[following - 1] <= stale_after:
                result[row] = days[row] - about[following - 1] if age else value[following - 1]
    return result
