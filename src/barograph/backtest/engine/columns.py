"""What a strategy may look at: columns that grow with the dates, so that no array contains a later value."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from barograph.backtest.engine.market import Sheet, dated, refuse_labels
from barograph.errors import InputError
from barograph.names import KEY
from barograph.typing import Ints


class History:
    """The values of a column up to the date reached; memory beyond it contains zeros."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._values = np.zeros(source.shape, source.dtype)
        self._values.flags.writeable = False
        self._reached = 0

    def until(self, t: int) -> Any:
        """Give the values (t + 1, ...), read-only."""
        if self._reached <= t:
            self._values.flags.writeable = True
            self._values[self._reached : t + 1] = self._source[self._reached : t + 1]
            self._values.flags.writeable = False
            self._reached = t + 1
        return self._values[: t + 1]

    def at(self, t: int) -> Any:
        """Give the value of a date, read-only."""
        if self._reached <= t:
            self.until(t)
        return self._values[t]


class Columns:
    """The columns of a table, each laid out by date (and symbol) when it is first read."""

    def __init__(self, title: str, names: list[str], source: Callable[[str], Any]) -> None:
        self.title, self.names = title, names
        self._source = source
        self._read: dict[str, History] = {}

    def __getitem__(self, name: str) -> History:
        found = self._read.get(name)
        if found is None:
            if name not in self.names:
                raise InputError(f"{self.title}: no column {name!r}; there are {', '.join(self.names) or 'none'}")
            found = self._read[name] = History(self._source(name))
        return found

    def value(self, name: str) -> Any:
        """Give all values of a column, for the tables that are made after the run."""
        return self[name]._source


class View(Mapping[str, Any]):
    """The columns of a table on one date."""

    __slots__ = ("_columns", "_t")

    def __init__(self, columns: Columns, t: int) -> None:
        self._columns, self._t = columns, t

    def __getitem__(self, name: str) -> Any:
        return self._columns[name].at(self._t)

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns.names)

    def __len__(self) -> int:
        return len(self._columns.names)

    def __contains__(self, name: object) -> bool:
        return name in self._columns.names


def columns_of(title: str, frame: pd.DataFrame | None, panel: Sheet) -> Columns:
    """Give the columns of a table by symbol and date, laid out as the bars are; NaN where it has no row.

    Rows of a symbol or date without any bar are never seen.
    """
    if frame is None:
        return Columns(title, [], np.zeros)
    missing = [name for name in KEY if name not in frame]
    if missing:
        raise InputError(f"{title}: the column {missing[0]} is missing; symbol, date and the values are required")
    refuse_labels(frame, title)
    cells, known = _cells(title, frame, panel)

    def laid_out(name: str) -> Any:
        grid = np.full(panel.close.size, np.nan)
        try:
            values = frame[name].to_numpy(np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise InputError(f"{title}: {name} is not a column of numbers") from error
        grid[cells] = values if known is None else values[known]
        return grid.reshape(panel.close.shape)

    return Columns(title, [str(name) for name in frame.columns if name not in KEY], laid_out)


def look_ups(tables: Sequence[Columns], traded: Ints) -> dict[str, Callable[[Ints, Ints], Any]]:
    """Give for each column a function of dates and of symbols among those traded, both as places.

    It gives the values there, missing for a date before the first.
    """

    def at(table: Columns, name: str, days: Ints, symbols: Ints) -> Any:
        values = table.value(name)
        found = values[np.maximum(days, 0)] if values.ndim == 1 else values[np.maximum(days, 0), traded[symbols]]
        return np.where(days >= 0, found, None if values.dtype == object else np.nan)

    return {name: partial(at, table, name) for table in tables for name in table.names}


def _cells(title: str, frame: pd.DataFrame, panel: Sheet) -> tuple[Ints, Any]:
    """Give the cell of each row whose symbol and date have bars, and which rows these are (None: all)."""
    dates = pd.DatetimeIndex(panel.dates).get_indexer(pd.DatetimeIndex(frame["date"].astype("datetime64[us]")))
    codes, names = pd.factorize(frame["symbol"])
    symbols = pd.Index(panel.symbols.astype(object)).get_indexer(pd.Index(np.asarray(names, dtype=object)))[codes]
    known = (dates >= 0) & (symbols >= 0)
    cells = dates * len(panel.symbols) + symbols
    if not known.all():
        cells = cells[known]
    seen = np.zeros(panel.close.size, bool)
    seen[cells] = True
    if np.count_nonzero(seen) != len(cells):
        row = frame[frame.duplicated(KEY)].iloc[0]
        raise InputError(f"{title}: {row['symbol']} on {row['date']:%Y-%m-%d} occurs more than once")
    return cells, None if known.all() else np.flatnonzero(known)


def context_of(context: pd.DataFrame | None, panel: Sheet) -> Columns:
    """Give the columns of the context, kept once per date: of the last row at or before each date of the bars."""
    table = dated(context)
    place = table.index.searchsorted(pd.DatetimeIndex(panel.dates), side="right") - 1

    def laid_out(name: str) -> Any:
        numeric = pd.api.types.is_numeric_dtype(table[name])
        values = table[name].to_numpy(np.float64, na_value=np.nan) if numeric else table[name].to_numpy(object)
        if not len(values):
            return np.full(len(place), np.nan)
        return np.where(place >= 0, values[place], np.array(np.nan if numeric else None))

    return Columns("context", [str(name) for name in table.columns], laid_out)
