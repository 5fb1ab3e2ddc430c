"""The rules of market data; every violation ends in one line that names the file, the row and the rule."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.market.calendar import sessions
from barograph.market.conversion import PRICES, to_context, to_table, to_universe
from barograph.market.data import MarketData
from barograph.market.schema import BARS, FACTS, SIGNALS, UNIVERSE
from barograph.names import LABEL_COLUMNS, REGIME_COLUMNS, SIGNAL_PREFIX
from barograph.tables import Table
from barograph.typing import Mask

MINIMUM_DATES: Final = 300
_TABLES: Final = ("bars", "context", "universe", "facts", "signals")
_CONTEXT: Final = ("date", "index_close", "vix", "vix_estimated")
_TAKEN: Final = {*BARS.columns, *UNIVERSE.columns, *LABEL_COLUMNS, *REGIME_COLUMNS}
# Adjusting each price of a bar by a rounded factor of its own may push a close past its high by some ulps of float32.
ROUNDING: Final = 1e-6
_FIELD: Final = "[a-z][a-z0-9]*(_[a-z0-9]+)*"
_SIGNAL: Final = "[a-z][a-z0-9_]*"
_ROW: Final = ("symbol", "date")
_Mask = Mask | pd.Series


@without_time_zones
def validate(
    bars: pd.DataFrame,
    context: pd.DataFrame,
    universe: pd.DataFrame,
    *,
    calendar: str,
    origin: str | Mapping[str, str],
    facts: pd.DataFrame | None = None,
    signals: pd.DataFrame | None = None,
) -> MarketData:
    """Refuse bad market data, and give good data in canonical form.

    The rules: bars unique in (symbol, date), the context in date, the universe in symbol; every date a session of the
    exchange and none after today; at least 300 context dates; every bar's date in the context. Close given; prices
    finite and positive; high at least low; open and close within low and high, up to a relative rounding of 1e-6 (real
    adjusted vendor data keeps it exactly); volume finite, zero or more. Open, high, low and volume may be null, each by
    itself. Index closes and VIX finite and positive, the VIX given on some day at least; further context columns
    finite or null. Every traded symbol with a name and a sector. Facts unique in (symbol, field, available_from),
    signals in (symbol, name, date), their values finite, none available after today only, their names in small letters,
    digits and underscores. A signal may be available before its date (a forecast made ahead).

    Parameters
    ----------
    bars : pandas.DataFrame
        Columns symbol, date, open, high, low, close, volume, in any order of rows.
    context : pandas.DataFrame
        Columns date, index_close, vix, vix_estimated and any further numeric ones.
    universe : pandas.DataFrame
        Columns symbol, name, gics_sector; symbols without bars are left out, with a note.
    calendar : str
        A code of exchange_calendars, such as ``XNYS``.
    origin : str or mapping of str to str
        The name in messages of the source, or of each of its tables ``bars``, ``context``, ``universe`` and, if given,
        ``facts`` and ``signals``, such as a path.
    facts, signals : pandas.DataFrame or None
        Columns symbol, field, available_from, value, and symbol, name, date, value, available_from; symbols without
        bars are left out, with a note.

    Returns
    -------
    MarketData
        Sorted by key, in the types of :mod:`barograph.tables`. Validating it again changes nothing.

    Raises
    ------
    InputError
        At the first rule broken.
    """
    names = table_names(origin)
    bars = to_table(bars, BARS, names["bars"])
    context = to_context(context, names["context"])
    if missing := [column for column in _CONTEXT if column not in context]:
        raise InputError(f"{names['context']}: lacks the columns {missing}; it has {list(context.columns)}")
    universe = to_universe(universe, names["universe"])
    _check_context(context, names["context"])
    _check_bars(bars, names["bars"])
    notes = _check_dates(bars, context, names, calendar)
    universe, ignored = _traded(universe, bars, names)
    if facts is not None:
        facts, more = _check_facts(facts, universe, names["facts"], {*_TAKEN, *context.columns})
        ignored += more
    if signals is not None:
        signals, more = check_signals(signals, universe, names["signals"])
        ignored += more
    return MarketData(bars, context, universe, facts=facts, signals=signals, notes=[*ignored, *notes])


def check_signals(signals: pd.DataFrame, universe: pd.DataFrame, name: str) -> tuple[pd.DataFrame | None, list[str]]:
    """Refuse bad signals as :func:`validate` does; give those of the universe's symbols, and notes of those left out.

    The signals are sorted by key, in the types of :mod:`barograph.tables`, and None where no row is left.
    """
    signals = to_table(signals, SIGNALS, name)
    _check_published(signals, SIGNALS, name)
    _refuse(signals, ~signals["name"].str.fullmatch(_SIGNAL), name, "name", ["name"], _SIGNAL, SIGNALS.key)
    return _kept(signals, universe, name)


def _check_facts(
    facts: pd.DataFrame, universe: pd.DataFrame, name: str, taken: set[str]
) -> tuple[pd.DataFrame | None, list[str]]:
    facts = to_table(facts, FACTS, name)
    _check_published(facts, FACTS, name)
    field = facts["field"]
    _refuse(facts, ~field.str.fullmatch(_FIELD), name, "field", ["field"], _FIELD, FACTS.key)
    bad = field.isin(taken) | field.str.startswith(SIGNAL_PREFIX)
    _refuse(facts, bad, name, "field", ["field"], f"no column of another table, nor {SIGNAL_PREFIX}...", FACTS.key)
    return _kept(facts, universe, name)


def _check_published(frame: pd.DataFrame, table: Table, name: str) -> None:
    _refuse_repeated(frame, list(table.key), name)
    _refuse(frame, ~np.isfinite(frame["value"]), name, "value", ["value"], "a finite number", table.key)
    today = pd.Timestamp.now().normalize()
    later = frame["available_from"] > today
    _refuse(frame, later, name, "available after today", ["available_from"], f"up to {today:%F}", table.key)


def _kept(frame: pd.DataFrame, universe: pd.DataFrame, name: str) -> tuple[pd.DataFrame | None, list[str]]:
    """Give the rows of the universe's symbols, None where there is no such row, and say whose were left out."""
    known = frame["symbol"].isin(universe["symbol"])
    kept = frame[known].reset_index(drop=True)
    return kept if len(kept) else None, _ignored(name, frame.loc[~known, "symbol"].unique().tolist())


def table_names(origin: str | Mapping[str, str]) -> Mapping[str, str]:
    """Give the name of each table in messages."""
    return {table: f"{origin}/{table}" for table in _TABLES} if isinstance(origin, str) else origin


def check_index(context: pd.DataFrame, name: str) -> None:
    """Raise InputError if a date repeats, or an index close is missing, infinite or not positive."""
    _refuse_repeated(context, ["date"], name)
    _refuse(context, ~_positive(context["index_close"]), name, "index close", ["index_close"], "finite and positive")


def _check_context(context: pd.DataFrame, name: str) -> None:
    check_index(context, name)
    if len(context) < MINIMUM_DATES:
        raise InputError(f"{name}: too short a history: {len(context)} dates; allowed: at least {MINIMUM_DATES}")
    vix = context["vix"]
    if vix.isna().all():
        raise InputError(f"{name}: vix has no value; allowed: values, or no such column to have it estimated")
    _refuse(context, vix.notna() & ~_positive(vix), name, "VIX", ["vix"], "finite and positive, or null")
    for column in context.columns.difference(list(_CONTEXT), sort=False):
        if column in _TAKEN:
            raise InputError(f"{name}: the column {column} has the name of another table's; allowed are other names")
        _refuse(context, np.isinf(context[column]), name, "infinite value", [column], "a finite number or null")


def _check_bars(bars: pd.DataFrame, name: str) -> None:
    if bars.empty:
        raise InputError(f"{name}: no bar in the span asked for; allowed: at least one")
    _refuse_repeated(bars, ["symbol", "date"], name)
    _refuse(bars, bars["close"].isna(), name, "missing close", ["close"], "a close on every bar")
    for column in PRICES:
        _refuse(bars, np.isinf(bars[column]), name, "infinite price", [column], "a finite price")
        _refuse(bars, bars[column] <= 0, name, "non-positive price", [column], "a price above zero")
    high, low = bars["high"], bars["low"]
    _refuse(bars, high < low, name, "high below low", ["high", "low"], "high at or above low")
    for column in ("open", "close"):
        beyond = (bars[column] > high * (1 + ROUNDING)) | (bars[column] < low * (1 - ROUNDING))
        _refuse(bars, beyond, name, f"{column} outside low and high", [column, "low", "high"], "low to high")
    volume = bars["volume"]
    _refuse(bars, (volume < 0) | np.isinf(volume), name, "volume", ["volume"], "finite, zero or more, or null")


def _check_dates(bars: pd.DataFrame, context: pd.DataFrame, names: Mapping[str, str], calendar: str) -> list[str]:
    tables = {names["context"]: context, names["bars"]: bars}
    today = pd.Timestamp.now().normalize()
    for name, frame in tables.items():
        _refuse(frame, frame["date"] > today, name, "a date after today", [], f"up to {today:%Y-%m-%d}")
    first = min(frame["date"].min() for frame in tables.values())
    last = max(frame["date"].max() for frame in tables.values())
    days = sessions(calendar, first, last)
    for name, frame in tables.items():
        _refuse(frame, ~frame["date"].isin(days), name, "not a trading day", [], f"the sessions of {calendar}")
    absent = ~bars["date"].isin(context["date"])
    _refuse(bars, absent, names["bars"], "date missing in the context", [], f"the dates of {names['context']}")
    expected = days[(days >= context["date"].iloc[0]) & (days <= context["date"].iloc[-1])]
    gaps = expected.difference(pd.DatetimeIndex(context["date"]))
    if gaps.empty:
        return []
    return [f"{names['context']} lacks {len(gaps)} sessions of {calendar} within its span, the first {gaps[0]:%F}."]


def _traded(universe: pd.DataFrame, bars: pd.DataFrame, names: Mapping[str, str]) -> tuple[pd.DataFrame, list[str]]:
    name = names["universe"]
    _refuse_repeated(universe, ["symbol"], name)
    symbols = bars["symbol"].unique()
    if universe.empty:
        raise InputError(f"{name}: empty universe: no row; allowed: a row for each symbol of {names['bars']}")
    traded = universe["symbol"].isin(symbols)
    ignored = _ignored(name, universe.loc[~traded, "symbol"].tolist())
    kept = universe[traded].reset_index(drop=True)
    for column in ("gics_sector", "name"):
        empty = kept[column].isna() | (kept[column].str.strip() == "")
        _refuse(kept, empty, name, f"a traded symbol without {column}", [column], "a text")
    if without := sorted(set(symbols) - set(kept["symbol"])):
        raise InputError(
            f"{name}: {without[0]}: a traded symbol without a row, so without sector ({len(without)} in all);"
            f" allowed: a row for each symbol of {names['bars']}"
        )
    return kept, ignored


def _ignored(name: str, symbols: list[str]) -> list[str]:
    if not symbols:
        return []
    shown = ", ".join(symbols[:5]) + (", ..." if len(symbols) > 5 else "")
    return [f"{name}: {len(symbols)} symbols without bars are ignored: {shown}."]


def _positive(values: pd.Series) -> Mask:
    numbers = values.to_numpy(np.float64)
    positive: Mask = np.isfinite(numbers) & (numbers > 0)
    return positive


def _refuse_repeated(frame: pd.DataFrame, key: list[str], name: str) -> None:
    repeated = frame.duplicated(key)
    allowed = f"one row for each {' and '.join(key)}"
    _refuse(frame, repeated, name, "a duplicate key", [], allowed, key if "symbol" in key else _ROW)


def _refuse(
    frame: pd.DataFrame, bad: _Mask, name: str, rule: str, shown: list[str], allowed: str, key: Sequence[str] = _ROW
) -> None:
    count = int(np.count_nonzero(bad))
    if not count:
        return
    row = frame.iloc[int(np.asarray(bad).argmax())]
    keys = [f"{row[part]:%F}" if isinstance(row[part], pd.Timestamp) else row[part] for part in key if part in frame]
    found = ", ".join(f"{column} {row[column]}" for column in shown) or "such a row"
    more = f" (and {count - 1} more)" if count > 1 else ""
    raise InputError(f"{name}: {' '.join(keys)}: {rule}: found {found}{more}; allowed: {allowed}")
