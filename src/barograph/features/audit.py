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
    noise: float = 1.0,
) -> pd.DataFrame:
    """Find the columns of a result that depend on data from after their date.

    At each of several cut dates everything later is changed at random in a first run and missing in a second, as it was
    before history was extended. A column leaks if a value on or before the cut differs in either, be it in the last
    bit. The first run finds the use of later values, the second also that of the number of later rows. The second is
    made at further dates too: the last ones of weeks, months, quarters and years, where a function that looks at the
    next row's date shows itself, and the :func:`telling_dates` of the tables once every series has begun. The function
    is first called on the shortest history, and that answer must agree with the one on all of it, so that nothing that
    a function has kept from a longer history can hide a leak.

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
    noise : float, default 1.0
        Standard deviation of the log change of a number in the first run.

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
    given = [table[_known_from(table)] for table in tables.values() if _known_from(table) is not None]
    early = min(column.sort_values().iloc[len(column) // 2] for column in given)
    shortest = keyed(function(**truncated(tables, early, release_lag)))
    baseline = keyed(function(**tables))
    dates = pd.DatetimeIndex(baseline.index.get_level_values("date").unique().sort_values())
    if cuts < 1 or dates.size < cuts + 1:
        raise InputError(
            f"audit: {dates.size} dates do not allow {cuts} cuts; at least one more date than cuts is needed"
        )
    changed = _changed(baseline, keyed(function(**tables)))
    if differing := changed.columns[changed.any(axis=0)].tolist():
        raise InputError(f"audit: two runs on the same data differ in {differing}; the function must be deterministic")
    even = dates[(np.arange(1, cuts + 1) * dates.size) // (cuts + 1)]
    extension = changes_of_the_past(baseline, shortest, early)
    telling = telling_dates(tables)
    telling = telling[telling >= _all_begun(tables, release_lag)]
    for cut in even.union(ends_of_periods(dates)).union(telling).intersection(dates):
        again = keyed(function(**truncated(tables, cut, release_lag)))
        extension = _earlier(extension, changes_of_the_past(baseline, again, cut))
    corruption = pd.Series(pd.NaT, index=extension.index, dtype=extension.dtype)
    for cut in even:
        random = generator(seed, "audit", str(cut.date()))
        altered = {
            name: _corrupted(table, cut, _lags(name, release_lag), random, noise) for name, table in tables.items()
        }
        corruption = _earlier(corruption, changes_of_the_past(baseline, keyed(function(**altered)), cut))
    first = pd.DataFrame({"corruption": corruption, "extension": extension})
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


def telling_dates(tables: Tables) -> pd.DatetimeIndex:
    """Give the dates on which a leak that acts on unusual values alone can show itself.

    Of each column of numbers, and of each field of facts and each signal: the dates of the extremes, of the largest
    rise and fall from the row before, and the first and last of those with zeros, with missing values, and without a
    change. Of the rows of each symbol: the first and the last date, and those on both sides of the longest gap.
    """
    found: list[Any] = []
    for table in tables.values():
        if (known_from := _known_from(table)) is None:
            continue
        series = next((name for name in ("field", "name") if name in table), None)
        for _, part in [(None, table)] if series is None else table.groupby(series, sort=False):
            found += part.loc[_unusual(part, known_from), known_from].tolist()
        for _, days in [(None, table[known_from])] if "symbol" not in table else table.groupby("symbol")[known_from]:
            ordered = pd.DatetimeIndex(days.unique()).sort_values()
            gap = int(np.diff(ordered.to_numpy()).argmax()) if ordered.size > 1 else 0
            found += ordered[[0, gap, min(gap + 1, ordered.size - 1), -1]].tolist()
    return pd.DatetimeIndex(found, dtype="datetime64[us]").unique().sort_values()


def _all_begun(tables: Tables, release_lag: Mapping[str, int]) -> pd.Timestamp:
    """Give the first day on which a value of every column of the context, field of facts and signal is known."""
    begun = [pd.Timestamp.min]
    for name, table in tables.items():
        series = next((column for column in ("field", "name") if column in table), None)
        if name == "context":
            lags = {column: pd.Timedelta(days=release_lag.get(str(column), 0)) for column in table.columns}
            known = {column: table.loc[table[column].notna(), "date"] for column in table.columns}
            begun += [dates.iloc[0] + lags[column] for column, dates in known.items() if len(dates)]
        elif series is not None and (known_from := _known_from(table)) is not None:
            begun += table.groupby(series)[known_from].min().tolist()
    return max(begun)


def _unusual(table: pd.DataFrame, known_from: str) -> list[Any]:
    """Give the index of rows with unusual values, column by column."""
    date, rows = table[known_from], []
    for name in table.select_dtypes(["number", "bool"]).columns:
        values = table[name].astype("float64")
        step = values.groupby(table["symbol"], sort=False).diff() if "symbol" in table else values.diff()
        rows += [each.idxmax() for each in (values, -values, step, -step) if each.notna().any()]
        for marked in (values == 0.0, values.isna(), step == 0.0):
            rows += [date[marked].idxmin(), date[marked].idxmax()] if marked.any() else []
    return rows


def changes_of_the_past(before: pd.DataFrame, after: pd.DataFrame, cut: pd.Timestamp) -> "pd.Series[pd.Timestamp]":
    """Give, by column, the earliest date up to the cut on which two results differ; NaT where they agree.

    The results are indexed by ``date``, or ``symbol`` and ``date``.
    """
    past, again = (frame[frame.index.get_level_values("date") <= cut] for frame in (before, after))
    changed = _changed(past, again)
    dates = changed.index.get_level_values("date")
    first = {name: dates[changed[name]].min() for name in changed.columns[changed.any(axis=0)]}
    return pd.Series(first, index=before.columns, dtype="datetime64[us]")


def _earlier(one: pd.Series, other: pd.Series) -> pd.Series:
    return one.where(other.isna() | (one <= other), other)


def _lags(name: str, release_lag: Mapping[str, int]) -> Mapping[str, int]:
    return release_lag if name == "context" else {}


def _corrupted(
    table: pd.DataFrame, cut: pd.Timestamp, release_lag: Mapping[str, int], random: np.random.Generator, noise: float
) -> pd.DataFrame:
    if _known_from(table) is None:
        return table
    result = table.copy()
    for name in result.columns.drop(list(_KEPT), errors="ignore"):
        later = _unknown(table, cut, release_lag.get(str(name), 0))
        result.loc[later, name] = _scrambled(result.loc[later, name], random, noise)
    if set(_PRICES) <= set(result.columns):
        later = _unknown(table, cut, 0)
        prices = result.loc[later, _PRICES]
        result.loc[later, "high"], result.loc[later, "low"] = prices.max(axis=1), prices.min(axis=1)
    return result


def _scrambled(values: pd.Series, random: np.random.Generator, noise: float) -> Any:
    if pd.api.types.is_bool_dtype(values):
        return ~values
    if pd.api.types.is_float_dtype(values):
        return values * np.exp(random.normal(0.0, noise, len(values)))
    return values.to_numpy()[random.permutation(len(values))]


def truncated(tables: Tables, cut: pd.Timestamp, release_lag: Mapping[str, int]) -> dict[str, pd.DataFrame]:
    """Give the tables as they were known on a day; `release_lag` as :func:`audit` takes it."""
    return {name: _truncated(table, cut, _lags(name, release_lag)) for name, table in tables.items()}


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


def keyed(frame: pd.DataFrame) -> pd.DataFrame:
    """Index a result by ``date``, or by ``symbol`` and ``date``."""
    return frame.set_index([name for name in _KEYS if name in frame.columns])


def _changed(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Compare cell by cell; a cell that only one of the two has differs, unless the other's is null."""
    rows, columns = before.index.union(after.index), before.columns
    if not (before.index.equals(rows) and after.index.equals(rows) and after.columns.equals(columns)):
        before, after = before.reindex(rows), after.reindex(index=rows, columns=columns)
    same = np.zeros(before.shape, dtype=bool)
    floats = np.array([{one.kind, other.kind} == {"f"} for one, other in zip(before.dtypes, after.dtypes, strict=True)])
    one, other = (frame.loc[:, floats].to_numpy(np.float64) for frame in (before, after))
    same[:, floats] = (one == other) | (np.isnan(one) & np.isnan(other))
    for name in columns[~floats]:
        same[:, columns.get_loc(name)] = _same(before[name], after[name])
    return pd.DataFrame(~same, index=rows, columns=columns)


def _same(before: pd.Series, after: pd.Series) -> np.ndarray[Any, np.dtype[np.bool_]]:
    equal = before.to_numpy() == after.to_numpy()
    return np.asarray(equal | (before.isna() & after.isna()).to_numpy(), dtype=bool)
