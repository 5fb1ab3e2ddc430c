"""Means over the last bars of each symbol: its volatility, which impact follows, and its usual volume."""

from typing import Final

import numpy as np
from numba import njit

from barograph.typing import Floats

_BARS: Final = 20


def volatility_of(close: Floats) -> Floats:
    """Give the root mean square of the log returns of a symbol's last 20 bars (T, N), that of the date included.

    NaN on dates without a bar and on a symbol's first bar; later bars use as many returns as there are.
    """
    log = np.log(close)
    return np.sqrt(trailing_mean(_changes(log) ** 2, _BARS))


def pace_of(volume: Floats) -> Floats:
    """Give the mean volume of a symbol's last 20 bars with volume, that of the date included, over the date's (T, N).

    NaN where the volume is missing or not positive.
    """
    traded = np.where(volume > 0.0, volume, np.nan)
    return trailing_mean(traded, _BARS) / traded


@njit(cache=True, nogil=True)
def _changes(values: Floats) -> Floats:
    """Give the change of each value (T, N) since the last one of its column that is not NaN."""
    changes = np.full(values.shape, np.nan)
    for n in range(values.shape[1]):
        before = np.nan
        for t in range(len(values)):
            if not np.isnan(values[t, n]):
                changes[t, n] = values[t, n] - before
                before = values[t, n]
    return changes


@njit(cache=True, nogil=True)
def trailing_mean(values: Floats, window: int) -> Floats:
    """Give the mean of the last values (T, N) of each column that are not NaN; NaN where the value is."""
    means = np.full(values.shape, np.nan)
    last = np.zeros(window)
    for n in range(values.shape[1]):
        count = 0
        for t in range(len(values)):
            if not np.isnan(values[t, n]):
                last[count % window] = values[t, n]
                count += 1
                held = min(count, window)
                means[t, n] = last[:held].sum() / held
    return means
