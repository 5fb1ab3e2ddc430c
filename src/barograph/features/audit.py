"""The point-in-time audit: corrupt or remove the future, recompute, and demand the same past to the bit."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.errors import InputError
from barograph.randomness import generator

_KEYS: Final = ("symbol", "date")
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

    At each of several cut dates everything later is changed at random in one run and removed in another. A column
    leaks if a value on or before the cut differs in either, be it in the last bit. The first run finds the use of
    later values, the second also that of the number of later rows.

    Parameters
    ----------
    function : callable
        Called as ``function(**tables)``; gives a frame with ``date``, or ``symbol`` and ``date``, and further columns.
        Whatever is derived from a table, such as the regimes from the context, has to be derived in here.
    tables : mapping of str to pandas.DataFrame
        Those with a column ``date`` are changed.
    release_lag : mapping of str to int
        Calendar days by column of the table named ``context``. A value observed on day d is known from d + lag on, so
        that much more of the column is changed; where rows are removed, the values that were not yet known are too.
    cuts : int, default 4
        Number of cut dates, spread evenly over the dates of the result.
    seed : int, default 0
        Seed of the random changes.

    Returns
    -------
    pandas.DataFrame
        ``feature``, ``leaks`` (bool), ``first_leak`` (the earliest date whose value changed, NaT where none did) and
        ``revealed_by`` (``corruption``, ``truncation`` or an empty text), one row a column of the result.

    Raises
    ------
    InputError
        If the result has fewer dates than `cuts` needs, or two runs on the same data differ.
    """
    baseline = _keyed(function(**tables))
    dates = baseline.index.get_level_values("date").unique().sort_values()
    if cuts < 1 or dates.size < cuts + 1:
        raise InputError(
            f"audit: {dates.size} dates do not allow {cuts} cuts; at least one more date than cuts is needed"
        )
    if bool(_changed(baseline, _keyed(function(**tables))).any(axis=None)):
        raise InputError("audit: two runs on the same data differ; the function must be deterministic")
    first = pd.Series(pd.NaT, index=baseline.columns, dtype="datetime64[us]")
    revealed = pd.Series("", index=baseline.columns, dtype="str")
    for cut in dates[(np.arange(1, cuts + 1) * dates.size) // (cuts + 1)]:
        past = baseline[baseline.index.get_level_values("date") <= cut]
        for test, altered in _alterations(tables, cut, release_lag, generator(seed, "audit", str(cut.date()))):
            again = _keyed(function(**altered))
            changed = _changed(past, again[again.index.get_level_values("date") <= cut])
            for name in changed.columns[changed.any(axis=0)].difference(first.dropna().index):
                first[name] = changed.index.get_level_values("date")[changed[name]].min()
                revealed[name] = test
    return pd.DataFrame(
        {
            "feature": baseline.columns.astype("str"),
            "leaks": first.notna().to_numpy(),
            "first_leak": first.to_numpy(),
            "revealed_by": revealed.to_numpy(),
        }
    )


def _alterations(
    tables: Tables, cut: pd.Timestamp, release_lag: Mapping[str, int], random: np.random.Generator
) -> Iterator[tuple[str, dict[str, pd.DataFrame]]]:
    lags = {name: release_lag if name == "context" else {} for name in tables}
    yield "corruption", {name: _corrupted(table, cut, lags[name], random) for name, table in tables.items()}
    yield "truncation", {name: _truncated(table, cut, lags[name]) for name, table in tables.items()}


def _corrupted(
    table: pd.DataFrame, cut: pd.Timestamp, release_lag: Mapping[str, int], random: np.random.Generator
) -> pd.DataFrame:
    if "date" not in table:
        return table
    result = table.copy()
    for name in result.columns.drop(list(_KEYS), errors="ignore"):
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
    if "date" not in table:
        return table
    result = table[table["date"] <= cut].reset_index(drop=True)
    for name in result.columns.intersection(list(release_lag)):
        result.loc[_unknown(result, cut, release_lag[name]), name] = np.nan
    return result


def _unknown(table: pd.DataFrame, cut: pd.Timestamp, lag: int) -> pd.Series:
    return table["date"] > cut - pd.Timedelta(days=lag)


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
