"""From probabilities to target weights."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from barograph.backtest import Strategy, Threshold, TopK, equal_weight
from barograph.errors import InputError

STRATEGIES: list[Strategy] = [
    TopK(k=1, rebalance_days=1),
    TopK(k=3, rebalance_days=2),
    TopK(k=50, rebalance_days=5),
    Threshold(threshold=0.0, rebalance_days=1),
    Threshold(threshold=-1.0, rebalance_days=3),
]


def predict(scores: dict[str, list[float]]) -> pd.DataFrame:
    """Lay scores out as probabilities, hold at zero; NaN leaves the row out."""
    dates = pd.date_range("2021-03-01", periods=len(next(iter(scores.values()))), freq="B", unit="us")
    rows = [
        {"symbol": name, "date": date, "p_sell": (1 - score) / 2, "p_hold": 0.0, "p_buy": (1 + score) / 2}
        for name, series in scores.items()
        for date, score in zip(dates, series, strict=True)
        if not np.isnan(score)
    ]
    return pd.DataFrame(rows)


def draw(seed: int, days: int = 23, count: int = 7, levels: int = 4) -> pd.DataFrame:
    """Draw scores from a few levels, so that many tie, with some names missing on each date but one."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(-levels, levels + 1, (days, count)) / (levels + 1)
    scores[rng.random(scores.shape) < 0.2] = np.nan
    scores[:, 0] = 0.2
    return predict({f"S{n}": scores[:, n].tolist() for n in range(count)})


def slow_top_k(scores: dict[str, float], k: int) -> dict[str, float]:
    """Fill the places one group of equal scores after the other."""
    left, weights = min(k, len(scores)), dict.fromkeys(scores, 0.0)
    places = left
    for level in sorted({round(score, 12) for score in scores.values()}, reverse=True):
        group = [name for name, score in scores.items() if round(score, 12) == level]
        taken = min(left, len(group))
        for name in group:
            weights[name] = taken / len(group) / places
        left -= taken
    return weights


def test_top_k_holds_the_best() -> None:
    weights = TopK(k=2, rebalance_days=1).target_weights(predict({"A": [0.3], "B": [-0.5], "C": [0.1], "D": [0.2]}))
    assert weights.iloc[0].to_dict() == {"A": 0.5, "B": 0.0, "C": 0.0, "D": 0.5}


def test_ties_at_the_last_place_share_it() -> None:
    weights = TopK(k=2, rebalance_days=1).target_weights(predict({"A": [0.3], "B": [0.1], "C": [0.1], "D": [0.0]}))
    assert weights.iloc[0].to_dict() == {"A": 0.5, "B": 0.25, "C": 0.25, "D": 0.0}


def test_scores_that_differ_by_rounding_tie() -> None:
    weights = TopK(k=1, rebalance_days=1).target_weights(predict({"A": [0.1], "B": [0.1 + 1e-15]}))
    assert weights.iloc[0].to_dict() == {"A": 0.5, "B": 0.5}


@given(seed=st.integers(0, 10**6), k=st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_top_k_agrees_with_filling_places_one_by_one(seed: int, k: int) -> None:
    predictions = draw(seed)
    weights = TopK(k=k, rebalance_days=1).target_weights(predictions)
    for date, rows in predictions.groupby("date"):
        scores = dict(zip(rows["symbol"], rows["p_buy"] - rows["p_sell"], strict=True))
        expected = pd.Series(slow_top_k(scores, k)).reindex(weights.columns, fill_value=0.0)
        np.testing.assert_allclose(weights.loc[date], expected, atol=1e-15)


@pytest.mark.parametrize("k", [1, 3, 50])
def test_a_predictor_that_cannot_tell_names_apart_holds_the_universe(k: int) -> None:
    predictions = draw(1).assign(p_sell=0.21, p_hold=0.5, p_buy=0.29)
    weights = TopK(k=k, rebalance_days=5).target_weights(predictions)
    pd.testing.assert_frame_equal(weights, equal_weight(predictions, weights.index), check_exact=False, rtol=1e-14)


def test_fewer_names_than_places_are_all_held() -> None:
    weights = TopK(k=5, rebalance_days=1).target_weights(predict({"A": [0.3, 0.1], "B": [-0.5, np.nan]}))
    assert weights.to_numpy().tolist() == [[0.5, 0.5], [1.0, 0.0]]


def test_threshold_leaves_the_rest_in_cash() -> None:
    predictions = predict({"A": [0.5, 0.5], "B": [0.25, 0.0], "C": [0.26, np.nan], "D": [-0.9, 0.3]})
    weights = Threshold(threshold=0.25, rebalance_days=1).target_weights(predictions)
    assert weights.iloc[0].to_dict() == {"A": 0.25, "B": 0.0, "C": 0.25, "D": 0.0}
    assert weights.iloc[1].tolist() == [1 / 3, 0.0, 0.0, 1 / 3]


def test_equal_weight_counts_the_names_of_the_date() -> None:
    predictions = predict({"A": [0.5, 0.5], "B": [np.nan, 0.0]})
    weights = equal_weight(predictions, pd.DatetimeIndex(sorted(predictions["date"].unique())))
    assert weights.to_numpy().tolist() == [[1.0, 0.0], [0.5, 0.5]]


@pytest.mark.parametrize("every", [1, 2, 5])
def test_rebalances_count_from_the_first_prediction(every: int) -> None:
    predictions = draw(2)
    weights = TopK(k=2, rebalance_days=every).target_weights(predictions)
    assert weights.index.tolist() == sorted(predictions["date"].unique())[::every]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
def test_later_predictions_change_nothing_earlier(strategy: Strategy) -> None:
    predictions = draw(3)
    cut = predictions["date"].unique()[11]
    early = strategy.target_weights(predictions[predictions["date"] <= cut])
    late = strategy.target_weights(predictions).loc[:cut]
    pd.testing.assert_frame_equal(early, late[early.columns], check_exact=True)
    assert (late.drop(columns=early.columns) == 0.0).all(axis=None)


@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
def test_the_order_of_the_rows_does_not_matter(strategy: Strategy) -> None:
    predictions = draw(4)
    mixed = predictions.sample(frac=1.0, random_state=0)
    pd.testing.assert_frame_equal(strategy.target_weights(predictions), strategy.target_weights(mixed))


@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
def test_weights_are_long_and_unlevered_and_only_in_names_with_a_prediction(strategy: Strategy) -> None:
    predictions = draw(5)
    weights = strategy.target_weights(predictions)
    assert (weights >= 0.0).all(axis=None)
    assert (weights.sum(axis=1) <= 1.0 + 1e-12).all()
    held = pd.Series(weights.stack())
    known = set(zip(predictions["date"], predictions["symbol"], strict=True))
    assert set(held[held > 0.0].index) <= known


@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
def test_strategies_need_signals_alone(strategy: Strategy) -> None:
    predictions = draw(6)
    assert list(predictions) == ["symbol", "date", "p_sell", "p_hold", "p_buy"]
    labelled = predictions.assign(label=np.arange(len(predictions)) % 3, exit_return=0.1)
    pd.testing.assert_frame_equal(strategy.target_weights(predictions), strategy.target_weights(labelled))


def test_refuses_bad_predictions() -> None:
    predictions = predict({"A": [0.1, 0.2], "B": [0.3, 0.4]})
    strategy = TopK(k=1, rebalance_days=1)
    with pytest.raises(InputError, match="B on 2021-03-01 has a probability that is not finite"):
        strategy.target_weights(predictions.assign(p_hold=[0.0, 0.0, np.nan, 0.0]))
    with pytest.raises(InputError, match="A on 2021-03-01 occurs more than once"):
        strategy.target_weights(pd.concat([predictions, predictions.iloc[:1]]))
    with pytest.raises(ValidationError):
        TopK(k=0, rebalance_days=1)
    with pytest.raises(ValidationError):
        Threshold(threshold=1.5, rebalance_days=1)
