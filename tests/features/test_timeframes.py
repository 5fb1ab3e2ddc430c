"""Weekly and monthly features: completed bars only, by an oracle in pandas and by hand."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import talib

from barograph.features import catalogue, compute

from .markets import random_market

NAMES = [entry.name for entry in catalogue() if entry.family == "timeframes"]
LOOKBACK = {entry.name: entry.lookback for entry in catalogue() if entry.family == "timeframes"}
WEEKLY = [name for name in NAMES if name.startswith("weekly")]
MONTHLY = [name for name in NAMES if name.startswith("monthly")]

DECEMBER = 237
"""The row of 2003-12-01, from which on two months have 45 weekdays."""

Oracle = Callable[[pd.DataFrame], pd.Series]


def slope_and_r2(close: pd.Series, window: int) -> tuple[pd.Series, pd.Series]:
    log = np.log(close).rolling(window)
    row = np.arange(window)
    slope = log.apply(lambda y: np.polyfit(row, y, 1)[0], raw=True)
    return slope, log.apply(lambda y: np.corrcoef(row, y)[0, 1] ** 2, raw=True)


def position(bars: pd.DataFrame, window: int) -> pd.Series:
    lowest, highest = bars["low"].rolling(window).min(), bars["high"].rolling(window).max()
    return (bars["close"] - lowest) / (highest - lowest)


def up_share(close: pd.Series, window: int) -> pd.Series:
    return np.sign(close.diff()).add(1.0).div(2.0).rolling(window).mean()


ORACLES: dict[str, Oracle] = {
    "weekly_ret_1": lambda b: b["close"].pct_change(1),
    "weekly_ret_4": lambda b: b["close"].pct_change(4),
    "weekly_rsi_14": lambda b: talib.RSI(b["close"], 14),
    "weekly_sma_dist_10": lambda b: np.log(b["close"] / b["close"].rolling(10).mean()),
    "weekly_macd_12_26_9_hist_pct": lambda b: talib.MACD(b["close"], 12, 26, 9)[2] / b["close"],
    "weekly_vol_26": lambda b: np.log(b["close"]).diff().rolling(26).std(),
    "weekly_donchian_26": lambda b: position(b, 26),
    "weekly_slope_52": lambda b: slope_and_r2(b["close"], 52)[0],
    "weekly_r2_52": lambda b: slope_and_r2(b["close"], 52)[1],
    "weekly_up_share_26": lambda b: up_share(b["close"], 26),
    "weekly_adx_14": lambda b: talib.ADX(b["high"], b["low"], b["close"], 14),
    "monthly_ret_1": lambda b: b["close"].pct_change(1),
    "monthly_rsi_12": lambda b: talib.RSI(b["close"], 12),
    "monthly_sma_dist_10": lambda b: np.log(b["close"] / b["close"].rolling(10).mean()),
    "monthly_vol_12": lambda b: np.log(b["close"]).diff().rolling(12).std(),
    "monthly_donchian_12": lambda b: position(b, 12),
    "monthly_up_share_12": lambda b: up_share(b["close"], 12),
}


def one_symbol(n_days: int = 700, seed: int = 1, holidays: float = 0.0, skip: int = 0) -> pd.DataFrame:
    """Give the bars of a symbol from the given business day on, some days of which may be missing."""
    bars = random_market(n_symbols=1, n_days=n_days, seed=seed).bars.iloc[skip:]
    traded = np.random.default_rng(seed).random(len(bars)) >= holidays
    return bars[traded].reset_index(drop=True)


def calendar_period(date: pd.Series, name: str) -> pd.Series:
    """Name each date's ISO week, or its month, by the calendar's own fields."""
    return date.dt.strftime("%G-%V" if name.startswith("weekly") else "%Y-%m").rename("period")


def expected(bars: pd.DataFrame, name: str) -> np.ndarray:
    """Take the oracle's value of the last period before each bar's own, from the lookback on."""
    period = calendar_period(bars["date"], name)
    periods = bars.groupby(period).agg({"high": "max", "low": "min", "close": "last"})
    before = pd.Series(np.asarray(ORACLES[name](periods)), periods.index).shift(1)
    values = period.map(before).to_numpy(np.float64, copy=True)
    values[: LOOKBACK[name]] = np.nan
    return values


def test_the_oracles_are_complete() -> None:
    assert list(ORACLES) == NAMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("holidays", [0.0, 0.3])
def test_values_are_those_of_the_last_completed_bar(name: str, holidays: float) -> None:
    bars = one_symbol(n_days=900, holidays=holidays)
    mine = compute(bars, names=[name])[name]
    assert mine.notna().sum() > 200
    np.testing.assert_allclose(mine, expected(bars, name), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("names", [WEEKLY, MONTHLY], ids=["weeks", "months"])
def test_values_change_only_at_the_first_bar_of_a_period(names: list[str]) -> None:
    bars = one_symbol(holidays=0.1)
    features = compute(bars, names=names)[names]
    period = calendar_period(bars["date"], names[0])
    opens = (period != period.shift(1)).to_numpy()
    changed = (features != features.shift(1)) & features.notna()
    assert changed.loc[opens].iloc[-5:].any(axis=1).all()
    first = {name: features[name].first_valid_index() for name in names}
    for name in names:
        assert set(np.flatnonzero(changed[name])) - {first[name]} <= set(np.flatnonzero(opens)), name


@pytest.mark.parametrize("last", ["2005-03-25", "2005-03-28", "2005-03-30", "2005-03-31", "2005-04-01", "2005-04-04"])
def test_what_comes_later_changes_no_bit(last: str) -> None:
    full = one_symbol()
    until = full["date"] <= last
    assert full.loc[until, "date"].iloc[-1] == pd.Timestamp(last)
    later = full.copy()
    later.loc[~until, ["high", "low", "close"]] *= 1.5
    now = compute(full[until], names=NAMES)[NAMES]
    assert now.iloc[-1].notna().all()
    for whole in (full, later):
        np.testing.assert_array_equal(compute(whole, names=NAMES)[NAMES][until], now)


def test_the_present_week_and_month_do_not_count_yet() -> None:
    bars = one_symbol()
    altered = bars.copy()
    altered.loc[bars["date"].between("2005-03-21", "2005-03-25"), ["high", "low", "close"]] *= 1.2
    before, after = (compute(each, names=NAMES)[NAMES].set_axis(bars["date"]) for each in (bars, altered))
    pd.testing.assert_frame_equal(before.loc[:"2005-03-25"], after.loc[:"2005-03-25"])
    assert (before.loc["2005-03-28", WEEKLY] != after.loc["2005-03-28", WEEKLY]).sum() >= len(WEEKLY) - 1
    within = [name for name in MONTHLY if name != "monthly_donchian_12"]
    pd.testing.assert_frame_equal(before.loc[:, within], after.loc[:, within])


@pytest.mark.parametrize("skip", [0, 1, 2, 3, 4, 13, DECEMBER])
@pytest.mark.parametrize("holidays", [0.0, 0.15])
def test_the_first_value_comes_at_the_lookback_whatever_the_first_day(skip: int, holidays: float) -> None:
    features = compute(one_symbol(skip=skip, holidays=holidays), names=NAMES)
    assert {name: features[name].first_valid_index() for name in NAMES} == LOOKBACK
    assert all(features[name][lookback:].notna().all() for name, lookback in LOOKBACK.items())


def test_two_weeks_with_a_holiday_worked_by_hand() -> None:
    days = pd.to_datetime(
        [f"2024-03-{day}" for day in (21, 22, 25, 26, 27, 28)]  # Good Friday is the 29th
        + [f"2024-04-{day:02d}" for day in (1, 2, 3, 4, 5, 8, 9)]
    )
    close = [90.0, 100.0, 104.0, 101.0, 103.0, 110.0, 90.0, 91.0, 92.0, 93.0, 99.0, 80.0, 81.0]
    bars = pd.DataFrame({"symbol": "A", "date": days.as_unit("us"), "close": close})
    week = compute(bars, names=["weekly_ret_1"])["weekly_ret_1"]
    assert week[:10].isna().all()
    assert week[10:].tolist() == pytest.approx([110 / 100 - 1, 99 / 110 - 1, 99 / 110 - 1])


def test_weeks_of_a_suspension_are_not_there() -> None:
    bars = one_symbol()
    gap = bars["date"].between("2004-06-07", "2004-07-09")
    bars = bars[~gap].reset_index(drop=True)
    week = compute(bars, names=["weekly_ret_1"])["weekly_ret_1"].set_axis(bars["date"])
    close = bars.set_index("date")["close"]
    assert week["2004-07-12"] == pytest.approx(close["2004-06-04"] / close["2004-05-28"] - 1.0)
    assert week["2004-07-19"] == pytest.approx(close["2004-07-16"] / close["2004-06-04"] - 1.0)


def test_a_market_that_never_closes_waits_for_its_weeks() -> None:
    days = pd.date_range("2021-01-02", periods=500).as_unit("us")
    close = np.exp(np.cumsum(np.random.default_rng(0).normal(0.0, 0.03, 500)))
    bars = pd.DataFrame({"symbol": "A", "date": days, "close": close})
    week = compute(bars, names=["weekly_rsi_14"])["weekly_rsi_14"]
    assert week.first_valid_index() == 2 + 14 * 7
    for length in (11, 15, 30, 80):
        assert compute(bars[:length], names=["weekly_ret_1", "weekly_rsi_14", "monthly_ret_1"]).shape == (length, 5)
