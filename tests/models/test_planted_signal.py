"""Every model learns what is planted, to near its optimum, and nothing where nothing is planted.

The features are oscillators and the calendar: with the planted signal, which follows the 14-day RSI, they hold all
there is to know. Features of volatility would tell how often prices move, with a signal and without.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from barograph.config import CONF, build
from barograph.features import compute
from barograph.labels import label_bars
from barograph.models import TrainingRows, fit_rows
from barograph.scoring import block_bootstrap_counts
from barograph.testing import simulate
from tests.settings import compose

MODELS = sorted(path.stem for path in (CONF / "model").glob("*.yaml"))
FEATURES = [
    *("rsi_7", "rsi_14", "willr_14", "stoch_14_3_3_k", "stoch_14_3_3_d", "cci_20", "ultosc_7_14_28", "tsi_25_13"),
    *("up_share_21", "streak", "close_location_1", "bop_14", "r2_20"),
    *("weekday_sin", "weekday_cos", "month_sin", "month_cos", "month_position", "quarter_position", "expiry_week"),
]
LABEL = build(compose()["label"], "label")
PLANTED, ABSENT = 0.5, 0.0
TRAINING_ROWS = 10_000


@cache
def rows(seed: int, signal: float) -> pd.DataFrame:
    """Give features and labels of 20 symbols and ten years."""
    market = simulate(seed=seed, symbols=20, first_year=2000, years=10, signal=signal)
    features = compute(market.bars, market.context, market.universe, names=FEATURES)
    return features.merge(label_bars(market.bars, LABEL), on=["symbol", "date"])


@cache
def prior(signal: float) -> np.ndarray:
    return np.bincount(_training(signal).y, minlength=3) / TRAINING_ROWS


def _training(signal: float) -> TrainingRows:
    whole = rows(11, signal)
    chosen = np.sort(np.random.default_rng(0).choice(len(whole), TRAINING_ROWS, replace=False))
    own = whole.iloc[chosen].reset_index(drop=True)
    return TrainingRows(own[FEATURES], own["label"].to_numpy(), np.ones(TRAINING_ROWS), own[["date", "exit_date"]])


def _skill(probabilities: np.ndarray, tested: pd.DataFrame, signal: float) -> tuple[float, float]:
    """Give the skill against class frequencies, and the lower end of its 99.9 % interval."""
    label = tested["label"].to_numpy()
    ours = -np.log(np.maximum(probabilities[np.arange(label.size), label], 1e-12))
    theirs = -np.log(prior(signal)[label])
    by_date = pd.DataFrame({"ours": ours, "theirs": theirs}).groupby(tested["date"].to_numpy()).sum()
    counts = block_bootstrap_counts(len(by_date), 21, 4000, np.random.default_rng(0))
    resampled = counts @ by_date.to_numpy()
    low = np.quantile(1 - resampled[:, 0] / resampled[:, 1], 0.0005)
    return 1 - ours.sum() / theirs.sum(), float(low)


@cache
def optimum() -> float:
    """Give the skill of the true class frequencies at every RSI, counted in 200,000 rows of other markets."""
    seen = pd.concat([rows(seed, PLANTED) for seed in range(100, 104)]).dropna(subset="rsi_14")
    edges = np.quantile(seen["rsi_14"], np.linspace(0, 1, 61)[1:-1])
    counts = np.zeros((60, 3))
    np.add.at(counts, (np.searchsorted(edges, seen["rsi_14"]), seen["label"]), 1)
    tested = rows(12, PLANTED).dropna(subset="rsi_14")
    true = (counts / counts.sum(axis=1, keepdims=True))[np.searchsorted(edges, tested["rsi_14"])]
    return _skill(true, tested, PLANTED)[0]


@cache
def fitted_skill(name: str, signal: float) -> tuple[float, float]:
    model = build(compose([f"model={name}"], config_name="train")["model"], "model")
    tested = rows(12, signal)
    probabilities = fit_rows(model, _training(signal), name=name, seed=1).predict_proba(tested[FEATURES])
    return _skill(probabilities, tested, signal)


def test_the_planted_signal_is_worth_ten_percent():
    assert optimum() == pytest.approx(0.10, abs=0.01)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_reaches_at_least_half_of_the_optimum(name):
    assert fitted_skill(name, PLANTED)[0] >= 0.5 * optimum()


@pytest.mark.parametrize("name", MODELS)
def test_a_model_finds_nothing_where_nothing_is_planted(name):
    assert fitted_skill(name, ABSENT)[1] <= 0


def test_the_best_model_reaches_four_fifths_of_the_optimum():
    assert max(fitted_skill(name, PLANTED)[0] for name in ("logistic_regression", "lightgbm")) >= 0.8 * optimum()
