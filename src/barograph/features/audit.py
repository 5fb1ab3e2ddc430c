"""The point-in-time audit: corrupt or remove the future, recompute, and demand the same past to the bit."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.errors import InputError
from barograph.randomness import generator

_KEYS: Final = ("symbol", "date")
_KEPT: Final = (*_KEYS, "field", "name", "available_from")
_PRICES: Final = ["open", "high", "low", "close"]

Tables = Mapping[str, pd.DataFrame]


def audit(
    function: Callable[..., pd.DataFrame],
    tables: Tables,
    *,
    release_lag: Mapping[str, int],
    cuts: int = 4,
    seed: int = 0,
) -> pd.DataFrame:
    """Find the columns of a result that depend on data from after their date.

    At each of several cut dates everything later is changed at random in a first run and missing in a second, as it was
    before history was extended. A column leaks if a value on or before the cut differs in either, be it in the last
    bit. The first run finds the use of later values, the second also that of the number of later rows. The second is
    made at the last dates of weeks, months, quarters and years too, and before the longest gap, where a function that
    looks at the next row's date shows itself. The shortest history goes first, so that nothing that a function has
    kept from a longer history can hide a leak.

    Parameters
    ----------
    function : callable
        Called as ``function(**tables)``; gives a frame with ``date``, or ``symbol`` and ``date``, and further columns.
        Whatever is derived from a table, such as the regimes from the context, has to be derived in here.
    tables : mapping of str to pandas.DataFrame
        Those with a column ``available_from``, else ``date``, are changed where it lies after the cut.
    release_lag : mapping of str to int
        Calendar days by column of the table named ``context``. A value observed on day d is known from d + lag on, so
        that much more of the column is changed; where rows are removed, the values that were not yet known are too.
    cuts : int, default 4
        Number of cut dates, spread evenly over the dates of the result, beside the ends of periods.
    seed : int, default 0
        Seed of the random changes.

    Returns
    -------
    pandas.DataFrame
        One row a column of the result: ``feature``; ``leaks`` (bool); ``corruption`` and ``extension``, the earliest
        date whose value changed in the runs of that kind, NaT where none did; ``first_leak``, the earlier of the two.

    Raises
    ------
    InputError
        If the result has fewer dates than `cuts` needs, or two runs on the same data differ.
    """
    lags = {name: release_lag if name == "context" else {} for name in tables}
    given = [table[_known_from(table)] for table in tables.values() if _known_from(table) is not None]
    early = min(column.sort_values().iloc[len(column) // 2] for column in given)
    function(**{name: _truncated(table, early, lags[name]) for name, table in tables.items()})
    baseline = _keyed(function(**tables))
    dates = pd.DatetimeIndex(baseline.index.get_level_values("date").unique().sort_values())
    if cuts < 1 or dates.size < cuts + 1:
        raise InputError(
            f"audit: {dates.size} dates do not allow {cuts} cuts; at least one more date than cuts is needed"
        )
    changed = _changed(baseline, _keyed(function(**tables)))
    if differing := changed.columns[changed.any(axis=0)].tolist():
        raise InputError(f"audit: two runs on the same data differ in {differing}; the function must be deterministic")
    never = pd.Series(pd.NaT, index=baseline.columns, dtype="datetime64[us]")
    first = pd.DataFrame({"corruption": never, "extension": never})
    even = dates[(np.arange(1, cuts + 1) * dates.size) // (cuts + 1)]
    for cut in even.union(ends_of_periods(dates)):
        past = baseline[baseline.index.get_level_values("date") <= cut]
        runs = {"extension": {name: _truncated(table, cut, lags[name]) for name, table in tables.items()}}
        if cut in even:
            random = generator(seed, "audit", str(cut.date()))
            runs["corruption"] = {name: _corrupted(table, cut, lags[name], random) for name, table in tables.items()}
        for test, altered in runs.items():
            again = _keyed(function(**altered))
            changed = _changed(past, again[again.index.get_level_values("date") <= cut])
            for name in changed.columns[changed.any(axis=0)].difference(first[test].dropna().index):
                first.loc[name, test] = changed.index.get_level_values("date")[changed[name]].min()
    earlier = first.min(axis=1)
    first.insert(0, "feature", baseline.columns.astype("str"))
    first.insert(1, "leaks", earlier.notna())
    return first.assign(first_leak=earlier).reset_index(drop=True)


def ends_of_periods(dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Give two last dates each of weeks, months, quarters and years, and the date before the longest gap.

    The dates ascend; the last date of all is not given, since nothing follows it.
    """
    days = dates.to_numpy().astype("datetime64[D]")
    months = days.astype("datetime64[M]").astype(np.int64)
    gaps = np.diff(days.astype(np.int64))
    longest = np.flatnonzero(gaps == gaps.max(initial=0))
    chosen = [int(longest[longest.size // 2])] if longest.size else []
    for period in ((days.astype(np.int64) + 3) // 7, months, months // 3, months // 12):
        last = np.flatnonzero(np.diff(period))
        chosen += [int(last[last.size * part // 3]) for part in (1, 2) if last.size]
    return dates[np.unique(np.array(chosen, np.intp))]


def _corrupted(
    table: pd.DataFrame, cut: pd.Timestamp, release_lag: Mapping[str, int], random: np.random.Generator
) -> pd.DataFrame:
    if _known_from(table) is None:
        return table
    result = table.copy()
    for name in result.columns.drop(list(_KEPT), errors="ignore"):
        later = _unknown(table, cut, release_lag.get(str(name), 0))
        result.loc[later, name] = _scrambled(result.loc[later, name], random)
    if set(_PRICES) <= set(result.columns):
        later = _unknown(table, cut, 0)
        prices = result.loc[later, _PRICES]
        result.loc[later, "high"], result.loc[later, "low"] = prices.max(axis=1), prices.min(axis=1)
    return result


def _scrambled(values: pd.Series, random: np.random.Generator) -> Any:
    if pd.api.types.is_bool_dtype(values):
        return ~values
    if pd.api.types.is_float_dtype(values):
        return values * np.exp(random.normal(0.0, 1.0, len(values)))
    return values.to_numpy()[random.permutation(len(values))]


def _truncated(table: pd.DataFrame, cut: pd.Timestamp, release_lag: Mapping[str, int]) -> pd.DataFrame:
    known_from = _known_from(table)
    if known_from is None:
        return table
    result = table[table[known_from] <= cut].reset_index(drop=True)
    for name in result.columns.intersection(list(release_lag)):
        result.loc[_unknown(result, cut, release_lag[name]), name] = np.nan
    return result


def _known_from(table: pd.DataFrame) -> str | None:
    return next((name for name in ("available_from", "date") if name in table), None)


def _unknown(table: pd.DataFrame, cut: pd.Timestamp, lag: int) -> pd.Series:
    return table[_known_from(table)] > cut - pd.Timedelta(days=lag)


def _keyed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index([name for name in _KEYS if name in frame.columns])


def _changed(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Compare cell by cell; a cell that only one of the two has differs, unless the other's is null."""
    rows, columns = before.index.union(after.index), before.columns
    if not (before.index.equals(rows) and after.index.equals(rows) and after.columns.equals(columns)):
        before, after = before.reindex(rows), after.reindex(index=rows, columns=columns)
    same = [_same(before[name], after[name]) for name in columns]
    return pd.DataFrame(~np.column_stack(same), index=rows, columns=columns)


def _same(before: pd.Series, after: pd.Series) -> np.ndarray[Any, np.dtype[np.bool_]]:
    equal = before.to_numpy() == after.to_numpy()
    return np.asarray(equal | (before.isna() & after.isna()).to_numpy(), dtype=bool)
