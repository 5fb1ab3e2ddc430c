"""The base of every source: estimate a missing VIX, keep the span that is asked for, validate."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Final

import pandas as pd
from pydantic import AfterValidator
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.market.calendar import known_code
from barograph.market.conversion import to_context, to_table
from barograph.market.data import MarketData
from barograph.market.schema import BARS, FACTS, SIGNALS
from barograph.market.validation import check_index, table_names, validate
from barograph.market.volatility_index import estimate_vix
from barograph.typing import STRICT

_ESTIMATED: Final = "The VIX is estimated from the index: an approximation, flagged as such."


def _iso(text: str) -> str:
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise InputError(f"{text!r} is not a date; allowed: year-month-day, such as 2020-03-16, or null")


IsoDate = Annotated[str, AfterValidator(_iso)]
CalendarCode = Annotated[str, AfterValidator(known_code)]


@dataclass(frozen=True, config=STRICT, kw_only=True)
class Source:
    """The span of a source of market data; a subclass adds ``load()``, which gives validated tables.

    Parameters
    ----------
    calendar : str
        A code of exchange_calendars, such as ``XNYS``.
    start, end : str or None
        ISO dates, inclusive, for bars and context alike; None keeps everything. Of facts and signals `end` removes
        the rows that became available after it; `start` removes nothing, since the newest value known by then counts.
    """

    calendar: CalendarCode
    start: IsoDate | None
    end: IsoDate | None

    def __post_init__(self) -> None:
        """Refuse a span that ends before it starts."""
        if self.start is not None and self.end is not None and self.start > self.end:
            raise InputError(f"start {self.start} is after end {self.end}; allowed: a start on or before the end")

    def assemble(
        self,
        bars: pd.DataFrame,
        context: pd.DataFrame,
        universe: pd.DataFrame,
        *,
        origin: str | Mapping[str, str],
        facts: pd.DataFrame | None = None,
        signals: pd.DataFrame | None = None,
    ) -> MarketData:
        """Cut tables, as found and in any order, to the span, and validate them as :func:`~barograph.market.validate`.

        A context without `vix` gets the estimate of :func:`~barograph.market.estimate_vix`, flagged on every row, made
        from the whole index history before the span is cut, so that `start` does not change the values after it.
        """
        names = table_names(origin)
        context, estimated = _with_vix(to_context(context, names["context"]), names["context"])
        data = validate(
            self._within(to_table(bars, BARS, names["bars"])),
            self._within(context),
            universe,
            calendar=self.calendar,
            origin=origin,
            facts=None if facts is None else self._known(to_table(facts, FACTS, names["facts"])),
            signals=None if signals is None else self._known(to_table(signals, SIGNALS, names["signals"])),
        )
        return replace(data, notes=[*data.notes, _ESTIMATED]) if estimated else data

    def _within(self, frame: pd.DataFrame) -> pd.DataFrame:
        first = pd.Timestamp(self.start) if self.start is not None else frame["date"].min()
        last = pd.Timestamp(self.end) if self.end is not None else frame["date"].max()
        return frame[frame["date"].between(first, last)]

    def _known(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame if self.end is None else frame[frame["available_from"] <= pd.Timestamp(self.end)]


def _with_vix(context: pd.DataFrame, name: str) -> tuple[pd.DataFrame, bool]:
    estimated = "vix" not in context
    if estimated:
        check_index(context, name)
        context = context.assign(vix=estimate_vix(context["index_close"]), vix_estimated=True)
    elif "vix_estimated" not in context:
        context = context.assign(vix_estimated=False)
    return context, estimated
