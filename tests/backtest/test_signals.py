"""Signals traded beside predictors: the same strategy, costs and dates, with their values as scores."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.backtest import Execution, Strategy, Threshold, TopK, backtest, metrics
from barograph.errors import InputError

EXECUTION = Execution(
    price="next_close", commission_bps=2.0, half_spread_bps=8.0, initial_cash=500.0, max_leverage=1.0, delisting_days=21
)
SETTINGS: Any = SimpleNamespace(block_days=10, resamples=50, level=0.9)
STRATEGY = TopK(k=2, rebalance_days=5)
NAN = float("nan")


def scores_of(**columns: list[float]) -> pd.DataFrame:
    """Scores of names (arguments) on successive days."""
    days = pd.date_range("2021-03-01", periods=len(next(iter(columns.values()))), freq="B", unit="us")
    wide = pd.DataFrame(columns, index=pd.Index(days, name="date"))
    return wide.melt(var_name="symbol", value_name="score", ignore_index=False).reset_index()


@pytest.fixture(scope="module")
def bars() -> pd.DataFrame:
    random = np.random.default_rng(3)
    dates = pd.date_range("2019-01-01", periods=200, freq="B", unit="us")
    close = 50.0 * np.exp(np.cumsum(0.01 * random.standard_normal((200, 6)), axis=0))
    wide = pd.DataFrame(close, index=pd.Index(dates, name="date"), columns=[f"S{n}" for n in range(6)])
    long = wide.melt(var_name="symbol", value_name="close", ignore_index=False).reset_index()
    return long.assign(open=NAN, high=NAN, low=NAN, volume=NAN)


@pytest.fixture(scope="module")
def predictions(bars: pd.DataFrame) -> pd.DataFrame:
    """Draw the scores of a model, from the 20th date on."""
    keys = bars.loc[bars["date"] >= bars["date"].unique()[20], ["symbol", "date"]]
    score = np.random.default_rng(4).uniform(-0.4, 0.4, len(keys))
    return keys.assign(predictor="model", fold=0, p_sell=(0.9 - score) / 2, p_hold=0.1, p_buy=(0.9 + score) / 2)


def run(predictions: pd.DataFrame, bars: pd.DataFrame, signals: pd.DataFrame | None, strategy: Strategy = STRATEGY):
    return backtest(predictions, bars, strategy, EXECUTION, SETTINGS, 7, signals)


def test_the_value_of_a_signal_is_its_score() -> None:
    signal = scores_of(A=[3.0, -1.0], B=[700.0, -5.0], C=[0.1, -0.2])
    weights = TopK(k=1, rebalance_days=1).target_weights(signal)
    assert weights.to_numpy().tolist() == [[0, 1, 0], [0, 0, 1]]
    weights = Threshold(threshold=0.5, rebalance_days=1).target_weights(signal)
    assert weights.to_numpy().tolist() == [[1 / 3, 1 / 3, 0], [0, 0, 0]]


@pytest.mark.parametrize("strategy", [TopK(k=2, rebalance_days=1), Threshold(threshold=-9.0 / 9, rebalance_days=1)])
def test_a_name_of_which_the_signal_says_nothing_is_not_held_and_a_silent_date_is_held_in_cash(
    strategy: Strategy,
) -> None:
    weights = strategy.target_weights(scores_of(A=[1.0, NAN, NAN], B=[NAN, NAN, 0.0], C=[0.5, NAN, 0.0]))
    assert weights.to_numpy().tolist() == [[0.5, 0.0, 0.5], [0.0, 0.0, 0.0], [0.0, 0.5, 0.5]]


def test_a_silent_date_moves_no_rebalance() -> None:
    weights = TopK(k=1, rebalance_days=2).target_weights(scores_of(A=[NAN, 1.0, 1.0, 0.0, 1.0], B=[NAN] * 5))
    assert weights.index.strftime("%d").tolist() == ["01", "03", "05"]
    assert weights["A"].tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_score_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="B on 2021-03-01 has a score that is not finite"):
        STRATEGY.target_weights(scores_of(A=[1.0], B=[value]))


def test_a_signal_with_the_scores_of_a_model_earns_what_the_model_earns(
    predictions: pd.DataFrame, bars: pd.DataFrame
) -> None:
    score = predictions["p_buy"] - predictions["p_sell"]
    signals = predictions[["symbol", "date"]].assign(signal_same=score, signal_far=1e3 * score, signal_against=-score)
    # Rows that the predictions lack play no part, nor does the order.
    before = bars[["symbol", "date"]].iloc[:5].assign(signal_same=9.0, signal_far=9.0, signal_against=9.0)
    result = run(predictions, bars, pd.concat([signals, before]).sample(frac=1.0, random_state=0))
    found = metrics(result)
    assert list(found) == ["model", "signal_against", "signal_far", "signal_same", "universe"]
    assert found["signal_same"] == found["signal_far"] == found["model"] != found["signal_against"]
    for table in (result.equity, result.monthly, result.cost_curve):
        assert set(table["predictor"]) == set(found)
    dates = result.equity.groupby("predictor")["date"].agg(["min", "max", "count"])
    assert len(dates.drop_duplicates()) == 1


def test_signals_change_nothing_for_the_others(predictions: pd.DataFrame, bars: pd.DataFrame) -> None:
    alone = run(predictions, bars, None)
    assert metrics(run(predictions, bars, predictions[["symbol", "date"]])) == metrics(alone)
    signals = predictions[["symbol", "date"]].assign(signal_a=1.0)
    beside = run(predictions, bars, signals)
    pd.testing.assert_frame_equal(
        beside.summary[beside.summary["predictor"] != "signal_a"].reset_index(drop=True), alone.summary
    )


def test_a_signal_without_values_stays_in_cash(predictions: pd.DataFrame, bars: pd.DataFrame) -> None:
    signals = bars[["symbol", "date"]].iloc[:3].assign(signal_a=1.0)
    found = metrics(run(predictions, bars, signals))["signal_a"]
    assert found["cagr"] == 0.0
    assert found["annual_turnover"] == 0.0
    assert found["sharpe"] is None


def test_a_strategy_sees_scores_and_nothing_else(predictions: pd.DataFrame, bars: pd.DataFrame) -> None:
    seen: dict[str, int] = {}

    class Spy:
        def target_weights(self, predictions: pd.DataFrame) -> pd.DataFrame:
            seen[" ".join(predictions)] = len(predictions)
            return STRATEGY.target_weights(predictions)

    signals = predictions[["symbol", "date"]].assign(signal_a=1.0, signal_b=2.0)
    run(predictions.assign(label=1), bars, signals, Spy())
    assert seen == {"symbol date p_sell p_hold p_buy": len(predictions), "symbol date score": len(predictions)}


def test_refuses_names_that_are_taken_and_rows_that_repeat(predictions: pd.DataFrame, bars: pd.DataFrame) -> None:
    keys = predictions[["symbol", "date"]]
    with pytest.raises(InputError, match="signals: model is the name of a predictor too"):
        run(predictions, bars, keys.assign(model=1.0))
    with pytest.raises(InputError, match="signals: universe is the name of a predictor too"):
        run(predictions, bars, keys.assign(universe=1.0))
    with pytest.raises(InputError, match="signals: S0 on 2019-01-29 occurs more than once"):
        run(predictions, bars, pd.concat([keys, keys.iloc[:1]]).assign(signal_a=1.0))
