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
    """Give a calendar's code back.

    Parameters
    ----------
    calendar : str

    Returns
    -------
    str

    Raises
    ------
    InputError
        If exchange_calendars has no calendar of that code.
    """
    if calendar not in _CODES.split():
        raise InputError(_unknown(calendar))
    return calendar


def sessions(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    """List the trading days of an exchange.

    Parameters
    ----------
    calendar : str
        A code of exchange_calendars, such as ``XNYS``; ``24/7`` has every day.
    first, last : pandas.Timestamp
        Inclusive; neither needs to be a trading day.

    Returns
    -------
    pandas.DatetimeIndex
        Midnights without time zone, ``datetime64[us]``.

    Raises
    ------
    InputError
        If the calendar is unknown or does not cover the span.
    """
    days = pd.DatetimeIndex(_known(calendar, first, last).sessions).as_unit("us")
    return pd.DatetimeIndex(days[(days >= first) & (days <= last)].to_numpy(), name="date")


def schedule(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> np.busdaycalendar:
    """Give the trading days as they were scheduled long before: weekdays without the holidays that follow a rule.

    Closures that nobody foresaw (2001-09-11, hurricanes, funerals) are trading days here, since a feature of the days
    before must not know of them. So are holidays that exchange_calendars lists one by one instead of by a rule, such as
    those of the moon in Hong Kong, and all of Shanghai's.

    Parameters
    ----------
    calendar : str
        A code of exchange_calendars, such as ``XNYS``; ``24/7`` is open every day and has no holidays.
    first, last : pandas.Timestamp
        Inclusive; the schedule reaches from a year before to a year after.

    Returns
    -------
    numpy.busdaycalendar
        For `numpy.busday_count` and its like.

    Raises
    ------
    InputError
        If the calendar is unknown or does not cover the span.
    """
    return _schedule(calendar, first, last)


def last_complete_session(calendar: str, now: pd.Timestamp) -> pd.Timestamp:
    """Give the newest trading day whose close lies at least an hour back, so that its data has settled.

    Parameters
    ----------
    calendar : str
        A code of exchange_calendars.
    now : pandas.Timestamp
        With a time zone.

    Returns
    -------
    pandas.Timestamp
        Midnight without time zone.

    Raises
    ------
    InputError
        If the calendar is unknown.
    """
    today = now.tz_convert("UTC").tz_localize(None).normalize()
    closes = _known(calendar, today - _LONGEST_BREAK, today + pd.Timedelta(days=1)).closes
    newest: pd.Timestamp = closes.index[closes <= now - _SETTLING][-1].as_unit("us")
    return newest


@lru_cache(maxsize=8)
def _schedule(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> np.busdaycalendar:
    known = _known(calendar, first, last)
    year = pd.Timedelta(days=366)
    holidays = known.regular_holidays.holidays(first - year, last + year) if known.regular_holidays else []
    return np.busdaycalendar(known.weekmask, np.asarray(holidays, "datetime64[D]"))


@lru_cache(maxsize=8)
def _known(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> Any:
    import exchange_calendars

    try:
        # Without its own start a calendar begins 20 years before today; the margin keeps a short span constructible.
        return exchange_calendars.get_calendar(
            calendar, start=first - pd.Timedelta(days=14), end=last + pd.Timedelta(days=14)
        )
    except exchange_calendars.errors.InvalidCalendarName:
        raise InputError(_unknown(calendar)) from None
    except ValueError as error:
        raise InputError(f"calendar {calendar!r} does not cover {first:%Y-%m-%d}..{last:%Y-%m-%d}: {error}") from None


def _unknown(calendar: str) -> str:
    return f"calendar {calendar!r} is unknown; allowed are the codes of exchange_calendars, such as XNYS or 24/7"
