"""Calendar features on dates checked by hand, and the schedule: what was known in advance and nothing else."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from dateutil.easter import easter

from barograph.errors import InputError
from barograph.features import available, compute, feature
from barograph.market import MarketData
from barograph.market.calendar import schedule, sessions

SCHEDULED = [
    *("sessions_to_holiday", "sessions_from_holiday", "holiday_eve", "sessions_to_month_end"),
    *("sessions_to_quarter_end", "turn_of_month", "sessions_to_expiry"),
]


def features_of(days: pd.DatetimeIndex | list[str], names: list[str], calendar: str | None = "XNYS") -> pd.DataFrame:
    dates = pd.DatetimeIndex(days).as_unit("us")
    bars = pd.DataFrame({"symbol": "A", "date": dates, "close": 1.0})
    return compute(bars, names=names, calendar=calendar).set_index("date")[names]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # Thanksgiving is the next holiday and Labor Day (the 3rd) the last; the 11th to the 14th were to be sessions,
        # nine of them before the expiry on the 21st.
        ("2001-09-10", [5, 4, 0, 5, 5, 0, 9]),
        # The hurricane closed the 29th and 30th; three sessions were to follow in October.
        ("2012-10-26", [5, 5, 0, 3, 5, 0, 15]),
        # Reagan's funeral closed Friday the 11th.
        ("2004-06-10", [5, 5, 0, 5, 5, 0, 6]),
        ("2019-12-24", [0, 5, 1, 4, 4, 0, 16]),
        ("2019-12-25", [4, 5, 0, 4, 4, 0, 15]),
        ("2019-12-26", [3, 0, 0, 3, 3, 0, 15]),
        ("2019-12-31", [0, 3, 1, 0, 0, 1, 12]),
        ("2020-01-02", [5, 0, 0, 5, 5, 1, 11]),
        ("2020-01-06", [5, 2, 0, 5, 5, 1, 9]),
        ("2020-01-07", [5, 3, 0, 5, 5, 0, 8]),
        # New Year's Day fell on a Saturday, which New York does not make up for.
        ("2021-12-31", [5, 4, 0, 0, 0, 1, 14]),
        # Good Friday was the third Friday: options expired on the Thursday.
        ("2019-04-18", [0, 5, 1, 5, 5, 0, 0]),
        ("2019-04-22", [5, 0, 0, 5, 5, 0, 19]),
    ],
)
def test_sessions_are_counted_as_they_were_scheduled(day: str, expected: list[int]) -> None:
    assert features_of([day], SCHEDULED).iloc[0].tolist() == expected


def new_york_holidays(year: int) -> list[pd.Timestamp]:
    """List the holidays by the exchange's rules, written down anew."""

    def nth(month: int, weekday: int, n: int) -> pd.Timestamp:
        days = [d for d in pd.date_range(f"{year}-{month}-01", periods=31) if d.month == month]
        return [d for d in days if d.weekday() == weekday][n]

    def nearest(month: int, day: int) -> pd.Timestamp:
        date = pd.Timestamp(year, month, day)
        return date + pd.Timedelta(days={5: -1, 6: 1}.get(date.weekday(), 0))

    new_year = pd.Timestamp(year, 1, 1)
    days = [nth(2, 0, 2), nth(5, 0, -1), nearest(7, 4), nth(9, 0, 0), nth(11, 3, 3), nearest(12, 25)]
    days += [pd.Timestamp(easter(year)) - pd.Timedelta(days=2)]
    days += [new_year + pd.Timedelta(days=int(new_year.weekday() == 6))] if new_year.weekday() != 5 else []
    days += [nth(1, 0, 2)] if year >= 1998 else []
    days += [nearest(6, 19)] if year >= 2022 else []
    return days


def test_distances_from_holidays_agree_with_the_rules_written_down_anew() -> None:
    days = sessions("XNYS", pd.Timestamp("1990-01-02"), pd.Timestamp("2022-12-30"))
    holidays = {day for year in range(1989, 2024) for day in new_york_holidays(year)}

    def distance(day: pd.Timestamp, step: int) -> int:
        for count in range(6):
            day += pd.Timedelta(days=step)
            while day.weekday() > 4:
                day += pd.Timedelta(days=step)
            if day in holidays:
                return count
        return 5

    frame = features_of(days, SCHEDULED[:3])
    np.testing.assert_array_equal(frame["sessions_to_holiday"], [distance(day, 1) for day in days])
    np.testing.assert_array_equal(frame["sessions_from_holiday"], [distance(day, -1) for day in days])
    np.testing.assert_array_equal(frame["holiday_eve"], [distance(day, 1) == 0 for day in days])


def test_closures_that_nobody_foresaw_stay_in_the_schedule_and_holidays_do_not() -> None:
    plan = schedule("XNYS", pd.Timestamp("1994-01-03"), pd.Timestamp("2022-12-30"))
    unforeseen = ["1994-04-27", "2001-09-11", "2001-09-14", "2004-06-11", "2007-01-02", "2012-10-29", "2018-12-05"]
    assert np.is_busday(unforeseen, busdaycal=plan).all()
    foreseen = ["1998-01-19", "2001-11-22", "2015-04-03", "2021-07-05", "2022-06-20"]
    assert not np.is_busday(foreseen, busdaycal=plan).any()
    assert not set(sessions("XNYS", pd.Timestamp("1994-01-03"), pd.Timestamp("2022-12-30"))) & {
        pd.Timestamp(day) for day in unforeseen + foreseen
    }


def test_a_date_has_the_same_values_whatever_other_dates_there_are() -> None:
    days = sessions("XNYS", pd.Timestamp("1995-01-03"), pd.Timestamp("2020-12-31"))
    full = features_of(days, SCHEDULED)
    pd.testing.assert_frame_equal(features_of(days[:3000], SCHEDULED), full[:3000])
    pd.testing.assert_frame_equal(features_of(days[2000::37], SCHEDULED), full[2000::37])


def test_the_turn_of_a_month_has_four_sessions() -> None:
    days = sessions("XNYS", pd.Timestamp("2003-01-02"), pd.Timestamp("2003-12-31"))
    turn = features_of(days, ["turn_of_month"])["turn_of_month"]
    assert (turn.groupby([days.year, days.month]).sum() == 4).all()


def test_exchanges_have_their_own_holidays() -> None:
    days = ["2019-12-24", "2019-12-27"]
    assert features_of(days, SCHEDULED[:3], "XLON").to_numpy().tolist() == [[0, 5, 1], [2, 0, 0]]
    assert features_of(days, SCHEDULED[:3], "XNYS").to_numpy().tolist() == [[0, 5, 1], [2, 1, 0]]


def test_a_market_that_never_closes_has_no_holidays_and_counts_every_day() -> None:
    days = pd.date_range("2019-12-01", "2020-02-29")
    frame = features_of(days, SCHEDULED, "24/7")
    assert (frame[["sessions_to_holiday", "sessions_from_holiday"]] == 5).all(axis=None)
    assert (frame["holiday_eve"] == 0).all()
    turn = frame.index[frame["turn_of_month"] == 1].strftime("%m-%d").tolist()
    assert turn[:8] == ["12-01", "12-02", "12-03", "12-31", "01-01", "01-02", "01-03", "01-31"]
    assert frame.loc["2019-12-21", "sessions_to_expiry"] == 27  # the day after an expiry, to 17 January


def test_the_seven_days_of_a_week_lie_evenly_on_a_circle() -> None:
    week = features_of(pd.date_range("2024-01-01", periods=8), ["weekday_sin", "weekday_cos"], "24/7").to_numpy()
    angles = 2 * np.pi / 7 * np.arange(8)
    np.testing.assert_allclose(week, np.column_stack([np.sin(angles), np.cos(angles)]), atol=1e-12)


@pytest.mark.parametrize(
    ("friday", "expires", "triple"),
    [("2024-03-15", 1, 1), ("2023-12-15", 1, 1), ("2024-04-19", 1, 0), ("2024-04-12", 0, 0), ("2024-04-26", 0, 0)],
)
def test_options_expire_on_the_third_friday_and_three_kinds_of_contracts_once_a_quarter(
    friday: str, expires: int, triple: int
) -> None:
    week = pd.bdate_range(end=friday, periods=5)
    frame = features_of(week, ["expiry_week", "triple_witching_week"])
    assert frame["expiry_week"].tolist() == [expires] * 5
    assert frame["triple_witching_week"].tolist() == [triple] * 5
    around = features_of([week[0] - pd.Timedelta(days=3), week[-1] + pd.Timedelta(days=3)], ["triple_witching_week"])
    assert (around == 0).all(axis=None)


def test_without_a_calendar_nothing_is_known_of_sessions() -> None:
    bars = pd.DataFrame({"symbol": "A", "date": pd.DatetimeIndex(["2020-01-02"]).as_unit("us"), "close": 1.0})
    names, left_out = available(MarketData(bars), calendar=None)
    assert "expiry_week" in names
    assert {name: left_out[name] for name in SCHEDULED} == {name: ["schedule"] for name in SCHEDULED}
    with pytest.raises(InputError, match=r"'holiday_eve' cannot be computed: the data lacks \['schedule'\]"):
        compute(bars, names=["holiday_eve"], calendar=None)
    with pytest.raises(InputError, match="calendar 'XMARS' is unknown"):
        compute(bars, names=["holiday_eve"], calendar="XMARS")


@pytest.mark.usefixtures("open_catalogue")
@pytest.mark.parametrize(
    "options", [{"inputs": ("close", "schedule")}, {"inputs": ("vix", "schedule"), "scope": "date"}]
)
def test_the_schedule_is_read_beside_the_date_only(options: dict[str, object]) -> None:
    def own(first: np.ndarray, second: np.busdaycalendar) -> np.ndarray:
        return first

    register: Callable[..., Callable[..., object]] = feature
    with pytest.raises(InputError, match="'schedule' is allowed in scope 'date' and beside 'date' only"):
        register("own", family="mine", lookback=0, **options)(own)
