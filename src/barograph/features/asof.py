"""Facts and signals as they were known: at each bar the newest value that was available by its close."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.errors import InputError
from barograph.market.schema import FACTS, SIGNALS
from barograph.names import SIGNAL_PREFIX
from barograph.tables import Table

FUNDAMENTALS: Final = (
    *("pe_ratio", "peg_ratio", "return_on_equity", "debt_to_equity", "profit_margin", "operating_margin"),
    *("eps_growth", "revenue_growth", "free_cash_flow_yield", "dividend_yield"),
)
"""Fields of the facts that the family ``fundamentals`` reads: ratios as published."""

SENTIMENT: Final = tuple(f"{who}_sentiment" for who in ("news", "social", "analyst", "institutional", "insider"))
"""Fields of the facts that the family ``sentiment`` reads."""

AGES: Final = {f"{field}_age": field for field in (*FUNDAMENTALS, *SENTIMENT)}
"""Inputs that give the calendar days since a field's newest value became available, and the fields."""

FUNDAMENTALS_STALE_AFTER: Final = 400
"""Calendar days for which a fundamental figure counts, as do fields that no family names."""

SENTIMENT_STALE_AFTER: Final = 30
"""Calendar days for which a sentiment counts."""

SIGNAL_STALE_AFTER: Final = 7
"""Calendar days after its date for which a signal counts."""

_STALE_AFTER: Final = dict.fromkeys(SENTIMENT, SENTIMENT_STALE_AFTER)

_Array = NDArray[np.float64]
_Index = NDArray[np.intp]
_Days = NDArray[np.int64]


class _Series(NamedTuple):
    """The entries of one field or signal, symbol by symbol, in the order in which they came into force.

    Those of symbol n are ``starts[n]`` to ``starts[n + 1] - 1``; `since` is the day on which an entry came into force,
    `about` the day from which its age counts.
    """

    starts: _Index
    since: _Days
    about: _Days
    value: _Array
    stale_after: int


class AsOf:
    """Facts and signals, joined to bars as of each bar's date.

    A fact counts from its ``available_from`` on, at the close of that day already, until a newer one is available. A
    signal counts from the later of its ``date`` and its ``available_from`` on, at the close of that day already; of
    those in force the one with the newest ``date`` counts. Both lapse with age: the first after 400 or, for sentiment,
    30 calendar days, the second 7 calendar days after its date.

    The tables' rows may come in any order; rows of symbols that have no bars play no part. `starts` and `days` are the
    first bar of each symbol, with the number of bars at the end, and the date of each bar.

    Attributes
    ----------
    signals : tuple of str
        The signals' names as inputs and features, ``signal_<name>``, in alphabetical order.
    fields : tuple of str
        The fields of the facts, in alphabetical order.

    Raises
    ------
    InputError
        If a table lacks a column.
    """

    def __init__(
        self,
        facts: pd.DataFrame | None,
        signals: pd.DataFrame | None,
        symbols: NDArray[Any],
        starts: _Index,
        days: NDArray[np.datetime64],
    ) -> None:
        self._starts, self._days = starts, days.astype(np.int64)
        of_facts, of_signals = dict(_fields(facts, symbols)), dict(_signals(signals, symbols))
        self._series: dict[str, _Series] = of_facts | of_signals
        self.fields, self.signals = tuple(sorted(of_facts)), tuple(sorted(of_signals))

    def __contains__(self, name: str) -> bool:
        """Tell whether an input is a field, a field's age or a signal of these tables."""
        return AGES.get(name, name) in self._series

    def by_bar(self, name: str, first: int, last: int) -> _Array:
        """Give the value in force at the close of each bar of the symbols `first` to `last` - 1; NaN for none."""
        from barograph.features.kernels import values_in_force

        series = self._series[AGES.get(name, name)]
        starts = self._starts[first : last + 1]
        days = self._days[starts[0] : starts[-1]]
        return values_in_force(
            starts - starts[0], days, *series._replace(starts=series.starts[first : last + 1]), name in AGES
        )


def _fields(facts: pd.DataFrame | None, symbols: NDArray[Any]) -> Iterator[tuple[str, _Series]]:
    if facts is None:
        return
    for field, symbol, days, value in _groups(facts, FACTS, "field", "facts", symbols):
        known = days["available_from"]
        limit = _STALE_AFTER.get(field, FUNDAMENTALS_STALE_AFTER)
        yield field, _series(symbol, symbols.size, known, known, value, limit)


def _signals(signals: pd.DataFrame | None, symbols: NDArray[Any]) -> Iterator[tuple[str, _Series]]:
    if signals is None:
        return
    for name, symbol, days, value in _groups(signals, SIGNALS, "name", "signals", symbols):
        since = np.maximum(days["date"], days["available_from"])
        yield f"{SIGNAL_PREFIX}{name}", _series(symbol, symbols.size, since, days["date"], value, SIGNAL_STALE_AFTER)


def _groups(
    table: pd.DataFrame, kind: Table, by: str, name: str, symbols: NDArray[Any]
) -> Iterator[tuple[str, _Index, dict[str, _Days], _Array]]:
    """Give the rows of each field or signal: the symbols' positions, its columns of dates in days, and the values."""
    if missing := [column for column in kind.columns if column not in table]:
        raise InputError(f"{name}: lacks the columns {missing}; it has {list(table.columns)}")
    symbol = pd.Index(symbols).get_indexer(pd.Index(table["symbol"]))
    group, names = pd.factorize(table[by], sort=True)
    value = table["value"].to_numpy(np.float64)
    days = {
        column: pd.to_datetime(table[column]).to_numpy().astype("datetime64[D]").astype(np.int64)
        for column in ("date", "available_from")
        if column in kind.columns
    }
    for number, found in enumerate(names):
        rows = np.flatnonzero((group == number) & (symbol >= 0))
        if rows.size:
            yield str(found), symbol[rows], {column: each[rows] for column, each in days.items()}, value[rows]


def _series(symbol: _Index, n_symbols: int, since: _Days, about: _Days, value: _Array, stale_after: int) -> _Series:
    """Sort entries, without those that come into force after one about a later day: the last in force is the newest."""
    order = np.lexsort((about, since, symbol))
    symbol, since, about, value = symbol[order], since[order], about[order], value[order]
    day = about - about.min()
    key = symbol * (int(day.max()) + 1) + day
    kept = key >= np.maximum.accumulate(key)
    starts = np.searchsorted(symbol[kept], np.arange(n_symbols + 1))
    return _Series(starts, since[kept], about[kept], value[kept], stale_after)
