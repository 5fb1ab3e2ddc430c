"""Trading days, far back and at the edges."""

import exchange_calendars
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.market import calendar
from barograph.market.calendar import last_complete_session, sessions


def _sessions(calendar: str, first: str, last: str) -> pd.DatetimeIndex:
    return sessions(calendar, pd.Timestamp(first), pd.Timestamp(last))


def test_holidays_and_weekends_are_no_sessions() -> None:
    days = _sessions("XNYS", "2001-09-07", "2001-09-18").strftime("%m-%d").tolist()
    assert days == ["09-07", "09-10", "09-17", "09-18"]


def test_it_reaches_back_before_the_last_20_years() -> None:
    assert len(_sessions("XNYS", "1990-01-02", "2022-12-28")) == 8313


def test_both_ends_are_included_and_of_the_tables_type() -> None:
    days = _sessions("XNYS", "2020-03-16", "2020-03-16")
    assert days.tolist() == [pd.Timestamp("2020-03-16")]
    assert str(days.dtype) == "datetime64[us]"


def test_exchanges_differ() -> None:
    assert len(_sessions("XLON", "2020-05-08", "2020-05-08")) == 0
    assert len(_sessions("XNYS", "2020-05-08", "2020-05-08")) == 1


def test_a_span_before_the_calendar_is_refused() -> None:
    with pytest.raises(InputError, match=r"calendar 'XKRX' does not cover 1930-01-01\.\.1931-01-01"):
        _sessions("XKRX", "1930-01-01", "1931-01-01")


@pytest.mark.parametrize(
    ("calendar", "days"),
    [
        ("XNYS", ["04-28", "04-29", "04-30", "05-01", "05-04", "05-05", "05-06", "05-07", "05-08"]),
        ("XLON", ["04-28", "04-29", "04-30", "05-01", "05-04", "05-05", "05-06", "05-07"]),  # VE Day
        ("XTKS", ["04-28", "04-30", "05-01", "05-07", "05-08"]),  # Golden Week
        ("XETR", ["04-28", "04-29", "04-30", "05-04", "05-05", "05-06", "05-07", "05-08"]),  # Labour Day
        ("24/7", [f"04-{day}" for day in range(28, 31)] + [f"05-{day:02d}" for day in range(1, 9)]),
    ],
)
def test_each_market_has_its_own_holidays(calendar: str, days: list[str]) -> None:
    assert _sessions(calendar, "2020-04-28", "2020-05-08").strftime("%m-%d").tolist() == days


def test_round_the_clock_reaches_back_too() -> None:
    assert len(_sessions("24/7", "1990-01-01", "2022-12-31")) == 12053


@pytest.mark.parametrize(
    ("calendar", "now", "expected"),
    [
        ("XNYS", "2024-06-28 16:59 America/New_York", "2024-06-27"),
        ("XNYS", "2024-06-28 17:00 America/New_York", "2024-06-28"),
        ("XNYS", "2024-06-30 23:00 America/New_York", "2024-06-28"),
        ("XNYS", "2024-07-03 14:00 America/New_York", "2024-07-03"),  # closes at 13:00 before the holiday
        ("XTKS", "2024-06-28 16:00 Asia/Tokyo", "2024-06-28"),
        ("24/7", "2024-06-30 00:30 UTC", "2024-06-28"),
        ("24/7", "2024-06-30 01:00 UTC", "2024-06-29"),
    ],
)
def test_a_session_is_complete_an_hour_after_its_close(calendar: str, now: str, expected: str) -> None:
    moment, zone = now.rsplit(" ", 1)
    assert last_complete_session(calendar, pd.Timestamp(moment, tz=zone)) == pd.Timestamp(expected)


def test_the_codes_written_down_are_those_of_the_library():
    assert sorted(calendar._CODES.split()) == sorted(exchange_calendars.get_calendar_names())
