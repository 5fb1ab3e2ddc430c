"""Compute features: all at once, block by block of symbols, or for the newest day."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.features.inputs import RELEASE_LAG, Axis, Inputs, missing_columns
from barograph.features.registration import catalogue, find, unknown
from barograph.features.run import Run
from barograph.market.data import MarketData

DEFAULT_CALENDAR: Final = "XNYS"
"""The exchange whose schedule features read, unless a caller names another."""

SYMBOLS_AT_ONCE: Final = 8
"""Symbols whose features are computed together, unless a caller says otherwise."""


@without_time_zones
def compute(
    bars: pd.DataFrame,
    context: pd.DataFrame | None = None,
    universe: pd.DataFrame | None = None,
    names: Sequence[str] | None = None,
    regimes: pd.DataFrame | None = None,
    release_lag: Mapping[str, int] | None = None,
    facts: pd.DataFrame | None = None,
    signals: pd.DataFrame | None = None,
    calendar: str | None = DEFAULT_CALENDAR,
) -> pd.DataFrame:
    """Compute features at the close of every bar.

    Parameters
    ----------
    bars : pandas.DataFrame
        Sorted by symbol and date; see `barograph.market.schema.BARS`.
    context, universe, regimes, facts, signals : pandas.DataFrame, optional
        See `barograph.market.MarketData`. Each field of the facts is an input, each signal an input and a feature
        ``signal_<name>``; `barograph.features.asof.AsOf` says how both are joined to the bars.
    names : sequence of str, optional
        The features wanted, in the order of the columns; by default all that the tables allow, in the catalogue's, and
        then the signals.
    release_lag : mapping of str to int, optional
        Calendar days after which the value of a context column is known; 0 for columns that are not named. By default
        1 for Treasury yields and 7 for the dollar index.
    calendar : str, optional
        The exchange's code in exchange_calendars, for features of its scheduled sessions; without one they are left
        out.

    Returns
    -------
    pandas.DataFrame
        ``symbol``, ``date`` and one float64 column a feature, with the rows of `bars`; NaN where a window is not full,
        an input is missing or the value is undefined. Features whose inputs are missing altogether are left out.

    Raises
    ------
    InputError
        If a name is unknown, a named feature lacks its inputs, or a table is out of order.
    """
    data = MarketData(bars, context, universe, regimes, facts, signals)
    return compute_market(data, names, release_lag, calendar)


def compute_market(
    data: MarketData,
    names: Sequence[str] | None = None,
    release_lag: Mapping[str, int] | None = None,
    calendar: str | None = DEFAULT_CALENDAR,
) -> pd.DataFrame:
    """Compute features at the close of every bar; see `compute`."""
    inputs, wanted = _prepared(data, names, release_lag, calendar)
    matrix = np.empty((len(wanted), len(data.bars)))
    run = Run(inputs, wanted, dict(zip(wanted, matrix, strict=True)))
    for block in inputs.axis.blocks(SYMBOLS_AT_ONCE):
        run.fill(block, dict(zip(wanted, matrix[:, block.rows], strict=True)))
    return _frame(data.bars, wanted, matrix)


def stream(
    data: MarketData,
    names: Sequence[str] | None = None,
    release_lag: Mapping[str, int] | None = None,
    calendar: str | None = DEFAULT_CALENDAR,
    *,
    symbols_at_once: int = SYMBOLS_AT_ONCE,
) -> Iterator[pd.DataFrame]:
    """Compute features block by block of symbols, in the precision of the table.

    For markets whose features do not fit into memory, and for writing them. Features that compare symbols are computed
    first, for all of them; of each of these one column stays in memory until the last block.

    Parameters
    ----------
    data : MarketData
    names, release_lag, calendar
        As in `compute`.
    symbols_at_once : int, default 8
        Symbols a block; changes no value.

    Yields
    ------
    pandas.DataFrame
        The rows of `compute` in the same order, its values rounded to float32.

    Raises
    ------
    InputError
        As `compute`, or if `symbols_at_once` is less than 1; before the first block.
    """
    if symbols_at_once < 1:
        raise InputError(f"symbols_at_once: {symbols_at_once} is too few; at least 1 is required")
    return _stream(data.bars, *_prepared(data, names, release_lag, calendar), symbols_at_once)


def newest(
    data: MarketData,
    names: Sequence[str] | None = None,
    release_lag: Mapping[str, int] | None = None,
    calendar: str | None = DEFAULT_CALENDAR,
    *,
    symbols: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Compute the features of the newest day, for serving: to the bit the last rows of the table.

    The functions see what they see for the table, so give them the same history: recursive averages remember all of it,
    and comparisons need every symbol of the universe, not only those asked for.

    Parameters
    ----------
    data : MarketData
    names, release_lag, calendar
        As in `compute`. Name the features of a model to have no others computed.
    symbols : sequence of str, optional
        The symbols wanted, by default all that have a bar on the newest date of `bars`.

    Returns
    -------
    pandas.DataFrame
        ``symbol``, ``date`` and one float32 column a feature; one row a symbol, in the order of the bars.

    Raises
    ------
    InputError
        As `compute`, or if a symbol is unknown, is named twice or has no bar on the newest date.
    """
    inputs, wanted = _prepared(data, names, release_lag, calendar)
    chosen = _current(inputs.axis, symbols)
    run = Run(inputs, wanted)
    rows = inputs.axis.starts[chosen + 1] - 1
    matrix = np.empty((len(wanted), chosen.size), np.float32)
    for column, symbol in enumerate(chosen.tolist()):
        block = inputs.axis.block(symbol, symbol + 1)
        series = np.empty((len(wanted), block.rows.stop - block.rows.start), np.float32)
        run.fill(block, dict(zip(wanted, series, strict=True)))
        matrix[:, column] = series[:, -1]
    return _frame(data.bars.iloc[rows].reset_index(drop=True), wanted, matrix)


def available(data: MarketData, calendar: str | None = DEFAULT_CALENDAR) -> tuple[list[str], dict[str, list[str]]]:
    """Tell which features the tables allow, in the order of the catalogue, and then the signals.

    Also gives the features left out, with the columns that each of them lacks: absent, or null in every row.
    """
    return _available(Inputs(data, RELEASE_LAG, calendar))


def _available(inputs: Inputs) -> tuple[list[str], dict[str, list[str]]]:
    names, left_out = [], {}
    for entry in catalogue():
        if lacking := missing_columns(inputs, entry):
            left_out[entry.name] = lacking
        else:
            names.append(entry.name)
    return [*names, *inputs.as_of.signals], left_out


def _wanted(inputs: Inputs, names: Sequence[str] | None) -> list[str]:
    if names is None:
        return _available(inputs)[0]
    for name in names:
        if name in inputs.as_of.signals:
            continue
        entry = find(name)
        if entry is None:
            known = [*(each.name for each in catalogue()), *inputs.as_of.signals]
            raise InputError(f"features: {unknown(name, known)}")
        if lacking := missing_columns(inputs, entry):
            raise InputError(f"features: {name!r} cannot be computed: the data lacks {lacking}")
    if len(set(names)) != len(names):
        raise InputError(f"features: a name occurs twice in {list(names)}; each may be asked for once")
    return list(names)


def _prepared(
    data: MarketData, names: Sequence[str] | None, release_lag: Mapping[str, int] | None, calendar: str | None
) -> tuple[Inputs, list[str]]:
    inputs = Inputs(data, RELEASE_LAG if release_lag is None else release_lag, calendar)
    return inputs, _wanted(inputs, names)


def _stream(bars: pd.DataFrame, inputs: Inputs, wanted: list[str], symbols_at_once: int) -> Iterator[pd.DataFrame]:
    run = Run(inputs, wanted)
    for block in inputs.axis.blocks(symbols_at_once):
        matrix = np.empty((len(wanted), block.rows.stop - block.rows.start), np.float32)
        run.fill(block, dict(zip(wanted, matrix, strict=True)))
        yield _frame(bars.iloc[block.rows].reset_index(drop=True), wanted, matrix)


def _frame(rows: pd.DataFrame, wanted: list[str], matrix: NDArray[Any]) -> pd.DataFrame:
    frame = pd.DataFrame(matrix.T, columns=pd.Index(wanted, dtype="str"), copy=False)
    frame.insert(0, "symbol", rows["symbol"].array)
    frame.insert(1, "date", rows["date"].array)
    return frame


def _current(axis: Axis, symbols: Sequence[str] | None) -> NDArray[np.intp]:
    """Give the positions of the symbols that were asked for, or of all that have a bar on the newest date."""
    newest_row = axis.date_of_row[axis.starts[1:] - 1]
    last = axis.dates.size - 1
    if symbols is None:
        return np.flatnonzero(newest_row == last)
    positions = pd.Index(axis.symbols).get_indexer(list(symbols))
    for symbol, position in zip(symbols, positions.tolist(), strict=True):
        if position < 0:
            raise InputError(f"symbols: {symbol!r} has no bars; there are {axis.symbols.tolist()}")
        if newest_row[position] != last:
            day = axis.dates[newest_row[position]]
            raise InputError(
                f"symbols: the last bar of {symbol!r} is of {day}; one of {axis.dates[-1]}, the newest, is required"
            )
    if np.unique(positions).size != positions.size:
        raise InputError(f"symbols: a symbol occurs twice in {list(symbols)}; each may be asked for once")
    return np.sort(positions)
