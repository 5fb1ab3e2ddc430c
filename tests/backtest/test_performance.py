"""All predictors traded on the same dates."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.backtest import (
    BacktestResult,
    Execution,
    Threshold,
    TopK,
    analytics,
    backtest,
    equal_weight,
    metrics,
    simulate,
)
from barograph.errors import InputError
from barograph.randomness import generator
from barograph.scoring import episode_bootstrap_counts
from tests.scoring.oracle import widened, worth

EXECUTION = Execution(
    price="next_close", commission_bps=2.0, half_spread_bps=8.0, initial_cash=500.0, max_leverage=1.0, delisting_days=21
)
SETTINGS: Any = SimpleNamespace(block_days=10, resamples=200, level=0.9)
STRATEGY = TopK(k=3, rebalance_days=5)
DAYS, COUNT, LEAD = 320, 8, 20


def make_world() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bars, and predictors that know tomorrow, know nothing, and cannot tell names apart."""
    rng = np.random.default_rng(5)
    dates = pd.date_range("2018-01-01", periods=DAYS, freq="B", unit="us")
    names = [f"S{n}" for n in range(COUNT)]
    steps = 0.01 * rng.standard_normal((DAYS, COUNT))
    close = pd.DataFrame(50 * np.exp(steps.cumsum(axis=0)), dates, names)
    close.index.name, close.columns.name = "date", "symbol"
    bars = (
        pd.Series(close.T.stack(), name="close")
        .reset_index()
        .assign(open=np.nan, high=np.nan, low=np.nan, volume=np.nan)
    )
    future = close.shift(-6) / close.shift(-1) - 1.0
    keys = pd.Series(future.iloc[LEAD:-7].T.stack(), name="future").reset_index()
    noise = rng.uniform(-0.4, 0.4, len(keys))
    scores = {"oracle": np.clip(10 * keys["future"], -0.9, 0.9), "coin": noise, "prior": np.full(len(keys), 0.08)}
    tables = [
        keys[["symbol", "date"]].assign(
            predictor=name, fold=0, p_sell=(0.9 - score) / 2, p_hold=0.1, p_buy=(0.9 + score) / 2
        )
        for name, score in scores.items()
    ]
    return bars, pd.concat(tables, ignore_index=True)


BARS, PREDICTIONS = make_world()


@pytest.fixture(scope="module")
def result() -> BacktestResult:
    return backtest(PREDICTIONS, BARS, STRATEGY, EXECUTION, SETTINGS, 7)


def row(result: BacktestResult, name: str) -> "pd.Series[Any]":
    return pd.Series(result.summary.set_index("predictor").T[name])


def test_foresight_pays_and_a_coin_does_not(result: BacktestResult) -> None:
    assert row(result, "oracle")["excess_sharpe_low"] > 2.0
    assert row(result, "coin")["excess_sharpe_low"] < 0.5
    assert row(result, "oracle")["cagr"] > row(result, "universe")["cagr"]


def test_a_baseline_equals_the_universe(result: BacktestResult) -> None:
    prior, universe = row(result, "prior"), row(result, "universe")
    for name in ("cagr", "sharpe", "sharpe_low", "sharpe_high", "max_drawdown", "annual_turnover"):
        assert prior[name] == pytest.approx(universe[name], rel=1e-9)
    assert abs(prior["excess_sharpe"]) + abs(prior["excess_sharpe_low"]) + abs(prior["excess_sharpe_high"]) < 1e-9
    assert np.isnan(universe["excess_sharpe"])


def test_figures_follow_from_a_simulation_of_the_whole_history(result: BacktestResult) -> None:
    """Bars outside the predictions play no part, and returns start with the first fill, costs included."""
    own = PREDICTIONS[PREDICTIONS["predictor"] == "coin"]
    book = simulate(BARS, STRATEGY.target_weights(own), EXECUTION)
    returns = book.returns.loc[book.fills["date"].min() : own["date"].max()]
    assert returns.iloc[0] == pytest.approx(-10e-4, rel=1e-2)
    figures = row(result, "coin")
    assert figures["sharpe"] == pytest.approx(analytics.sharpe_ratio(returns), rel=1e-9)
    assert figures["cagr"] == pytest.approx(analytics.cagr(returns), rel=1e-9)
    assert figures["sortino"] == pytest.approx(analytics.sortino_ratio(returns), rel=1e-9)
    assert figures["calmar"] == pytest.approx(analytics.calmar_ratio(returns), rel=1e-9)
    assert figures["annual_volatility"] == pytest.approx(analytics.annual_volatility(returns), rel=1e-9)
    assert figures["max_drawdown"] == pytest.approx(analytics.max_drawdown(returns), rel=1e-9)
    universe = simulate(BARS, equal_weight(own, STRATEGY.target_weights(own).index), EXECUTION).returns
    excess = analytics.sharpe_ratio(returns) - analytics.sharpe_ratio(universe.loc[returns.index])
    assert figures["excess_sharpe"] == pytest.approx(excess, rel=1e-9)
    wealth = (1 + returns).cumprod()
    table = result.equity[result.equity["predictor"] == "coin"].set_index("date")
    np.testing.assert_allclose(table["equity"], wealth, rtol=1e-9)
    np.testing.assert_allclose(table["drawdown"], wealth / np.maximum(wealth.cummax(), 1.0) - 1.0, atol=1e-12)
    assert table["drawdown"].iloc[0] == pytest.approx(returns.iloc[0])
    assert table.index.equals(wealth.index)


def test_costs_and_turnover_agree(result: BacktestResult) -> None:
    """Each unit of one-way turnover is two trades of its value, at ten basis points each."""
    for name in ("coin", "oracle", "universe"):
        figures = row(result, name)
        assert figures["cost_bps_per_year"] == pytest.approx(2 * 10 * figures["annual_turnover"], rel=2e-3)
    assert 25 < row(result, "coin")["annual_turnover"] < 45
    assert row(result, "universe")["annual_turnover"] < 2


def test_intervals_hold_their_figure_and_come_from_the_seed(result: BacktestResult) -> None:
    table = result.summary
    assert ((table["sharpe_low"] < table["sharpe"]) & (table["sharpe"] < table["sharpe_high"])).all()
    again = backtest(PREDICTIONS, BARS, STRATEGY, EXECUTION, SETTINGS, 7)
    pd.testing.assert_frame_equal(again.summary, table, check_exact=True)
    other = backtest(PREDICTIONS, BARS, STRATEGY, EXECUTION, SETTINGS, 8).summary
    assert (other["sharpe_low"] != table["sharpe_low"]).all()
    assert (other["sharpe"] == table["sharpe"]).all()


def test_intervals_resample_the_fold_of_the_decision_and_blocks_within(result: BacktestResult) -> None:
    dates = np.sort(PREDICTIONS["date"].unique())
    fold = pd.Series(np.repeat([4, 5, 6], [90, 100, len(dates) - 190]), index=dates)
    folded = PREDICTIONS.assign(fold=PREDICTIONS["date"].map(fold))
    found = backtest(folded, BARS, STRATEGY, EXECUTION, SETTINGS, 7)
    earned, universe = (
        found.equity[found.equity["predictor"] == name].set_index("date")["equity"] for name in ("coin", "universe")
    )
    # Returns begin a day after the first decision: the first fold of 90 days is behind 90 of them.
    cases = np.repeat([0, 1, 2], [90, 100, len(earned) - 190])
    counts = episode_bootstrap_counts(cases, 10, 200, generator(7, "backtest", "sharpe"), whole=True)
    ratios = []
    for wealth in (earned, universe):
        returns = (wealth / wealth.shift(1, fill_value=1.0) - 1).to_numpy()
        drawn = [np.repeat(returns, count) for count in counts]
        ratios.append(np.array([each.mean() / each.std(ddof=1) * np.sqrt(252) for each in drawn]))
    figures, plain = row(found, "coin"), row(result, "coin")
    worth_of = worth([90, 100, len(earned) - 190])
    for name, samples in (("sharpe", ratios[0]), ("excess_sharpe", ratios[0] - ratios[1])):
        ends = figures[[f"{name}_low", f"{name}_high"]].to_numpy(dtype=float)
        np.testing.assert_allclose(ends, widened(figures[name], samples, 0.9, worth_of), rtol=1e-6)
        assert figures[name] == plain[name]
        assert figures[f"{name}_low"] != plain[f"{name}_low"]


def test_a_date_has_one_fold() -> None:
    none = PREDICTIONS.drop(columns="fold")
    with pytest.raises(InputError, match=r"^predictions: lacks the columns \['fold'\]"):
        backtest(none, BARS, STRATEGY, EXECUTION, SETTINGS, 7)
    day = PREDICTIONS["date"].iloc[5]
    two = PREDICTIONS.assign(fold=((PREDICTIONS["date"] == day) & (PREDICTIONS["symbol"] == "S1")).astype(int))
    with pytest.raises(InputError, match=rf"^predictions: {day:%Y-%m-%d} is in the folds \[0, 1\]; one is allowed"):
        backtest(two, BARS, STRATEGY, EXECUTION, SETTINGS, 7)


def test_the_company_of_other_predictors_changes_nothing(result: BacktestResult) -> None:
    alone = backtest(PREDICTIONS[PREDICTIONS["predictor"] == "coin"], BARS, STRATEGY, EXECUTION, SETTINGS, 7)
    pd.testing.assert_series_equal(row(alone, "coin"), row(result, "coin"), check_exact=True)


def test_months_compound_to_the_equity(result: BacktestResult) -> None:
    assert list(result.monthly) == ["predictor", "year", "month", "return"]
    for name, table in result.monthly.groupby("predictor"):
        final = result.equity.loc[result.equity["predictor"] == name, "equity"].iloc[-1]
        assert np.prod(1 + table["return"]) == pytest.approx(final)


def test_the_cost_curve_falls_and_meets_the_summary(result: BacktestResult) -> None:
    for name, table in result.cost_curve.groupby("predictor"):
        assert table["cost_bps"].tolist() == [0.0, 5.0, 10.0, 20.0, 40.0]
        assert (np.diff(table["sharpe"]) < 0).all()
        assert table["sharpe"].iloc[2] == pytest.approx(row(result, str(name))["sharpe"], rel=1e-9)
    free = replace(EXECUTION, commission_bps=0.0, half_spread_bps=0.0)
    curve = backtest(PREDICTIONS, BARS, STRATEGY, free, SETTINGS, 7).cost_curve
    assert curve["cost_bps"].tolist() == [0.0] * 4


def test_all_predictors_share_the_dates_even_one_in_cash() -> None:
    cash = backtest(PREDICTIONS, BARS, Threshold(threshold=0.3, rebalance_days=5), EXECUTION, SETTINGS, 7)
    dates = cash.equity.groupby("predictor")["date"].agg(["min", "max", "count"])
    assert len(dates.drop_duplicates()) == 1
    assert row(cash, "prior")["cagr"] == 0.0
    assert np.isnan(row(cash, "prior")["sharpe"])
    assert metrics(cash)["prior"]["sharpe"] is None
    assert metrics(cash)["prior"]["annual_turnover"] == 0.0


def test_metrics_are_plain_values(result: BacktestResult) -> None:
    values = metrics(result)
    assert list(values) == ["coin", "oracle", "prior", "universe"]
    assert values["coin"]["sharpe"] == row(result, "coin")["sharpe"]
    assert values["universe"]["excess_sharpe"] is None
    assert {type(value) for figures in values.values() for value in figures.values()} <= {float, type(None)}
    assert "predictor" not in values["coin"]


def test_more_history_changes_no_earlier_equity() -> None:
    cut = PREDICTIONS["date"].unique()[150]
    early = backtest(
        PREDICTIONS[PREDICTIONS["date"] <= cut], BARS[BARS["date"] <= cut], STRATEGY, EXECUTION, SETTINGS, 7
    ).equity
    late = backtest(PREDICTIONS, BARS, STRATEGY, EXECUTION, SETTINGS, 7).equity
    late = late[late["date"] <= cut].reset_index(drop=True)
    pd.testing.assert_frame_equal(early, late, check_exact=True)


def test_a_strategy_sees_signals_only() -> None:
    seen = []

    class Spy:
        def target_weights(self, predictions: pd.DataFrame) -> pd.DataFrame:
            seen.append(list(predictions))
            return STRATEGY.target_weights(predictions)

    backtest(PREDICTIONS.assign(label=1, exit_return=0.1), BARS, Spy(), EXECUTION, SETTINGS, 7)
    assert seen == [["symbol", "date", "p_sell", "p_hold", "p_buy"]] * 3


def test_refuses_predictors_that_cannot_be_compared() -> None:
    def run(predictions: pd.DataFrame) -> None:
        backtest(predictions, BARS, STRATEGY, EXECUTION, SETTINGS, 7)

    with pytest.raises(InputError, match="oracle and coin differ at S0 on 2018-01-29; all need the same rows"):
        run(PREDICTIONS.drop(index=PREDICTIONS.index[0]))
    with pytest.raises(InputError, match="not named universe"):
        run(PREDICTIONS.replace({"predictor": {"coin": "universe"}}))
    with pytest.raises(InputError, match="the predictors are none"):
        run(PREDICTIONS.iloc[:0])
    with pytest.raises(InputError, match="1 dates follow the first decision"):
        run(PREDICTIONS[PREDICTIONS["date"].isin(PREDICTIONS["date"].unique()[:2])])
