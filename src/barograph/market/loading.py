"""What every source does with the tables it has found: estimate a missing VIX, keep the asked span, validate."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated

import pandas as pd
from pydantic import AfterValidator

from barograph.errors import InputError
from barograph.market.calendar import known_code
from barograph.market.conversion import to_bars, to_context, to_facts, to_signals
from barograph.market.data import MarketData
from barograph.market.validation import check_index, table_names, validate
from barograph.market.volatility_index import estimate_vix


def _iso(text: str) -> str:
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise InputError(f"{text!r} is not a date; allowed: year-month-day, such as 2020-03-16, or null")


IsoDate = Annotated[str, AfterValidator(_iso)]
CalendarCode = Annotated[str, AfterValidator(known_code)]


def check_span(start: str | None, end: str | None) -> None:
    """Refuse a span that ends before it starts.

    Raises
    ------
    InputError
        If both are given and `start` is after `end`.
    """
    if start is not None and end is not None and start > end:
        raise InputError(f"start {start} is after end {end}; allowed: a start on or before the end")


def assemble(
    bars: pd.DataFrame,
    context: pd.DataFrame,
    universe: pd.DataFrame,
    *,
    calendar: str,
    start: str | None,
    end: str | None,
    origin: str | Mapping[str, str],
    facts: pd.DataFrame | None = None,
    signals: pd.DataFrame | None = None,
) -> MarketData:
    """Make validated market data of a source's tables.

    A context without `vix` gets the estimate of :func:`~barograph.market.estimate_vix`, flagged on every row, made from
    the whole index history before the span is cut, so that `start` does not change the values after it.

    Parameters
    ----------
    bars, context, universe : pandas.DataFrame
        As found: in any order, `context` with or without `vix` and `vix_estimated`.
    calendar : str
        A code of exchange_calendars.
    start, end : str or None
        ISO dates, inclusive, for bars and context alike; None keeps everything. Of facts and signals `end` removes
        what became available after it; `start` removes nothing, since the newest value known by then counts.
    origin : str or mapping
        As :func:`~barograph.market.validate` takes it.
    facts, signals : pandas.DataFrame or None
        As found, in any order.

    Returns
    -------
    MarketData

    Raises
    ------
    InputError
        As :func:`~barograph.market.validate`.
    """
    names = table_names(origin)
    context, estimated = _with_vix(to_context(context, names["context"]), names["context"])
    bars = to_bars(bars, names["bars"])
    data = validate(
        _within(bars, start, end),
        _within(context, start, end),
        universe,
        calendar=calendar,
        origin=origin,
        facts=None if facts is None else _known_by(to_facts(facts, names["facts"]), end),
        signals=None if signals is None else _known_by(to_signals(signals, names["signals"]), end),
    )
    if not estimated:
        return data
    return replace(data, notes=[*data.notes, "The VIX is estimated from the index: an approximation, flagged as such."])


def _with_vix(context: pd.DataFrame, name: str) -> tuple[pd.DataFrame, bool]:
    estimated = "vix" not in context
    if estimated:
        check_index(context, name)
        context = context.assign(vix=estimate_vix(context["index_close"]), vix_estimated=True)
    elif "vix_estimated" not in context:
        context = context.assign(vix_estimated=False)
    return context, estimated


def _within(frame: pd.DataFrame, start: str | None, end: str | None) -> pd.DataFrame:
    first = pd.Timestamp(start) if start is not None else frame["date"].min()
    last = pd.Timestamp(end) if end is not None else frame["date"].max()
    return frame[frame["date"].between(first, last)]


def _known_by(frame: pd.DataFrame, end: str | None) -> pd.DataFrame:
    return frame if end is None else frame[frame["available_from"] <= pd.Timestamp(end)]
