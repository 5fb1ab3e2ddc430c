"""Bars as arrays of dates by symbols."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.dates import without_time_zones
from barograph.typing import Dates, Floats


@dataclass(frozen=True)
class Panel:
    """All symbols on all dates, time-major: a row is a date; C-contiguous.

    Attributes
    ----------
    dates : ndarray of shape (T,), datetime64[us]
        Ascending; every date on which any symbol has a bar.
    symbols : ndarray of shape (N,), str
        Ascending.
    open, high, low, close, volume : ndarray of shape (T, N), float64
        NaN where the symbol has no bar that day, or the bar no such value.
    """

    dates: Dates
    symbols: NDArray[np.str_]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


@without_time_zones
def to_panel(bars: pd.DataFrame) -> Panel:
    """Lay bars out as a panel.

    Parameters
    ----------
    bars : pandas.DataFrame
        Columns symbol, date, open, high, low, close, volume; unique in (symbol, date), in any order.

    Raises
    ------
    ValueError
        If a symbol has two bars on one day.
    """
    rows, dates = pd.factorize(bars["date"].to_numpy().astype("datetime64[us]"), sort=True)
    columns, symbols = pd.factorize(bars["symbol"], sort=True)
    cells = columns * len(dates) + rows
    seen = np.zeros(len(dates) * len(symbols), dtype=bool)
    seen[cells] = True
    if np.count_nonzero(seen) != len(bars):
        raise ValueError("bars contain two rows of one symbol and date; a panel has room for one")

    def grid(name: str) -> Floats:
        # Filled symbol by symbol, the order in which bars are sorted, and transposed once: fewer cache misses.
        values = np.full(seen.shape, np.nan)
        values[cells] = bars[name].to_numpy(np.float64)
        return np.ascontiguousarray(values.reshape(len(symbols), len(dates)).T)

    grids = (grid(name) for name in ("open", "high", "low", "close", "volume"))
    return Panel(np.asarray(dates), np.array(symbols.tolist(), dtype=np.str_), *grids)
