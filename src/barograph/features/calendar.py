"""Calendar: where a date lies in the week, month, quarter and year, and how far it is from holidays.

What counts sessions counts those of the exchange's schedule (`barograph.market.calendar.schedule`), which knows the
holidays that were known in advance and no other closure. The rest counts plain weekdays.
"""

import math
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.features import registration
from barograph.features.registration import SHARE, SIGNED, Array

feature = partial(registration.feature, family="calendar", inputs=("date",), lookback=0, scope="date")
of_sessions = partial(feature, inputs=("date", "schedule"))

_Days = NDArray[np.datetime64]
_Schedule = np.busdaycalendar

_WEEK: Final = 5
"""Sessions beyond which the distance from a date is no longer told."""


@feature(("weekday_sin", "weekday_cos"), range=SIGNED)
def weekday(date: _Days) -> tuple[Array, Array]:
    """Sine or cosine of 2 pi (day of the week, Monday 0) / 7."""
    angle = 2.0 * math.pi / 7.0 * ((date.astype(np.int64) + 3) % 7)
    return np.sin(angle), np.cos(angle)


@feature(("month_sin", "month_cos"), range=SIGNED)
def month(date: _Days) -> tuple[Array, Array]:
    """Sine or cosine of 2 pi (month, January 0) / 12."""
    angle = 2.0 * math.pi / 12.0 * (date.astype("datetime64[M]").astype(np.int64) % 12)
    return np.sin(angle), np.cos(angle)


@feature("month_position", range=SHARE)
def month_position(date: _Days) -> Array:
    """Weekdays of the month before the date / weekdays of the month."""
    return _position(date, 1)


@feature("quarter_position", range=SHARE)
def quarter_position(date: _Days) -> Array:
    """Weekdays of the quarter before the date / weekdays of the quarter."""
    return _position(date, 3)


@feature("expiry_week", range=SHARE)
def expiry_week(date: _Days) -> Array:
    """1 from Monday to Friday of the week with the month's third Friday (options expire), else 0."""
    friday = date + (4 - (date.astype(np.int64) + 3) % 7)
    day_of_month = (friday - friday.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    return np.where((day_of_month >= 14) & (day_of_month <= 20), 1.0, 0.0)


@feature("triple_witching_week", range=SHARE, source="Stoll & Whaley (1987), Financial Analysts Journal 43(2)")
def triple_witching_week(date: _Days) -> Array:
    """1 from Monday to Friday of the week with the third Friday of March, June, September or December, else 0."""
    third_month = date.astype("datetime64[M]").astype(np.int64) % 3 == 2
    return np.where(third_month, expiry_week(date), 0.0)


@of_sessions("sessions_to_expiry", range=(0, 34))
def sessions_to_expiry(date: _Days, schedule: _Schedule) -> Array:
    """Sessions from the date to the next third Friday of a month, or the session before where that is a holiday."""
    month = date.astype("datetime64[M]")
    this = _third_friday(month, schedule)
    expiry = np.where(date <= this, this, _third_friday(month + 1, schedule))
    return np.busday_count(date, expiry, busdaycal=schedule).astype(np.float64)


@of_sessions("turn_of_month", range=SHARE, source="Lakonishok & Smidt (1988), Review of Financial Studies 1(4)")
def turn_of_month(date: _Days, schedule: _Schedule) -> Array:
    """1 on the last session of a month and on the first three, else 0."""
    start, stop = _period(date, 1)
    first_three = np.busday_count(start, date, busdaycal=schedule) < 3
    return np.where(first_three | (_between(date, stop, schedule) == 0), 1.0, 0.0)


@of_sessions(
    ("sessions_to_month_end", "sessions_to_quarter_end"),
    range=(0.0, _WEEK),
    source="Carhart, Kaniel, Musto & Reed (2002), Journal of Finance 57(2)",
)
def sessions_to_period_end(date: _Days, schedule: _Schedule) -> tuple[Array, Array]:
    """Sessions that follow within the month, or the quarter, at most 5."""
    month, quarter = (_between(date, _period(date, months)[1], schedule) for months in (1, 3))
    return np.minimum(month, _WEEK), np.minimum(quarter, _WEEK)


@of_sessions(
    ("sessions_to_holiday", "sessions_from_holiday"),
    range=(0.0, _WEEK),
    source="Lakonishok & Smidt (1988), Review of Financial Studies 1(4)",
)
def sessions_around_holiday(date: _Days, schedule: _Schedule) -> tuple[Array, Array]:
    """Sessions between the date and the next, or the last, scheduled holiday on a weekday, at most 5.

    Always 5 on an exchange that has none, such as one that is open round the clock.
    """
    holidays = schedule.holidays
    following, before = np.searchsorted(holidays, date, "right"), np.searchsorted(holidays, date, "left") - 1
    to, since = np.full((2, date.size), float(_WEEK))
    ahead, behind = following < holidays.size, before >= 0
    to[ahead] = _between(date[ahead], holidays[following[ahead]], schedule)
    since[behind] = _between(holidays[before[behind]], date[behind], schedule)
    return np.minimum(to, _WEEK), np.minimum(since, _WEEK)


@of_sessions("holiday_eve", range=SHARE, source="Ariel (1990), Journal of Finance 45(5)")
def holiday_eve(date: _Days, schedule: _Schedule) -> Array:
    """1 on the last session before a scheduled holiday on a weekday, else 0."""
    return np.where(sessions_around_holiday(date, schedule)[0] == 0.0, 1.0, 0.0)


def _position(date: _Days, months: int) -> Array:
    start, stop = _period(date, months)
    return np.asarray(np.busday_count(start, date) / np.busday_count(start, stop))


def _period(date: _Days, months: int) -> tuple[_Days, _Days]:
    """Give the first day of the month, or of several months of the year, and the first day after it."""
    month = date.astype("datetime64[M]").astype(np.int64)
    first = (month - month % months).astype("datetime64[M]")
    return first.astype("datetime64[D]"), (first + months).astype("datetime64[D]")


def _between(first: _Days, last: _Days, schedule: _Schedule) -> Array:
    """Count the sessions that lie between two days, neither of them included."""
    return np.busday_count(first + 1, last, busdaycal=schedule).astype(np.float64)


def _third_friday(month: _Days, schedule: _Schedule) -> _Days:
    friday = np.busday_offset(month.astype("datetime64[D]"), 2, roll="forward", weekmask="Fri")
    return np.busday_offset(friday, 0, roll="backward", busdaycal=schedule)
