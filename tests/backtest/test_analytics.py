"""Performance figures: against empyrical where the convention is the same, and against known answers."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.backtest import analytics
from barograph.errors import InputError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import empyrical  # type: ignore[import-untyped]

SERIES = [
    pd.Series(
        np.random.default_rng(seed).standard_t(4, length) * 0.01 + 0.0004,
        index=pd.bdate_range("2015-01-01", periods=length),
    )
    for seed, length in ((0, 30), (1, 252), (2, 1500))
]
MARKETS = [0.6 * series + 0.005 * np.random.default_rng(9).standard_normal(len(series)) for series in SERIES]

ALONE: list[tuple[Callable[..., float], Callable[..., float]]] = [
    (analytics.cagr, empyrical.annual_return),
    (analytics.annual_volatility, empyrical.annual_volatility),
    (analytics.sharpe_ratio, empyrical.sharpe_ratio),
    (analytics.sortino_ratio, empyrical.sortino_ratio),
    (analytics.calmar_ratio, empyrical.calmar_ratio),
    (analytics.max_drawdown, empyrical.max_drawdown),
    (analytics.omega_ratio, empyrical.omega_ratio),
    (analytics.tail_ratio, empyrical.tail_ratio),
    (analytics.value_at_risk, empyrical.value_at_risk),
    (analytics.conditional_value_at_risk, empyrical.conditional_value_at_risk),
]


@pytest.mark.parametrize("returns", SERIES, ids=len)
@pytest.mark.parametrize(("ours", "theirs"), ALONE, ids=lambda function: function.__name__)
def test_agrees_with_empyrical(
    ours: Callable[..., float], theirs: Callable[..., float], returns: "pd.Series[float]"
) -> None:
    assert ours(returns) == pytest.approx(theirs(returns), rel=1e-10)
    assert ours(returns.to_numpy()) == ours(returns)


@pytest.mark.parametrize("pair", list(zip(SERIES, MARKETS, strict=True)), ids=lambda pair: len(pair[0]))
def test_agrees_with_empyrical_against_a_benchmark(pair: tuple[Any, Any]) -> None:
    returns, market = pair
    assert analytics.alpha_beta(returns, market) == pytest.approx(empyrical.alpha_beta(returns, market), rel=1e-9)
    assert analytics.up_capture(returns, market) == pytest.approx(empyrical.up_capture(returns, market), rel=1e-10)
    assert analytics.down_capture(returns, market) == pytest.approx(empyrical.down_capture(returns, market), rel=1e-10)
    yearly = empyrical.excess_sharpe(returns, market) * np.sqrt(252)
    assert analytics.information_ratio(returns, market) == pytest.approx(yearly, rel=1e-10)


@pytest.mark.parametrize("returns", SERIES, ids=len)
def test_monthly_returns_agree_with_empyrical(returns: "pd.Series[float]") -> None:
    ours, theirs = analytics.monthly_returns(returns), empyrical.aggregate_returns(returns, "monthly")
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    assert ours.index.tolist() == theirs.index.tolist()
    assert ours.index.names == ["year", "month"]
    assert np.prod(1 + ours) == pytest.approx(np.prod(1 + returns))


def test_known_answers() -> None:
    returns = [0.1, -0.5, 0.2, 0.25]
    assert analytics.max_drawdown(returns) == pytest.approx(-0.5)
    assert analytics.cagr(returns, periods=4) == pytest.approx(1.1 * 0.5 * 1.2 * 1.25 - 1)
    assert analytics.calmar_ratio(returns, periods=4) == pytest.approx((1.1 * 0.5 * 1.2 * 1.25 - 1) / 0.5)
    assert analytics.omega_ratio(returns) == pytest.approx(1.1)
    assert analytics.sharpe_ratio([0.01, 0.03], periods=1) == pytest.approx(0.02 / (0.01 * np.sqrt(2)))
    assert analytics.sortino_ratio([0.03, -0.01], periods=1) == pytest.approx(0.01 / (0.01 / np.sqrt(2)))
    assert analytics.conditional_value_at_risk(np.arange(-3, 18) / 100, cutoff=0.1) == pytest.approx(-0.02)
    assert analytics.alpha_beta([0.01, 0.03], [0.0, 0.01], periods=1) == pytest.approx((0.01, 2.0))


def test_a_first_loss_is_a_drawdown() -> None:
    assert analytics.max_drawdown([-0.2, 0.1]) == pytest.approx(-0.2)


def test_drawdowns_are_listed_deepest_first() -> None:
    dates = pd.bdate_range("2020-01-01", periods=8)
    returns = pd.Series([-0.1, 0.2, 0.1, -0.5, 0.5, 1.0, 0.1, -0.2], dates)
    table = analytics.drawdowns(returns)
    assert table["depth"].tolist() == pytest.approx([-0.5, -0.2, -0.1])
    assert table["start"].tolist() == [dates[3], dates[7], dates[0]]
    assert table["trough"].tolist() == [dates[3], dates[7], dates[0]]
    assert table["end"].iloc[[0, 2]].tolist() == [dates[5], dates[1]]
    assert table["end"].isna().tolist() == [False, True, False]
    assert table["periods"].tolist() == [2, 1, 1]
    assert analytics.drawdowns(returns.to_numpy())["start"].tolist() == [3, 7, 0]


@pytest.mark.parametrize("returns", SERIES, ids=len)
def test_the_deepest_drawdown_is_the_maximum(returns: "pd.Series[float]") -> None:
    table = analytics.drawdowns(returns)
    assert table["depth"].iloc[0] == analytics.max_drawdown(returns)
    assert (table["start"] <= table["trough"]).all()
    assert table["end"].isna().sum() <= 1


def test_without_a_loss_there_is_no_drawdown() -> None:
    assert analytics.drawdowns([0.1, 0.0, 0.1]).empty
    assert analytics.max_drawdown([0.1, 0.1]) == 0.0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("function", "_"), ALONE)
def test_what_does_not_exist_is_nan(function: Callable[..., float], _: object) -> None:
    assert np.isnan(function([]))
    for returns in ([0.0] * 5, [0.01] * 5):
        assert np.isfinite(function(returns)) or function in {
            analytics.sharpe_ratio,
            analytics.sortino_ratio,
            analytics.calmar_ratio,
            analytics.omega_ratio,
            analytics.tail_ratio,
        }
    assert np.isnan(analytics.sharpe_ratio([0.001] * 7))
    assert np.isnan(analytics.sharpe_ratio([0.001]))
    assert np.isnan(analytics.sortino_ratio([0.001] * 7))
    assert all(np.isnan(analytics.alpha_beta([0.1, 0.2], [0.1, 0.1])))
    assert np.isnan(analytics.down_capture([0.1, 0.2], [0.1, 0.1]))
    assert np.isnan(analytics.information_ratio([0.1, 0.2], [0.1, 0.2]))


def test_refuses_what_is_no_return() -> None:
    with pytest.raises(InputError, match="nan at 1"):
        analytics.sharpe_ratio([0.1, np.nan])
    with pytest.raises(InputError, match=r"-1.5 at 2020-01-02"):
        analytics.cagr(pd.Series([0.0, -1.5], pd.bdate_range("2020-01-01", periods=2)))
    with pytest.raises(InputError, match="one dimension"):
        analytics.cagr(np.zeros((3, 2)))
    with pytest.raises(InputError, match="3 periods against the benchmark's 2"):
        analytics.alpha_beta([0.0, 0.1, 0.2], [0.1, 0.2])
    with pytest.raises(InputError, match="same periods"):
        analytics.alpha_beta(SERIES[0], SERIES[0].shift(1, freq="D"))
    with pytest.raises(InputError, match="need dates"):
        analytics.monthly_returns(pd.Series([0.1, 0.2]))
