"""Volatility: examples worked by hand from the papers' formulas, oracles that share no code, bars that stand still."""

import numpy as np
import pandas as pd
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from barograph.features import kernels, volatility

from .markets import Market

YEAR = 252.0

OPEN = np.exp([0.00, 0.01, 0.01, 0.01])
HIGH = np.exp([0.01, 0.03, 0.02, 0.04])
LOW = np.exp([-0.01, 0.00, -0.03, 0.01])
CLOSE = np.exp([0.00, 0.02, -0.02, 0.03])
"""Four bars whose log prices are whole hundredths, so that every term below can be checked in the head."""


def test_close_to_close_volatility_worked_by_hand() -> None:
    returns = np.array([0.01, 0.03, -0.01])  # mean 0.01, deviations 0, 0.02, -0.02
    assert volatility.volatility(returns, 3)[-1] == pytest.approx(np.sqrt((0.0004 + 0.0004) / 2 * YEAR))


def test_parkinson_worked_by_hand() -> None:
    ranges = [0.03, 0.05, 0.03]
    expected = (ranges[0] ** 2 + ranges[1] ** 2 + ranges[2] ** 2) / 3 / (4 * np.log(2))  # 0.0043 / 3 / 2.7726
    assert volatility.parkinson(HIGH, LOW, 3)[-1] == pytest.approx(np.sqrt(expected * YEAR))


def test_garman_klass_worked_by_hand() -> None:
    half_ranges = 0.5 * (0.0009 + 0.0025 + 0.0009)
    bodies = 0.38629436111989 * (0.0001 + 0.0009 + 0.0004)  # ln(C/O) = 0.01, -0.03, 0.02
    assert volatility.garman_klass(OPEN, HIGH, LOW, CLOSE, 3)[-1] == pytest.approx(
        np.sqrt((half_ranges - bodies) / 3 * YEAR)
    )


def test_rogers_satchell_worked_by_hand() -> None:
    # with u = ln(H/O), d = ln(L/O), c = ln(C/O): u (u - c) + d (d - c)
    first = 0.02 * 0.01 + -0.01 * -0.02
    second = 0.01 * 0.04 + -0.04 * -0.01
    third = 0.03 * 0.01 + 0.00 * -0.02
    assert first + second + third == pytest.approx(0.0015)
    assert volatility.rogers_satchell(OPEN, HIGH, LOW, CLOSE, 3)[-1] == pytest.approx(np.sqrt(0.0005 * YEAR))


def test_yang_zhang_worked_by_hand_and_not_with_close_to_close_returns() -> None:
    overnight = 0.0004  # ln(O_t / C_(t-1)) = 0.01, -0.01, 0.03: mean 0.01, squares 0.0008 over n - 1 = 2
    intraday = 0.0007  # ln(C_t / O_t) = 0.01, -0.03, 0.02: mean 0, squares 0.0014 over 2
    rogers_satchell = 0.0005  # as above
    k = 0.34 / (1.34 + (3 + 1) / (3 - 1))
    value = volatility.yang_zhang(OPEN, HIGH, LOW, CLOSE, 3)[-1]
    assert value == pytest.approx(np.sqrt((overnight + k * intraday + (1 - k) * rogers_satchell) * YEAR))

    close_to_close = 0.0021  # 0.02, -0.04, 0.05: mean 0.01, deviations 0.01, -0.05, 0.04, squares 0.0042 over 2
    copied = np.sqrt((overnight + k * close_to_close + (1 - k) * rogers_satchell) * YEAR)
    assert abs(copied / value - 1.0) > 0.05


def test_the_share_of_the_night_worked_by_hand() -> None:
    assert volatility.overnight_share(OPEN, CLOSE, 3)[-1] == pytest.approx(0.0004 / (0.0004 + 0.0007))


def test_the_share_of_jumps_worked_by_hand() -> None:
    returns = np.array([0.01, -0.02, 0.03])
    bipower = np.pi / 2 * (0.02 * 0.01 + 0.03 * 0.02)  # the inverse square of E|z| = sqrt(2 / pi), two products
    assert volatility.jump_share(returns, 2)[-1] == pytest.approx(1 - bipower / (0.0004 + 0.0009))


def test_downside_volatility_worked_by_hand() -> None:
    returns = np.array([0.05, -0.01, 0.02, -0.03])
    assert volatility.downside_volatility(returns, 4)[-1] == pytest.approx(np.sqrt((0.0001 + 0.0009) / 4 * YEAR))


def test_a_shock_is_measured_by_the_volatility_of_the_day_before() -> None:
    shock = volatility.standardised_return(np.array([0.01, -0.03]), np.sqrt(YEAR) * np.array([0.02, 0.5]))
    assert np.isnan(shock[0])
    assert shock[1] == pytest.approx(-0.03 / 0.02)


def test_drawdowns_worked_by_hand() -> None:
    close = np.array([100.0, 80.0, 120.0, 90.0, 110.0, 84.0, 96.0])
    # of 5 closes: 120 -> 84 (or 100 -> 80 while 120 -> 90 is deeper), then 120 -> 84 twice
    assert np.exp(volatility.maximum_drawdown(close, 5)[4:]).tolist() == pytest.approx([0.75, 0.7, 0.7])
    assert np.exp(volatility.maximum_drawdown(close, 3)[2:]).tolist() == pytest.approx(
        [0.8, 0.75, 0.75, 84 / 110, 84 / 110]
    )
    assert volatility.drawdown_length(close, 5)[4:].tolist() == [2, 3, 4]
    assert volatility.drawdown_length(close, 3)[2:].tolist() == [0, 1, 2, 1, 2]


def test_of_equal_highs_the_latest_counts() -> None:
    assert volatility.drawdown_length(np.array([3.0, 5.0, 5.0, 4.0]), 4)[-1] == 1
    assert volatility.drawdown_length(np.full(9, 5.0), 4)[3:].tolist() == [0] * 6


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.integers(1, 12))
def test_drawdowns_agree_with_looking_at_every_pair(prices: list[int], window: int) -> None:
    close = np.array(prices, np.float64)
    falls, bars = kernels.deepest_falls(close, window), kernels.bars_since_highest(close, window)
    assert np.isnan(falls[: window - 1]).all()
    assert np.isnan(bars[: window - 1]).all()
    for t in range(window - 1, close.size):
        last = close[t - window + 1 : t + 1]
        assert falls[t] == min(last[j] / last[i] for j in range(window) for i in range(j + 1))
        assert bars[t] == np.argmax(last[::-1])


def test_channels_agree_with_talib_and_pandas(market: Market, features: pd.DataFrame) -> None:
    bars = market.bars[market.bars["symbol"] == "S02"].reset_index(drop=True)
    mine = features[features["symbol"] == "S02"].reset_index(drop=True)
    high, low, close = (bars[name].to_numpy() for name in ("high", "low", "close"))
    expected = {
        "natr_63": talib.NATR(high, low, close, 63),
        "keltner_20": (close - talib.EMA(close, 20)) / talib.ATR(high, low, close, 20),
        "keltner_20_width": 4 * talib.ATR(high, low, close, 20) / talib.EMA(close, 20),
        "donchian_63_width": np.log(bars["high"].rolling(63).max() / bars["low"].rolling(63).min()),
        "donchian_252_width": np.log(bars["high"].rolling(252).max() / bars["low"].rolling(252).min()),
        "squeeze_20": np.log(mine["bb_20_width"] / mine["keltner_20_width"]),
        "drawdown_252_depth": np.log(bars["close"] / bars["close"].rolling(252).max()) / mine["vol_252"],
        "range_vol_ratio_21": np.log(mine["parkinson_21"] / mine["vol_21"]),
    }
    for name, values in expected.items():
        assert mine[name].notna().sum() > 300, name
        np.testing.assert_allclose(mine[name], values, rtol=1e-9, atol=1e-9, err_msg=name)


def test_moments_of_a_year_agree_with_scipy(market: Market, features: pd.DataFrame) -> None:
    close = market.bars.loc[market.bars["symbol"] == "S04", "close"].to_numpy()
    row, r = features[features["symbol"] == "S04"].iloc[-1], np.diff(np.log(close))
    assert row["skew_252"] == pytest.approx(stats.skew(r[-252:]))
    assert row["kurt_252"] == pytest.approx(stats.kurtosis(r[-252:]))
    assert row["leverage_252"] == pytest.approx(np.corrcoef(r[-253:-1], np.abs(r[-252:]))[0, 1])
    monthly = [np.std(r[r.size - i - 21 : r.size - i], ddof=1) for i in range(252)]
    assert row["vol_of_vol_252"] == pytest.approx(np.std(monthly, ddof=1) / np.mean(monthly))
    assert row["vol_ratio_21_252"] == pytest.approx(np.log(monthly[0] / np.std(r[-252:], ddof=1)))


def test_the_leverage_effect_is_found_where_it_is_planted() -> None:
    random = np.random.default_rng(8)
    returns = np.zeros(3000)
    for t in range(1, returns.size):
        returns[t] = random.normal() * 0.01 * np.exp(-30.0 * returns[t - 1])
    assert np.nanmean(volatility.leverage_effect(returns, 252)) < -0.2
    assert abs(np.nanmean(volatility.leverage_effect(random.permutation(returns), 252))) < 0.03
