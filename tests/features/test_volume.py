"""Volume: examples worked by hand from the papers' formulas, other ways to the same value, splits and dividends."""

import numpy as np
import pandas as pd
import pytest
import talib

from barograph.features import catalogue, compute, volume

from .markets import Market

OF_BARS = [entry.name for entry in catalogue() if entry.family in ("volatility", "volume", "long_range")]
PRICES = ["open", "high", "low", "close"]


@pytest.fixture(scope="module")
def bars(market: Market) -> pd.DataFrame:
    return market.bars[market.bars["symbol"] == "S02"].reset_index(drop=True)


def test_amihud_worked_by_hand() -> None:
    returns, close, traded = np.array([0.01, -0.03, -0.02]), np.array([10.0, 20.0, 20.0]), np.array([100.0, 0.0, 50.0])
    # 0.01 / 1000 and 0.02 / 1000; the bar without volume is left out
    assert volume.amihud(returns, close, traded, 3)[-1] == pytest.approx((1e-5 + 2e-5) / 2)


def test_kyles_lambda_worked_by_hand() -> None:
    returns, close, traded = np.array([0.01, -0.02, 0.03]), np.array([2.0, 1.0, 3.0]), np.array([2.0, 1.0, 3.0])
    # signed roots of money traded: 2, -1, 3; sum of products 0.02 + 0.02 + 0.09, of squares 4 + 1 + 9
    assert volume.kyle_lambda(returns, close, traded, 3)[-1] == pytest.approx(0.13 / 14)


def test_a_bar_that_did_not_move_has_no_sign() -> None:
    returns, ones = np.array([0.01, 0.0, 0.03]), np.ones(3)
    assert volume.kyle_lambda(returns, ones, ones, 3)[-1] == pytest.approx(0.04 / 2)


def test_roll_spread_worked_by_hand() -> None:
    bounce = np.array([-0.01, 0.01, -0.01, 0.01, -0.01])  # four pairs with means 0: covariance -0.0004 / 3
    assert volume.roll_spread(bounce, 4)[-1] == pytest.approx(2 * np.sqrt(0.0004 / 3))
    trend = np.array([0.01, 0.02, 0.03, 0.04, 0.05])
    assert volume.roll_spread(trend, 4)[-1] == 0.0


def test_roll_finds_the_spread_of_a_price_that_bounces() -> None:
    random = np.random.default_rng(6)
    price = np.cumsum(random.normal(0, 0.002, 40_000)) + 0.005 * random.choice([-1, 1], 40_000)
    assert volume.roll_spread(np.diff(price), 39_000)[-1] == pytest.approx(0.01, rel=0.05)


def corwin_schultz_of(beta: float, gamma: float) -> float:
    """Give the estimate by equations 14 and 18 of the paper."""
    scale = 3 - 2 * np.sqrt(2)
    alpha = (np.sqrt(2 * beta) - np.sqrt(beta)) / scale - np.sqrt(gamma / scale)
    return 2 * (np.exp(alpha) - 1) / (1 + np.exp(alpha))


def corwin_schultz(high: list[float], low: list[float], close: list[float]) -> float:
    return volume.corwin_schultz(np.array(high), np.array(low), np.array(close), 1)[-1]


def test_corwin_schultz_worked_by_hand() -> None:
    high, low, close = np.exp([0.04, 0.04]), np.exp([0.00, 0.01]), np.exp([0.03, 0.02])
    beta, gamma = 0.04**2 + 0.03**2, 0.04**2
    value = corwin_schultz(high.tolist(), low.tolist(), close.tolist())
    assert value == pytest.approx(corwin_schultz_of(beta, gamma))
    # since 3 - 2 sqrt 2 = (sqrt 2 - 1)^2, alpha = (sqrt beta - sqrt gamma) / (sqrt 2 - 1) = 0.01 (sqrt 2 + 1)
    assert value == pytest.approx(2 * np.tanh(0.005 * (np.sqrt(2) + 1)))


def test_a_negative_estimate_counts_as_zero() -> None:
    high, low = [102.0, 103.0], [100.0, 101.0]
    assert corwin_schultz_of(np.log(1.02) ** 2 + np.log(103 / 101) ** 2, np.log(1.03) ** 2) < 0
    assert corwin_schultz(high, low, [101.0, 102.0]) == 0.0


def test_a_night_in_which_the_price_moved_is_taken_out_of_the_second_bar() -> None:
    # the low of 105 lies 5 above the close of 100: the second bar becomes 100 to 103
    value = corwin_schultz([103.0, 108.0], [99.0, 105.0], [100.0, 107.0])
    expected = corwin_schultz_of(np.log(103 / 99) ** 2 + np.log(103 / 100) ** 2, np.log(103 / 99) ** 2)
    assert expected > 0
    assert value == pytest.approx(expected)
    assert corwin_schultz_of(np.log(103 / 99) ** 2 + np.log(108 / 105) ** 2, np.log(108 / 99) ** 2) < 0
    # the high of 96 lies 6 below the close of 102: the second bar becomes 98 to 102
    value = corwin_schultz([103.0, 96.0], [99.0, 92.0], [102.0, 95.0])
    expected = corwin_schultz_of(np.log(103 / 99) ** 2 + np.log(102 / 98) ** 2, np.log(103 / 98) ** 2)
    assert expected > 0
    assert value == pytest.approx(expected)


def test_abdi_ranaldo_worked_by_hand() -> None:
    high, low = np.exp([0.04, 0.03]), np.exp([0.00, -0.01])  # middles 0.02, 0.01
    above, between = np.exp([0.03, 0.0]), np.exp([0.015, 0.0])
    # 4 (0.03 - 0.02) (0.03 - 0.01); 4 (0.015 - 0.02) (0.015 - 0.01) is negative and counts 0
    assert volume.abdi_ranaldo(high, low, above, 1)[-1] == pytest.approx(np.sqrt(4 * 0.01 * 0.02))
    assert volume.abdi_ranaldo(high, low, between, 1)[-1] == 0.0


def test_slopes_of_cumulated_volume_are_those_of_a_line_through_it(bars: pd.DataFrame) -> None:
    frame = compute(bars, names=["obv_slope_63", "ad_slope_63"])
    moved = np.sign(bars["close"].diff().fillna(0.0)) * bars["volume"]
    location = (2 * bars["close"] - bars["high"] - bars["low"]) / (bars["high"] - bars["low"])
    for name, flow in {"obv_slope_63": moved, "ad_slope_63": location * bars["volume"]}.items():
        line, total = (np.cumsum(series.to_numpy())[-64:] for series in (flow, bars["volume"]))
        slopes = [np.polyfit(np.arange(64), cumulated, 1)[0] for cumulated in (line, total)]
        assert frame[name].iloc[-1] == pytest.approx(slopes[0] / slopes[1])


def test_slopes_end_at_one_where_all_volume_goes_one_way() -> None:
    rising, traded = np.full(80, 0.01), np.arange(1.0, 81.0)
    assert volume.on_balance_slope(rising, traded, 63)[-1] == pytest.approx(1.0)
    assert volume.on_balance_slope(-rising, traded, 63)[-1] == pytest.approx(-1.0)


def test_values_agree_with_their_definition_in_pandas(bars: pd.DataFrame) -> None:
    frame, v = compute(bars), bars["volume"]
    r, money = np.log(bars["close"]).diff(), bars["close"] * v
    night, day = np.log(bars["open"] / bars["close"].shift()), np.log(bars["close"] / bars["open"])
    impact, root = r.abs() / money, np.sqrt(money)
    kyle = [(r.abs() * root).rolling(w).sum() / money.where(r.notna()).rolling(w).sum() for w in (21, 252)]
    expected = {
        "mfi_42": talib.MFI(bars["high"], bars["low"], bars["close"], v, 42),
        "volume_z_21": (v - v.rolling(21).mean()) / v.rolling(21).std(),
        "volume_z_63": (v - v.rolling(63).mean()) / v.rolling(63).std(),
        "volume_corr_63": r.abs().rolling(63).corr(v),
        "volume_ret_corr_21": r.rolling(21).corr(v),
        "volume_price_corr_21": np.log(bars["close"]).rolling(21).corr(v),
        "volume_price_corr_63": np.log(bars["close"]).rolling(63).corr(v),
        "dollar_volume_21_252": np.log(money.rolling(21).mean() / money.rolling(252).mean()),
        "amihud_5_63": np.log(impact.rolling(5).mean() / impact.rolling(63).mean()),
        "kyle_lambda_21_252": np.log(kyle[0] / kyle[1]),
        "roll_spread_21": 2 * np.sqrt((-r.rolling(21).cov(r.shift())).clip(lower=0)),
        "tug_of_war_63": night.rolling(63).sum() - day.rolling(63).sum(),
        "overnight_corr_63": night.rolling(63).corr(day),
    }
    for name, values in expected.items():
        assert frame[name].notna().sum() > 300, name
        np.testing.assert_allclose(frame[name], values, rtol=1e-7, atol=1e-9, err_msg=name)


def test_gaps_that_close_again_are_told_from_gaps_that_go_on() -> None:
    random = np.random.default_rng(9)
    gap, noise = random.normal(0, 0.01, 300), random.normal(0, 0.001, 300)
    for back, sign in ((0.5, -1.0), (-0.5, 1.0)):
        day = -back * gap + noise
        close = np.exp(np.cumsum(gap + day))
        correlation = volume.overnight_correlation(close * np.exp(-day), close, 63)
        assert np.nanmin(sign * correlation) > 0.9


@pytest.mark.parametrize("factor", [0.97, 0.31])
def test_a_later_dividend_changes_no_feature_of_the_past(bars: pd.DataFrame, factor: float) -> None:
    paid = 450
    adjusted = bars.copy()
    adjusted.loc[: paid - 1, PRICES] *= factor
    before, after = compute(bars[:paid], names=OF_BARS), compute(adjusted, names=OF_BARS)
    for name in OF_BARS:
        np.testing.assert_allclose(after[name][:paid], before[name], rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("parts", [2, 7])
def test_a_later_split_changes_no_feature_of_the_past(bars: pd.DataFrame, parts: int) -> None:
    done = 450
    adjusted = bars.copy()
    adjusted.loc[: done - 1, PRICES] /= parts
    adjusted.loc[: done - 1, "volume"] *= parts
    before, after = compute(bars[:done], names=OF_BARS), compute(adjusted, names=OF_BARS)
    for name in OF_BARS:
        np.testing.assert_allclose(after[name][:done], before[name], rtol=1e-6, atol=1e-9, err_msg=name)


def test_the_money_flow_index_is_in_the_middle_where_no_money_flows(bars: pd.DataFrame) -> None:
    prices = [bars[name].to_numpy() for name in ("high", "low", "close")]
    traded = bars["volume"].to_numpy().copy()
    usual, none = volume.money_flow(*prices, traded, 14), volume.money_flow(*prices, np.zeros(traded.size), 14)
    assert (none[14:] == 50.0).all()
    traded[100:200] = 0.0
    paused = volume.money_flow(*prices, traded, 14)
    assert (paused[113:200] == 50.0).all()
    np.testing.assert_allclose(paused[214:], usual[214:], atol=1e-9)
