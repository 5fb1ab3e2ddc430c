"""Values against their definitions in pandas, examples worked by hand, and planted answers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.features import compute

from .markets import Market, random_market

PANDAS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "ret_21": lambda b: b["close"].pct_change(21),
    "mom_252_21": lambda b: b["close"].shift(21) / b["close"].shift(252) - 1.0,
    "vol_21": lambda b: _r(b).rolling(21).std() * np.sqrt(252),
    "sharpe_63": lambda b: _r(b).rolling(63).mean() / _r(b).rolling(63).std(),
    "skew_63": lambda b: _r(b).rolling(63).apply(lambda x: pd.Series(x - x.mean()).pow(3).mean() / np.std(x) ** 3),
    "kurt_63": lambda b: _r(b).rolling(63).apply(lambda x: np.mean((x - x.mean()) ** 4) / np.var(x) ** 2 - 3.0),
    "r2_60": lambda b: np.log(b["close"]).rolling(60).apply(lambda y: np.corrcoef(np.arange(60), y)[0, 1] ** 2),
    "efficiency_20": lambda b: _r(b).rolling(20).sum().abs() / _r(b).abs().rolling(20).sum(),
    "downside_share_63": lambda b: (_r(b).clip(upper=0) ** 2).rolling(63).sum() / (_r(b) ** 2).rolling(63).sum(),
    "vol_of_vol_63": lambda b: _r(b).rolling(21).std().rolling(63).agg(lambda x: x.std() / x.mean()),
    "ulcer_14": lambda b: (b["close"] / b["close"].rolling(14).max() - 1).pow(2).rolling(14).mean().pow(0.5),
    "obv_21": lambda b: (_r(b).apply(np.sign) * b["volume"]).rolling(21).sum() / b["volume"].rolling(21).sum(),
    "volume_ratio_20": lambda b: np.log(b["volume"] / b["volume"].rolling(20).mean()),
    "cmf_20": lambda b: (_location(b) * b["volume"]).rolling(20).sum() / b["volume"].rolling(20).sum(),
    "vwap_dist_21": lambda b: np.log(
        b["close"] / (_typical(b) * b["volume"]).rolling(21).sum() * b["volume"].rolling(21).sum()
    ),
    "parkinson_21": lambda b: np.sqrt((_ln(b["high"] / b["low"]) ** 2).rolling(21).mean() * 252 / np.log(16)),
    "roll_spread_63": lambda b: 2 * np.sqrt((-_r(b).rolling(63).cov(_r(b).shift(1))).clip(lower=0)),
    "overnight_21": lambda b: _ln(b["open"] / b["close"].shift(1)).rolling(21).sum(),
    "amihud_21_252": lambda b: np.log(_impact(b).rolling(21).mean() / _impact(b).rolling(252).mean()),
    "jump_21": lambda b: (
        1 - np.pi / 2 * (_r(b).abs() * _r(b).abs().shift(1)).rolling(21).sum() / (_r(b) ** 2).rolling(21).sum()
    ),
}


@pytest.mark.parametrize("name", PANDAS)
def test_values_agree_with_their_definition_in_pandas(market: Market, features: pd.DataFrame, name: str) -> None:
    bars = market.bars[market.bars["symbol"] == "S03"].reset_index(drop=True)
    expected = PANDAS[name](bars)
    mine = features.loc[features["symbol"] == "S03", name].reset_index(drop=True)
    assert mine.notna().sum() > 250
    np.testing.assert_allclose(mine, expected, rtol=1e-7, atol=1e-9)


def test_beta_correlation_and_residual_equal_a_regression(market: Market, features: pd.DataFrame) -> None:
    close = market.bars.loc[market.bars["symbol"] == "S01", "close"].to_numpy()[-64:]
    y, x = np.diff(np.log(close)), np.diff(np.log(market.context["index_close"].to_numpy()[-64:]))
    (slope, _), (residual, *_), *_ = np.polyfit(x, y, 1, full=True)
    row = features[features["symbol"] == "S01"].iloc[-1]
    assert row["beta_63"] == pytest.approx(slope)
    assert row["idio_vol_63"] == pytest.approx(np.sqrt(residual / 61 * 252))
    assert row["index_corr_63"] == pytest.approx(np.corrcoef(x, y)[0, 1])


def test_the_cross_section_on_one_date_worked_by_hand() -> None:
    dates = pd.bdate_range("2020-01-01", periods=22).astype("datetime64[us]")
    last = {"A": 1.10, "B": 1.30, "C": 1.10, "D": 0.90}
    frames = [pd.DataFrame({"symbol": s, "date": dates, "close": [1.0] * 21 + [c]}) for s, c in last.items()]
    universe = pd.DataFrame({"symbol": list("ABCD"), "name": list("ABCD"), "gics_sector": ["X", "X", "Y", "Y"]})
    frame = compute(pd.concat(frames, ignore_index=True), universe=universe)
    row = frame[frame["date"] == dates[-1]].set_index("symbol")
    assert row["rank_ret_21"].tolist() == [0.5, 0.875, 0.5, 0.125]
    assert row["excess_ret_21"].tolist() == pytest.approx([0.0, 0.2, 0.0, -0.2])
    assert row["sector_excess_ret_21"].tolist() == pytest.approx([-0.1, 0.1, 0.1, -0.1])
    assert row["sector_ret_21"].tolist() == pytest.approx([0.1, 0.1, -0.1, -0.1])
    assert row["dispersion_21"].tolist() == pytest.approx([np.std([0.1, 0.3, 0.1, -0.1], ddof=1)] * 4)


def test_average_correlation_finds_the_one_that_was_planted() -> None:
    random = np.random.default_rng(5)
    common, own = random.normal(size=(400, 1)), random.normal(size=(400, 30))
    close = np.exp(np.cumsum(0.01 * (np.sqrt(0.4) * common + np.sqrt(0.6) * own), axis=0))
    dates = pd.bdate_range("2020-01-01", periods=400).astype("datetime64[us]")
    frames = [pd.DataFrame({"symbol": f"S{i:02d}", "date": dates, "close": close[:, i]}) for i in range(30)]
    frame = compute(pd.concat(frames, ignore_index=True), names=["avg_corr_63"])
    assert frame["avg_corr_63"].mean() == pytest.approx(0.4, abs=0.08)


def test_streaks_regime_ages_and_crash_memory_count_days() -> None:
    market = random_market(n_symbols=1, n_days=7)
    bars = market.bars.assign(close=[10.0, 11.0, 12.0, 12.0, 11.0, 10.0, 11.0])
    assert compute(bars, names=["streak"])["streak"].tolist()[1:] == [1, 2, 0, -1, -2, 1]
    regimes = market.regimes.assign(regime=["normal", "crash", "crash", "normal", "normal", "normal", "recovery"])
    frame = compute(bars, market.context, regimes=regimes)
    assert np.exp(frame["regime_age"]).tolist() == pytest.approx([1, 1, 2, 1, 2, 3, 1])
    assert frame["crash_memory_63"].tolist() == pytest.approx([0, 1, 1, *np.exp(-np.arange(1, 5) / 63)])
    assert frame["regime_crash"].tolist() == [0, 1, 1, 0, 0, 0, 0]
    assert frame["regime_recovery"].tolist() == [0, 0, 0, 0, 0, 0, 1]


def test_calendar_features_of_known_dates() -> None:
    days = pd.to_datetime(["2024-01-01", "2024-01-19", "2024-01-31", "2024-03-29"]).astype("datetime64[us]")
    frame = compute(pd.DataFrame({"symbol": "A", "date": days, "close": 1.0}))
    assert frame["weekday_cos"].tolist() == pytest.approx(np.cos(2 * np.pi / 7 * np.array([0, 4, 2, 4])))
    assert frame["month_sin"].tolist() == pytest.approx(np.sin(2 * np.pi / 12 * np.array([0, 0, 0, 2])))
    assert frame["month_position"].tolist() == pytest.approx([0, 14 / 23, 22 / 23, 20 / 21])
    assert frame["quarter_position"].tolist() == pytest.approx([0, 14 / 65, 22 / 65, 64 / 65])


def test_spreads_from_ranges_find_a_planted_spread() -> None:
    random = np.random.default_rng(3)
    steps = random.normal(0, 0.01 / np.sqrt(390), size=(2000, 390))
    middle = np.cumsum(steps.ravel()).reshape(2000, 390)
    half = 0.005
    quote = np.exp(middle + half * random.choice([-1, 1], size=middle.shape))
    dates = pd.bdate_range("2000-01-03", periods=2000).astype("datetime64[us]")
    bars = pd.DataFrame({"symbol": "A", "date": dates, "close": quote[:, -1]})
    bars["open"], bars["high"], bars["low"], bars["volume"] = quote[:, 0], quote.max(1), quote.min(1), 1e6
    frame = compute(bars, names=["corwin_schultz_21", "abdi_ranaldo_21"])
    assert frame["corwin_schultz_21"].mean() == pytest.approx(2 * half, rel=0.25)
    assert frame["abdi_ranaldo_21"].mean() == pytest.approx(2 * half, rel=0.35)


def test_range_estimators_find_a_planted_volatility() -> None:
    random = np.random.default_rng(4)
    path = np.cumsum(random.normal(0, 0.01 / np.sqrt(2000), size=(800, 2000)).ravel()).reshape(800, 2000)
    dates = pd.bdate_range("2000-01-03", periods=800).astype("datetime64[us]")
    price = np.exp(path)
    bars = pd.DataFrame({"symbol": "A", "date": dates, "open": price[:, 0], "high": price.max(1), "low": price.min(1)})
    bars["close"], bars["volume"] = price[:, -1], 1e6
    names = ["parkinson_21", "garman_klass_21", "rogers_satchell_21", "yang_zhang_21", "vol_21"]
    assert compute(bars, names=names)[names].mean().tolist() == pytest.approx([0.01 * np.sqrt(252)] * 5, rel=0.06)


def _ln(series: pd.Series) -> Any:
    return np.log(series)


def _r(bars: pd.DataFrame) -> Any:
    return _ln(bars["close"]).diff()


def _typical(bars: pd.DataFrame) -> pd.Series:
    return (bars["high"] + bars["low"] + bars["close"]) / 3.0


def _location(bars: pd.DataFrame) -> pd.Series:
    return (2.0 * bars["close"] - bars["low"] - bars["high"]) / (bars["high"] - bars["low"])


def _impact(bars: pd.DataFrame) -> Any:
    return _r(bars).abs() / (bars["close"] * bars["volume"])
