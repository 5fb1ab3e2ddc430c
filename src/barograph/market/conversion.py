"""From tables as found outside to the column types of :mod:`barograph.tables`."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from barograph.errors import InputError
from barograph.tables import DATE, FLOAT, TEXT, Table

PRICES = ("open", "high", "low", "close")


def to_table(frame: pd.DataFrame, table: Table, name: str) -> pd.DataFrame:
    """Convert bars, facts or signals, sorted by key; messages call the table `name` (here and below).

    Raises InputError if a column is missing or unknown, or a value is not of its column's type.
    """
    columns = list(table.columns)
    _require(frame, columns, name)
    if unknown := [column for column in frame.columns if column not in columns]:
        raise InputError(f"{name}: unknown columns {unknown}; allowed are {columns}")
    converters = {TEXT: _text, DATE: _dates, FLOAT: _numbers}
    converted = {column: converters[kind](frame, column, name) for column, kind in table.columns.items()}
    return _sorted(pd.DataFrame(converted), list(table.key))


def adjusted(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Apply a column `adj_close` beside `close` to all prices of a bar; without both columns change nothing.

    Open, high and low are multiplied by adj_close / close, the close becomes adj_close, and the volume stays. If only
    adj_close or close of a bar is no price, that becomes the close, and :func:`~barograph.market.validate` refuses it.
    Raises InputError if a price is not a number.
    """
    if not {"close", "adj_close"} <= set(frame.columns):
        return frame
    raw, close = (_numbers(frame, column, name) for column in ("close", "adj_close"))
    raw_is_price, close_is_price = ((values > 0) & np.isfinite(values) for values in (raw, close))
    factor = (close / raw).where(raw_is_price & close_is_price, 1.0)
    prices = {column: _numbers(frame, column, name) * factor for column in PRICES[:3] if column in frame.columns}
    return frame.assign(**prices, close=close.where(raw_is_price, raw)).drop(columns="adj_close")


def to_context(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Convert the context, sorted by date; without `vix` and `vix_estimated` where `frame` has none.

    Raises InputError if a required column is missing, or a value is not of its column's type.
    """
    _require(frame, ["date", "index_close"], name)
    known = [column for column in ("index_close", "vix", "vix_estimated") if column in frame.columns]
    converted = {"date": _dates(frame, "date", name)}
    for column in [*known, *(column for column in frame.columns if column not in ("date", *known))]:
        converted[column] = (_flags if column == "vix_estimated" else _numbers)(frame, column, name)
    return _sorted(pd.DataFrame(converted), ["date"])


def to_universe(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Convert the universe, sorted by symbol; columns beyond symbol, name and gics_sector are left out.

    Raises InputError if a column is missing, or a symbol is null.
    """
    _require(frame, ["symbol", "name", "gics_sector"], name)
    texts = {column: frame[column].astype("str") for column in ("name", "gics_sector")}
    return _sorted(pd.DataFrame({"symbol": _text(frame, "symbol", name)} | texts), ["symbol"])


def _require(frame: pd.DataFrame, columns: Sequence[str], name: str) -> None:
    found = [str(column) for column in frame.columns]
    if missing := [column for column in columns if column not in found]:
        raise InputError(f"{name}: lacks the columns {missing}; it has {found}")
    if twice := sorted({column for column in found if found.count(column) > 1}):
        raise InputError(f"{name}: has the columns {twice} more than once; each must be there once")


def _sorted(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    return frame.sort_values(key, kind="stable", ignore_index=True)


def _refuse(frame: pd.DataFrame, bad: pd.Series, column: str, name: str, allowed: str) -> None:
    if bad.any():
        position = int(bad.to_numpy().argmax())
        keys = [str(frame[key].iloc[position]) for key in ("symbol", "date") if key in frame and key != column]
        row = " ".join([f"row {position + 1}", *(key.removesuffix(" 00:00:00") for key in keys)])
        raise InputError(f"{name}: {row}: {column} is {str(frame[column].iloc[position])!r}; allowed: {allowed}")


def _text(frame: pd.DataFrame, column: str, name: str) -> pd.Series:
    values = frame[column].astype("str")
    _refuse(frame, values.isna() | (values == ""), column, name, "a name")
    return values


def _dates(frame: pd.DataFrame, column: str, name: str) -> pd.Series:
    found = frame[column]
    if isinstance(found.dtype, pd.DatetimeTZDtype):
        raise InputError(f"{name}: {column} has the time zone {found.dtype.tz}; allowed: days without a time zone")
    text = pd.api.types.is_string_dtype(found.dtype) and not pd.api.types.is_object_dtype(found.dtype)
    if pd.api.types.is_numeric_dtype(found.dtype):
        dates = pd.Series(pd.NaT, index=found.index)
    else:
        dates = pd.to_datetime(found, errors="coerce", format="%Y-%m-%d" if text else None)
    dates = dates.astype("datetime64[us]")
    _refuse(frame, dates.isna() | (dates != dates.dt.normalize()), column, name, "a date as 2020-03-16")
    return dates


def _numbers(frame: pd.DataFrame, column: str, name: str) -> pd.Series:
    found = frame[column]
    if pd.api.types.is_numeric_dtype(found.dtype) and not pd.api.types.is_bool_dtype(found.dtype):
        return found.astype(np.float64)
    text = found.astype("str")
    numbers = pd.to_numeric(text, errors="coerce").astype(np.float64)
    _refuse(frame, numbers.isna() & found.notna() & (text.str.strip() != ""), column, name, "a number or null")
    return numbers


def _flags(frame: pd.DataFrame, column: str, name: str) -> pd.Series:
    if not pd.api.types.is_bool_dtype(frame[column].dtype):
        raise InputError(f"{name}: {column} is of type {frame[column].dtype}; allowed: true or false on every row")
    return frame[column].astype(bool)
