"""Momentum features against plain loops and examples worked by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.features import compute

from .markets import Market


def bars_of(close: list[float] | np.ndarray) -> pd.DataFrame:
    """Give bars of one symbol on business days."""
    dates = pd.bdate_range("2010-01-04", periods=len(close)).as_unit("us")
    return pd.DataFrame({"symbol": "A", "date": dates, "close": close})


def log_returns(close: pd.Series) -> Any:
    return np.log(close).diff()


PANDAS: dict[str, Callable[[pd.Series], Any]] = {
    "mom_126_21": lambda c: c.shift(21) / c.shift(126) - 1.0,
    "mom_252_126": lambda c: c.shift(126) / c.shift(252) - 1.0,
    "seasonal_252_21": lambda c: c.shift(231) / c.shift(252) - 1.0,
    "acceleration_21": lambda c: c.pct_change(21) - c.pct_change(21).shift(21),
    "acceleration_126": lambda c: c.pct_change(126) - c.pct_change(126).shift(126),
    "sharpe_252": lambda c: log_returns(c).rolling(252).mean() / log_returns(c).rolling(252).std(),
    "up_share_252": lambda c: (c.diff() > 0).rolling(252).mean().where(c.shift(252).notna()),
    "cmo_20": lambda c: 100.0 * (gains(c) - losses(c)) / (gains(c) + losses(c)),
}


def gains(close: pd.Series) -> Any:
    return close.diff().clip(lower=0.0).rolling(20).sum()


def losses(close: pd.Series) -> Any:
    return (-close.diff()).clip(lower=0.0).rolling(20).sum()


@pytest.mark.parametrize("name", PANDAS)
def test_values_agree_with_their_definition_in_pandas(market: Market, features: pd.DataFrame, name: str) -> None:
    close = market.bars.loc[market.bars["symbol"] == "S03", "close"].reset_index(drop=True)
    mine = features.loc[features["symbol"] == "S03", name].reset_index(drop=True)
    assert mine.notna().sum() > 250
    np.testing.assert_allclose(mine, PANDAS[name](close), rtol=1e-7, atol=1e-9)


def test_the_stochastic_of_the_rsi_equals_its_definition(features: pd.DataFrame) -> None:
    rows = features[features["symbol"] == "S01"].reset_index(drop=True)
    lowest, highest = rows["rsi_14"].rolling(14).min(), rows["rsi_14"].rolling(14).max()
    place = 100.0 * (rows["rsi_14"] - lowest) / (highest - lowest)
    known = slice(29, None)
    np.testing.assert_allclose(rows["stochrsi_14_14_3_k"][known], place[known], atol=1e-9)
    np.testing.assert_allclose(rows["stochrsi_14_14_3_d"][known], place.rolling(3).mean()[known], atol=1e-9)


@pytest.mark.parametrize(
    ("rising", "falling", "up", "down", "expected"),
    [(3, 0, 0.01, 0.0, -1.0), (0, 3, 0.0, 0.01, -1.0), (2, 1, 0.01, 0.01, -1 / 3), (1, 2, 0.05, 0.01, 1 / 3)],
)
def test_information_is_discrete_where_few_bars_made_the_return(
    rising: int, falling: int, up: float, down: float, expected: float
) -> None:
    moves = np.tile([up] * rising + [-down] * falling, 77)
    later = np.full(21, 0.2)
    close = np.exp(np.cumsum(np.concatenate([[0.0], moves, later])))
    frame = compute(bars_of(close), names=["discreteness_252_21"])
    assert frame["discreteness_252_21"].iloc[-1] == pytest.approx(expected)
    assert frame["discreteness_252_21"].count() == 1


def test_momentum_over_parts_of_the_year_worked_by_hand() -> None:
    close = np.full(253, 100.0)
    close[21], close[126], close[231], close[252] = 110.0, 130.0, 160.0, 90.0
    row = compute(bars_of(close), names=[*PANDAS, "mom_252_21"]).iloc[-1]
    assert row["seasonal_252_21"] == pytest.approx(0.10)
    assert row["mom_252_126"] == pytest.approx(0.30)
    assert row["mom_126_21"] == pytest.approx(160 / 130 - 1)
    assert row["mom_252_21"] == pytest.approx(0.60)
    assert row["acceleration_126"] == pytest.approx(90 / 130 - 130 / 100)
    assert row["acceleration_21"] == pytest.approx(90 / 160 - 160 / 100)


def test_chandes_oscillator_is_100_on_a_rise_and_minus_100_on_a_fall() -> None:
    rise = np.linspace(50.0, 80.0, 25)
    assert compute(bars_of(rise), names=["cmo_20"])["cmo_20"].iloc[-1] == pytest.approx(100.0)
    assert compute(bars_of(rise[::-1]), names=["cmo_20"])["cmo_20"].iloc[-1] == pytest.approx(-100.0)


def test_a_price_that_does_not_move_stands_in_the_middle() -> None:
    expected = {"rsi_2": 50.0, "rsi_28": 50.0, "stochrsi_14_14_3_k": 50.0, "stochrsi_14_14_3_d": 50.0, "cmo_20": 0.0}
    expected |= {"ppo_20_100": 0.0, "up_share_252": 0.5, "discreteness_252_21": 0.0, "acceleration_126": 0.0}
    row = compute(bars_of(np.full(300, 12.3)), names=[*expected, "sharpe_252"]).iloc[-1]
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert np.isnan(row["sharpe_252"])


def test_an_rsi_keeps_its_last_value_at_rest_be_it_0_and_for_ever() -> None:
    fall = np.r_[np.linspace(50.0, 40.0, 30), np.full(1500, 40.0)]
    assert set(compute(bars_of(fall), names=["rsi_14"])["rsi_14"].iloc[14:]) == {0.0}
    dip = np.r_[np.linspace(50.0, 40.0, 30), np.full(1500, 41.0)]
    values = compute(bars_of(dip), names=["rsi_2"])["rsi_2"].iloc[30:]
    assert set(values) == {values.iloc[0]}
    assert 50.0 < values.iloc[0] < 100.0
    rise = np.r_[np.full(40, 40.0), 41.0, 42.0]
    assert compute(bars_of(rise), names=["rsi_14"])["rsi_14"].iloc[14:].tolist() == [50.0] * 26 + [100.0] * 2


def test_the_ultimate_oscillator_counts_a_window_at_rest_as_its_middle() -> None:
    """Of the last 28 bars 20 rose by their whole range, so that the longest window has all its buying pressure."""
    close = np.r_[np.linspace(10.0, 20.0, 31), np.full(8, 20.0)]
    bars = bars_of(close).assign(high=close, low=np.append(10.0, close[:-1]))
    value = compute(bars, names=["ultosc_7_14_28"])["ultosc_7_14_28"]
    assert value.iloc[-1] == pytest.approx((4 * 50 + 2 * 100 + 100) / 7)


@pytest.mark.parametrize("unit", [1.0, 731.9, 0.0137, 1e-7])
def test_a_suspension_brings_oscillators_to_rest_and_trading_revives_them(unit: float) -> None:
    moves = np.random.default_rng(3).normal(0.0, 0.02, 400)
    moves[200:290] = 0.0
    close = unit * 40.0 * np.exp(np.cumsum(moves))
    names = ["rsi_2", "rsi_14", "stochrsi_14_14_3_k", "stochrsi_14_14_3_d", "cmo_20"]
    frame = compute(bars_of(close), names=names)
    assert frame.loc[289, names[2:]].tolist() == [50.0, 50.0, 0.0]
    for name in names[:2]:
        np.testing.assert_allclose(frame.loc[200:289, name], frame.loc[199, name], atol=1e-9)
    assert frame.loc[300:, names].std().min() > 1.0
    np.testing.assert_allclose(frame[names], compute(bars_of(close / unit), names=names)[names], atol=1e-6)
