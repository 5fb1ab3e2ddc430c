"""Trading days of an exchange: those that were, and those that were scheduled."""

from functools import lru_cache
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.errors import InputError

_SETTLING: Final = pd.Timedelta(hours=1)
_LONGEST_BREAK: Final = pd.Timedelta(days=30)

_CODES: Final = (
    "24/5 24/7 AIXK ARCX ASEX ASX BATS BMF BSE BVB BVMF CBOT CFE CME CMES COMEX FWB HKEX ICE ICEUS IEPA JKT JPX "
    "LSE LUXSE NASDAQ NYFE NYMEX NYSE OOTC OSE SIX SSE TASE TSX XAMS XASE XASX XBDA XBEL XBKK XBOG XBOM XBRA XBRU "
    "XBSE XBUD XBUE XCBF XCSE XCYS XDUB XDUS XEEE XETR XEUR XFRA XHAM XHEL XHKG XICE XIDX XIST XJSE XKAR XKLS "
    "XKRX XLIM XLIS XLIT XLJU XLON XLUX XMAD XMEX XMIL XMOS XNAS XNYS XNZE XOSL XPAR XPHS XPRA XRIS XSAU XSES "
    "XSGO XSHG XSTO XSTU XSWX XTAE XTAI XTAL XTKS XTSE XTSX XWAR XWBO XZAG us_futures"
)
"""The codes of exchange_calendars, written down since it is slow to import."""


def known_code(calendar: str) -> str:
    """Give a calendar's code back; raises InputError if exchange_calendars has no calendar of that code."""
    if calendar not in _CODES.split():
        raise InputError(_unknown(calendar))
    return calendar


def sessions(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    """List the trading days of an exchange from `first` to `last`, both inclusive: midnights, ``datetime64[us]``.

    Raises InputError if the calendar is unknown or does not cover the span.
    """
    days = pd.DatetimeIndex(_known(calendar, first, last).sessions).as_unit("us")
    return pd.DatetimeIndex(days[(days >= first) & (days <= last)].to_numpy(), name="date")


@lru_cache(maxsize=8)
def schedule(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> np.busdaycalendar:
    """Give the trading days as they were scheduled long before: weekdays without the holidays that follow a rule.

    Closures that nobody foresaw (2001-09-11, hurricanes, funerals) are trading days here, since a feature of the days
    before must not know of them. So are holidays that exchange_calendars lists one by one instead of by a rule, such as
    those of the moon in Hong Kong, and all of Shanghai's. The schedule reaches from a year before `first` to a year
    after `last`. Raises InputError if the calendar is unknown or does not cover the span.
    """
    known = _known(calendar, first, last)
    year = pd.Timedelta(days=366)
    holidays = known.regular_holidays.holidays(first - year, last + year) if known.regular_holidays else []
    return np.busdaycalendar(known.weekmask, np.asarray(holidays, "datetime64[D]"))


def last_complete_session(calendar: str, now: pd.Timestamp) -> pd.Timestamp:
    """Give the newest trading day, without time zone, whose close lies an hour or more before `now`, with time zone.

    After an hour the day's data has settled. Raises InputError if the calendar is unknown.
    """
    today = now.tz_convert("UTC").tz_localize(None).normalize()
    closes = _known(calendar, today - _LONGEST_BREAK, today + pd.Timedelta(days=1)).closes
    newest: pd.Timestamp = closes.index[closes <= now - _SETTLING][-1].as_unit("us")
    return newest


@lru_cache(maxsize=8)
def _known(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> Any:
    import exchange_calendars

    try:
        # Without a start given, a calendar begins 20 years before today; the margin keeps a short span constructible.
        return exchange_calendars.get_calendar(
            calendar, start=first - pd.Timedelta(days=14), end=last + pd.Timedelta(days=14)
        )
    except exchange_calendars.errors.InvalidCalendarName:
        raise InputError(_unknown(calendar)) from None
    except ValueError as error:
        raise InputError(f"calendar {calendar!r} does not cover {first:%Y-%m-%d}..{last:%Y-%m-%d}: {error}") from None


def _unknown(calendar: str) -> str:
    return f"calendar {calendar!r} is unknown; allowed are the codes of exchange_calendars, such as XNYS or 24/7"
