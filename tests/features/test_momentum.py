"""Momentum features against plain loops and examples worked by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.features import compute

from .markets import Market, bars_of


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
