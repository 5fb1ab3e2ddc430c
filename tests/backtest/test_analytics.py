"""Performance figures: against empyrical where the convention is the same, and against known answers."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

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
    assert table["recovery"].tolist() == pytest.approx([2, np.nan, 1], nan_ok=True)
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


@pytest.mark.parametrize("returns", SERIES, ids=len)
def test_the_shape_agrees_with_scipy(returns: "pd.Series[float]") -> None:
    assert analytics.skew(returns) == pytest.approx(stats.skew(returns), rel=1e-9)
    assert analytics.kurtosis(returns) == pytest.approx(stats.kurtosis(returns, fisher=False), rel=1e-9)
    assert np.isnan([analytics.skew([0.1, 0.1]), analytics.kurtosis([])]).all()


def _quantile(p: float, returns: Any, method: str) -> float:
    """Give the quantile of a method by its formula, with scipy's moments."""
    z, skew, excess = stats.norm.ppf(p), stats.skew(returns), stats.kurtosis(returns)
    if method == "cornish_fisher":
        z += (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * excess / 24 - (2 * z**3 - 5 * z) * skew**2 / 36
    return float(returns.mean() + returns.std(ddof=1) * z)


@pytest.mark.parametrize("method", ["gaussian", "cornish_fisher"])
@pytest.mark.parametrize("cutoff", [0.01, 0.05, 0.3])
def test_the_tail_of_a_distribution_is_its_quantile_and_the_mean_below(method: Any, cutoff: float) -> None:
    returns = 0.01 * np.random.default_rng(3).standard_t(7, 900)
    returns += 3.0 * returns**2
    found = analytics.value_at_risk(returns, cutoff=cutoff, method=method)
    assert found == pytest.approx(_quantile(cutoff, returns, method), rel=1e-9)
    below = integrate.quad(lambda p: _quantile(p, returns, method), 0, cutoff, epsabs=1e-12)[0] / cutoff
    assert analytics.conditional_value_at_risk(returns, cutoff=cutoff, method=method) == pytest.approx(below, rel=1e-5)
    assert below < found


def test_cornish_fisher_is_given_exactly_where_its_quantiles_increase() -> None:
    """Sums of two values, from calm to wild: the slope of the expansion is looked at on a grid."""
    z, noise = np.linspace(-12, 12, 2001), np.random.default_rng(1).standard_normal(400)
    judged = []
    for rare in range(4, 400, 36):
        for spread in (0.0, 0.5, 1.0, 2.0):
            returns = 0.01 * (np.r_[np.ones(rare), -np.ones(400 - rare)] + spread * noise)
            skew, excess = stats.skew(returns), stats.kurtosis(returns)
            slope = 1 + z * skew / 3 + (3 * z**2 - 3) * excess / 24 - (6 * z**2 - 5) * skew**2 / 36
            judged.append(bool(np.isfinite(analytics.value_at_risk(returns, method="cornish_fisher"))))
            assert judged[-1] == bool((slope > 0).all())
    assert 5 < sum(judged) < len(judged) - 5
    fat = np.random.default_rng(0).standard_t(2.5, 2000) * 0.01
    assert np.isnan(analytics.conditional_value_at_risk(fat, method="cornish_fisher"))


def test_unknown_methods_and_cutoffs_are_refused() -> None:
    wrong: Any = "normal"
    with pytest.raises(InputError, match="'normal' given; allowed are historical, gaussian, cornish_fisher"):
        analytics.value_at_risk([0.1], method=wrong)
    with pytest.raises(InputError, match=r"cutoff: 0\.0 given"):
        analytics.conditional_value_at_risk([0.1], cutoff=0.0, method="gaussian")


@pytest.mark.parametrize("window", [2, 21])
def test_rolling_figures_are_those_of_each_window(window: int) -> None:
    returns, market = SERIES[0], MARKETS[0]
    for rolled, theirs in (
        (analytics.rolling_sharpe_ratio(returns, window), empyrical.roll_sharpe_ratio(returns, window)),
        (analytics.rolling_volatility(returns, window), empyrical.roll_annual_volatility(returns, window)),
        (analytics.rolling_max_drawdown(returns, window), empyrical.roll_max_drawdown(returns, window)),
        (analytics.rolling_beta(returns, market, window), empyrical.roll_beta(returns, market, window)),
    ):
        np.testing.assert_allclose(rolled, theirs, rtol=1e-8)
        assert rolled.index.equals(returns.index[window - 1 :])
    assert analytics.rolling_sharpe_ratio(np.full(5, 0.01), 3).isna().all()
    assert analytics.rolling_volatility(returns.to_numpy(), 30).index.tolist() == [29]
    assert analytics.rolling_beta([0.1], [0.1], 5).empty
    with pytest.raises(InputError, match="window: 1 periods"):
        analytics.rolling_volatility(returns, 1)


@pytest.mark.parametrize("pair", list(zip(SERIES, MARKETS, strict=True)), ids=lambda pair: len(pair[0]))
def test_tracking_error_divides_the_mean_difference(pair: tuple[Any, Any]) -> None:
    returns, market = pair
    error = analytics.tracking_error(returns, market)
    assert error == pytest.approx((returns - market).std() * np.sqrt(252), rel=1e-10)
    mean = (returns - market).mean() * 252
    assert analytics.information_ratio(returns, market) == pytest.approx(mean / error, rel=1e-10)


def test_figures_of_trades() -> None:
    trades = pd.DataFrame(
        {
            "exit_date": pd.to_datetime(["2020-01-02"] * 4 + [None]),
            "pnl": [300.0, -100.0, -50.0, 0.0, 9e9],
            "pnl_percent": [6.0, -2.0, -1.0, 0.0, 9e9],
            "bars": [1, 2, 3, 6, 99],
        }
    )
    assert analytics.trade_figures(trades) == pytest.approx(
        {
            "trades": 4,
            "win_rate": 0.25,
            "payoff_ratio": 4.0,
            "profit_factor": 2.0,
            "expectancy_percent": 0.75,
            "holding_bars": 3.0,
        }
    )
    none = analytics.trade_figures(trades.iloc[4:])
    assert none["trades"] == 0
    assert np.isnan([value for name, value in none.items() if name != "trades"]).all()


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
