"""Trading days, far back and at the edges."""

import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.market.calendar import sessions


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
