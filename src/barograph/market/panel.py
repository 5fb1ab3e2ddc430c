"""Bars as arrays of dates by symbols."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.dates import without_time_zones
from barograph.typing import Dates, Floats, Ints


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


@dataclass(frozen=True)
class Layout:
    """Where the rows of a table by symbol and date belong in a panel.

    Attributes
    ----------
    dates : ndarray of shape (T,), datetime64[us]
    symbols : ndarray of shape (N,), str
    cells : ndarray of shape (rows,), or None
        The cell of each row, symbol by symbol; None if the rows are all cells in their order.
    """

    dates: Dates
    symbols: NDArray[np.str_]
    cells: Ints | None

    def grid(self, values: pd.Series) -> Floats:
        """Lay a column out, shape (T, N), NaN where there is no row."""
        # Filled symbol by symbol, the order in which bars are sorted, and transposed once: fewer cache misses.
        filled = given = values.to_numpy(np.float64)
        if self.cells is not None:
            filled = np.full(len(self.symbols) * len(self.dates), np.nan)
            filled[self.cells] = given
        return np.ascontiguousarray(filled.reshape(len(self.symbols), len(self.dates)).T)


def layout_of(bars: pd.DataFrame) -> Layout:
    """Find the place of every row; see :func:`to_panel`."""
    days = bars["date"].to_numpy().astype("datetime64[us]", copy=False)
    if (complete := _complete(bars["symbol"], days)) is not None:
        return complete
    rows, dates = pd.factorize(days, sort=True)
    columns, symbols = pd.factorize(bars["symbol"], sort=True)
    cells = columns * len(dates) + rows
    seen = np.zeros(len(dates) * len(symbols), dtype=bool)
    seen[cells] = True
    if np.count_nonzero(seen) != len(bars):
        raise ValueError("bars contain two rows of one symbol and date; a panel has room for one")
    return Layout(np.asarray(dates), np.array(symbols.tolist(), dtype=np.str_), cells)


def _complete(symbol: pd.Series, days: Dates) -> Layout | None:
    """Give the layout of rows that are sorted and have every date of every symbol, which needs no search."""
    values = symbol.array
    starts = np.append(0, np.flatnonzero(np.asarray(values[1:] != values[:-1], dtype=bool)) + 1)
    length = len(days) // len(starts)
    if (
        not len(days)
        or not np.array_equal(starts, np.arange(len(starts)) * length)
        or len(starts) * length != len(days)
    ):
        return None
    names = [str(values[start]) for start in starts]
    table = days.reshape(len(starts), length)
    increasing = (table[0, 1:] > table[0, :-1]).all() and all(low < high for low, high in pairwise(names))
    if not increasing or not (table == table[0]).all():
        return None
    return Layout(table[0].copy(), np.array(names, dtype=np.str_), None)


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
    layout = layout_of(bars)
    grids = (layout.grid(bars[name]) for name in ("open", "high", "low", "close", "volume"))
    return Panel(layout.dates, layout.symbols, *grids)
