"""Trading days of an exchange."""

import pandas as pd

from barograph.errors import InputError


def sessions(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    """List the trading days of an exchange.

    Parameters
    ----------
    calendar : str
        A code of exchange_calendars, such as ``XNYS``.
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
    import exchange_calendars

    try:
        # Without its own start a calendar begins 20 years before today; the margin keeps a short span constructible.
        known = exchange_calendars.get_calendar(
            calendar, start=first - pd.Timedelta(days=14), end=last + pd.Timedelta(days=14)
        )
    except exchange_calendars.errors.InvalidCalendarName:
        raise InputError(
            f"calendar {calendar!r} is unknown; allowed are the codes of exchange_calendars, such as XNYS"
        ) from None
    except ValueError as error:
        raise InputError(f"calendar {calendar!r} does not cover {first:%Y-%m-%d}..{last:%Y-%m-%d}: {error}") from None
    days = pd.DatetimeIndex(known.sessions).as_unit("us")
    return pd.DatetimeIndex(days[(days >= first) & (days <= last)].to_numpy(), name="date")
