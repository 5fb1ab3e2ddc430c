"""Calendar: where a date lies in the week, month, quarter and year, by plain weekdays (holidays are not known)."""

import math

import numpy as np
from numpy.typing import NDArray

from barograph.features.registration import Array, feature

_Days = NDArray[np.datetime64]


@feature(
    ("weekday_sin", "weekday_cos"),
    family="calendar",
    inputs=("date",),
    lookback=0,
    scope="date",
    range=(-1.0, 1.0),
)
def weekday(date: _Days) -> tuple[Array, Array]:
    """Sine or cosine of 2 pi (day of the week, Monday 0) / 5."""
    angle = 2.0 * math.pi / 5.0 * ((date.astype(np.int64) + 3) % 7)
    return np.sin(angle), np.cos(angle)


@feature(
    ("month_sin", "month_cos"),
    family="calendar",
    inputs=("date",),
    lookback=0,
    scope="date",
    range=(-1.0, 1.0),
)
def month(date: _Days) -> tuple[Array, Array]:
    """Sine or cosine of 2 pi (month, January 0) / 12."""
    angle = 2.0 * math.pi / 12.0 * (date.astype("datetime64[M]").astype(np.int64) % 12)
    return np.sin(angle), np.cos(angle)


@feature("month_position", family="calendar", inputs=("date",), lookback=0, scope="date", range=(0.0, 1.0))
def month_position(date: _Days) -> Array:
    """Weekdays of the month before the date / weekdays of the month."""
    return _position(date, 1)


@feature("quarter_position", family="calendar", inputs=("date",), lookback=0, scope="date", range=(0.0, 1.0))
def quarter_position(date: _Days) -> Array:
    """Weekdays of the quarter before the date / weekdays of the quarter."""
    return _position(date, 3)


@feature("expiry_week", family="calendar", inputs=("date",), lookback=0, scope="date", range=(0.0, 1.0))
def expiry_week(date: _Days) -> Array:
    """1 from Monday to Friday of the week with the month's third Friday (options expire), else 0."""
    friday = date + (4 - (date.astype(np.int64) + 3) % 7)
    day_of_month = (friday - friday.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    return np.where((day_of_month >= 14) & (day_of_month <= 20), 1.0, 0.0)


def _position(date: _Days, months: int) -> Array:
    month = date.astype("datetime64[M]").astype(np.int64)
    first = (month - month % months).astype("datetime64[M]")
    start, stop = first.astype("datetime64[D]"), (first + months).astype("datetime64[D]")
    return np.asarray(np.busday_count(start, date) / np.busday_count(start, stop))
