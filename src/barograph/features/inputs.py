"""The arrays that features read, made from the tables: by bar, by date and symbol, and by context date."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.errors import InputError
from barograph.features.asof import AGES, AsOf
from barograph.features.registration import DERIVED, OF_DAYS, Array, Feature, Scope, find
from barograph.market.calendar import schedule
from barograph.market.data import MarketData
from barograph.names import REGIMES, SIGNAL_PREFIX

RELEASE_LAG: Final[dict[str, int]] = {"us10y": 1, "us2y": 1, "usd_broad": 7, "usd_index": 1}
"""Calendar days from the day that a context column describes to the day on which its value is known."""

STALE_AFTER: Final = 100
"""Calendar days for which an old context value replaces a missing value (a late quarterly figure still does)."""

_BAR_COLUMNS: Final = ("open", "high", "low", "close", "volume")
_REGIME_COLUMNS: Final = ("drawdown", "index_return_10")
_FACTS: Final = {*AGES, *AGES.values()}
_NO_FEATURES: Final = {
    **dict.fromkeys(DERIVED, "a series derived from prices"),
    **dict.fromkeys(OF_DAYS, "the days or their schedule"),
    **dict.fromkeys(AGES, "the age of a fact"),
}

_Days = NDArray[np.datetime64]
_Index = NDArray[np.intp]


@dataclass(frozen=True)
class Block:
    """Consecutive symbols, `first` to `last` - 1, the first row of each of them, and the row after the last."""

    first: int
    last: int
    starts: tuple[int, ...]

    @property
    def rows(self) -> slice:
        """The rows of all its symbols."""
        return slice(self.starts[0], self.starts[-1])

    @property
    def series(self) -> list[slice]:
        """The rows of each symbol, counted from the block's first."""
        begin = self.starts[0]
        return [slice(start - begin, stop - begin) for start, stop in pairwise(self.starts)]


@dataclass(frozen=True)
class Axis:
    """Where the rows of the bars lie.

    Attributes
    ----------
    symbols : ndarray of shape (N,)
        In the order of the bars.
    starts : ndarray of shape (N + 1,)
        The first row of each symbol, and the number of rows.
    dates : ndarray of shape (T,)
        All dates that have a bar, as ``datetime64[D]``.
    date_of_row, cell_of_row : ndarray of shape (rows,)
        The position of a row's date in `dates`, and that of the row in an (N, T) panel laid out symbol by symbol.
    """

    symbols: NDArray[Any]
    starts: _Index
    dates: _Days
    date_of_row: _Index
    cell_of_row: _Index

    def block(self, first: int, last: int) -> Block:
        """Give the block of the symbols `first` to `last` - 1."""
        return Block(first, last, tuple(self.starts[first : last + 1].tolist()))

    def blocks(self, symbols_at_once: int) -> Iterator[Block]:
        """Give all symbols in blocks."""
        for first in range(0, self.symbols.size, symbols_at_once):
            yield self.block(first, min(first + symbols_at_once, self.symbols.size))

    @property
    def complete(self) -> bool:
        """Whether every symbol has a bar on every date."""
        return self.date_of_row.size == self.symbols.size * self.dates.size


class Inputs:
    """The arrays that features read, with the release lags of the context applied.

    Attributes
    ----------
    context_dates : ndarray of shape (Tc,)
        The dates of the context, else of the regimes, else of the bars.
    context_row : ndarray of shape (rows,)
        The position of a bar's date in `context_dates`, -1 where it is not there.

    Raises
    ------
    InputError
        If a table is out of order or lacks a column, or a column of the context or a field of the facts has the name of
        a feature or of another input.
    """

    def __init__(self, data: MarketData, release_lag: Mapping[str, int], calendar: str | None) -> None:
        bars, context, regimes = data.bars, data.context, data.regimes
        days = _days(bars, "bars")
        self.axis = _axis(bars["symbol"], days)
        self.context_dates = next(
            (_days(table, name) for table, name in ((context, "context"), (regimes, "regimes")) if table is not None),
            self.axis.dates,
        )
        self.context_row = _positions(self.context_dates, self.axis.dates)[self.axis.date_of_row]
        if context is not None:
            _refuse_taken("context: the column", context.columns.drop("date", errors="ignore"), AGES.values())
        self.as_of = AsOf(data.facts, data.signals, self.axis.symbols, self.axis.starts, days)
        _refuse_taken("facts: the field", self.as_of.fields)
        self._bars: dict[str, Array] = _numbers(bars, _BAR_COLUMNS)
        self._dated: dict[str, Array] = {}
        if context is not None:
            columns = [name for name in context.columns if name not in ("date", "vix_estimated")]
            for name, values in _numbers(context, columns).items():
                self._dated[name] = _as_known(self.context_dates, values, release_lag.get(name, 0))
        if regimes is not None:
            self._dated |= _regime_columns(regimes, self.context_dates)
        self._sectors = None if data.universe is None else _sectors(data.universe, self.axis.symbols)
        self._calendar = calendar

    def has(self, name: str, scope: Scope) -> bool:
        """Tell whether an input that is no feature can be given to functions of that scope."""
        base = DERIVED.get(name, name)
        if name in self.as_of or name in _FACTS:
            return scope != "date" and name in self.as_of
        if name == "gics_sector":
            return scope == "panel" and self._sectors is not None
        if name == "schedule":
            return scope == "date" and self._calendar is not None
        return name == "date" or base in self._dated or (scope != "date" and base in self._bars)

    def by_bar(self, name: str, block: Block) -> Array:
        """Give an input as one value a row of a block."""
        if name == "date":
            return self.axis.dates[self.axis.date_of_row[block.rows]]  # type: ignore[return-value]
        if name in self.as_of:
            return self.as_of.by_bar(name, block.first, block.last)
        if name in self._bars:
            return self._bars[name][block.rows]
        if name in DERIVED and DERIVED[name] in self._bars:
            return _log_returns(self.by_bar(DERIVED[name], block), [series.start for series in block.series])
        return self.spread(self.by_date(name), block.rows)

    def by_date(self, name: str) -> Array:
        """Give an input as one value a context date, in (Tc,)."""
        if name == "date":
            return self.context_dates  # type: ignore[return-value]
        if name in DERIVED and name not in self._dated:
            return _log_returns(self._dated[DERIVED[name]], [0])
        return self._dated[name]

    def by_day(self, name: str) -> Any:
        """Give the dates of the bars, or the exchange's schedule, a `numpy.busdaycalendar`."""
        dates = self.axis.dates
        if name == "schedule" and self._calendar is not None:
            return schedule(self._calendar, pd.Timestamp(dates[0]), pd.Timestamp(dates[-1]))
        return dates

    def by_date_and_symbol(self, name: str) -> NDArray[Any]:
        """Give an input side by side: (T, N), but (N,) for the sectors' codes and (T,) for the date."""
        if name == "date":
            return self.axis.dates
        if name == "gics_sector" and self._sectors is not None:
            return self._sectors
        return self.panel(self.by_bar(name, self.axis.block(0, self.axis.symbols.size)))

    def panel(self, values: Array) -> Array:
        """Lay a (rows,) array out as (T, N), NaN where a symbol has no bar on a date."""
        axis = self.axis
        if not axis.complete:
            cells = np.full(axis.symbols.size * axis.dates.size, np.nan)
            cells[axis.cell_of_row] = values
            values = cells
        return values.reshape(axis.symbols.size, axis.dates.size).T

    def unpanel(self, values: Array) -> Array:
        """Give the rows of a (T, N) panel as (rows,)."""
        cells = values.T.reshape(-1)
        return cells if self.axis.complete else cells[self.axis.cell_of_row]

    def spread(self, values: Array, rows: slice) -> Array:
        """Give rows of the bars their date's value of a (Tc,) series, NaN where the context lacks the date."""
        return np.append(values, np.nan)[self.context_row[rows]]


def missing_columns(inputs: Inputs, entry: Feature) -> list[str]:
    """List the table columns that a feature, or a feature that it reads, needs and that are not there."""
    lacking: dict[str, None] = {}
    for name in entry.inputs:
        other = find(name)
        if other is not None and entry.scope != "date":
            lacking |= dict.fromkeys(missing_columns(inputs, other))
        elif not inputs.has(name, entry.scope):
            lacking[DERIVED.get(name, AGES.get(name, name))] = None
    return list(lacking)


def _refuse_taken(source: str, names: Iterable[str], facts: Collection[str] = ()) -> None:
    """Refuse names under which functions would read something else."""
    for name in names:
        taken = _NO_FEATURES.get(name)
        if find(name) is not None:
            taken = "a feature"
        elif name in facts:
            taken = "a field of the facts"
        elif name.startswith(SIGNAL_PREFIX):
            taken = "a signal"
        if taken is not None:
            raise InputError(f"{source} {name!r} has the name of {taken}; allowed are other names")


def _days(table: pd.DataFrame, name: str) -> _Days:
    days: _Days = pd.to_datetime(table["date"]).to_numpy().astype("datetime64[D]")
    if name != "bars" and not (days[1:] > days[:-1]).all():
        row = int(np.flatnonzero(~(days[1:] > days[:-1]))[0]) + 1
        raise InputError(f"{name}: row {row} ({days[row]}) does not lie after the row before it; dates must increase")
    return days


def _axis(symbol: pd.Series, days: _Days) -> Axis:
    if not len(symbol):
        raise InputError("bars: the table is empty; at least one bar is required")
    codes, symbols = pd.factorize(symbol)
    step = np.diff(codes)
    wrong = (step < 0) | ((step == 0) & ~(days[1:] > days[:-1]))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0]) + 1
        raise InputError(
            f"bars: row {row} ({symbol.iloc[row]}, {days[row]}) is out of order; sort by symbol and date, no repeats"
        )
    starts = np.concatenate([[0], np.flatnonzero(step) + 1, [codes.size]])
    offset = days.astype(np.int64) - days.min().astype(np.int64)
    traded = np.zeros(int(offset.max()) + 1, bool)
    traded[offset] = True
    date_of_row = (np.cumsum(traded) - 1)[offset]
    dates = days.min() + np.flatnonzero(traded)
    return Axis(np.asarray(symbols, dtype=object), starts, dates, date_of_row, codes * dates.size + date_of_row)


def _positions(reference: _Days, dates: _Days) -> _Index:
    at = np.searchsorted(reference, dates)
    found = reference[np.minimum(at, reference.size - 1)] == dates if reference.size else np.zeros(dates.size, bool)
    return np.where(found, at, -1)


def _numbers(table: pd.DataFrame, names: list[str] | tuple[str, ...]) -> dict[str, Array]:
    columns = {name: table[name].to_numpy(np.float64, na_value=np.nan) for name in names if name in table.columns}
    return {name: values for name, values in columns.items() if not np.isnan(values).all()}


def _as_known(dates: _Days, values: Array, lag: int) -> Array:
    """Give the newest value that was published by each date, unless it is stale."""
    observed = np.flatnonzero(np.isfinite(values))
    newest = np.searchsorted(dates[observed] + lag, dates, side="right") - 1
    source = observed[np.maximum(newest, 0)]
    usable = (newest >= 0) & ((dates - dates[source]).astype(np.int64) <= lag + STALE_AFTER)
    return np.where(usable, values[source], np.nan)


def _regime_columns(regimes: pd.DataFrame, dates: _Days) -> dict[str, Array]:
    columns = _numbers(regimes, _REGIME_COLUMNS)
    if "regime" in regimes:
        codes = pd.Categorical(regimes["regime"], categories=list(REGIMES)).codes.astype(np.float64)
        columns["regime"] = np.where(codes < 0, np.nan, codes)
    row = _positions(_days(regimes, "regimes"), dates)
    return {name: np.append(values, np.nan)[row] for name, values in columns.items()}


def _sectors(universe: pd.DataFrame, symbols: NDArray[Any]) -> _Index:
    sector = universe.set_index("symbol")["gics_sector"].reindex(symbols)
    # Sorted, so that a symbol listed later does not change the order of the other sectors.
    return np.asarray(pd.factorize(sector, sort=True)[0], dtype=np.intp)


def _log_returns(prices: Array, firsts: list[int]) -> Array:
    returns = np.empty(prices.size)
    np.log(prices[1:] / prices[:-1], out=returns[1:])
    returns[firsts] = np.nan
    return returns
