"""Two controls: nothing is found where nothing is, and what is planted is found."""

from functools import cache

import numpy as np
import pandas as pd

from barograph.archive import archive_tables
from barograph.config import build
from barograph.ensemble import SoftVote, Structural, baseline_predictions
from barograph.features import compute
from barograph.folds import WalkForward
from barograph.labels import label_bars
from barograph.market import MarketData
from barograph.memory import draw_samples
from barograph.models import TrainingSet
from barograph.regimes import VixPriceRegimes
from barograph.testing import simulate
from barograph.training import walk
from barograph.validation import metrics, validate
from tests.settings import compose

FEW = ["memory.rows=3000", "models.lightgbm.params.n_estimators=50", "validation.auc_resamples=20"]
SETTINGS = compose(["memory=expanding", "validation.resamples=300", *FEW])
MODELS = ("logistic_regression", "lightgbm")


@cache
def _simulated(signal: float) -> tuple[MarketData, pd.DataFrame, pd.DataFrame]:
    market = simulate(seed=3, symbols=8, first_year=2003, years=12, signal=signal)
    known = market.context["vix"].notna()
    context = market.context[known].reset_index(drop=True)
    regimes = VixPriceRegimes().describe(context["index_close"].to_numpy(), context["vix"].to_numpy())
    regimes.insert(0, "date", context["date"])
    return market, regimes, compute(market.bars, market.context, market.universe, regimes=regimes)


def _skill(signal: float, *, shuffle: bool = False, names: list[str] | None = None) -> dict[str, dict[str, float]]:
    """Run the path from a simulated market to the ensemble's scores; `shuffle` deals the labels out anew."""
    market, regimes, features = _simulated(signal)
    features = features[["symbol", "date", *names]] if names else features
    labels = label_bars(market.bars, build(SETTINGS["label"], "label"))
    if shuffle:
        # Whole dates change places, so that the labels of a date stay together and lives stay as correlated.
        dates = labels["date"].drop_duplicates()
        moved = dict(zip(dates, np.random.default_rng(0).permutation(dates), strict=True))
        dealt = labels[["symbol", "date", "label"]].assign(date=labels["date"].map(moved))
        labels = labels.drop(columns="label").merge(dealt, on=["symbol", "date"])
    events, archive = archive_tables(labels, regimes, market.bars, build(SETTINGS["archive"], "archive"))
    memory, laid_out = build(SETTINGS["memory"], "memory"), WalkForward().over(labels, regimes)
    folds, drawn = draw_samples(labels, regimes, events, archive, memory=memory, folds=laid_out, seed=7)
    samples = pd.concat(drawn, ignore_index=True)
    members, data = {}, TrainingSet(features, labels)
    for name in MODELS:
        model = build(SETTINGS["models"][name], name)
        steps = walk(model, data, samples, folds, name=name, seed=7)
        members[name] = pd.concat([step.predictions for step in steps], ignore_index=True)
    vote = SoftVote(weights={}).walk(members, labels, folds).predictions
    closes = market.bars.pivot(index="date", columns="symbol", values="close")
    index_close = market.context.set_index("date")["index_close"]
    structural = Structural(build(SETTINGS["label"], "label")).walk(closes, index_close, vote, labels, regimes, folds)
    tables = [vote, baseline_predictions(vote, labels, regimes, folds), structural]
    predictions = pd.concat([table.assign(predictor=name) for name, table in members.items()] + tables)
    validation = build(SETTINGS["validation"], "validation")
    result = validate(predictions, labels, regimes, market.universe, archive, validation, 7)
    return metrics(result)


def test_shuffled_labels_show_no_skill():
    scores = _skill(0.4, shuffle=True)
    for name in (*MODELS, "ensemble"):
        assert scores[name]["skill_prior"] < 0.005, name
        assert scores[name]["skill_prior_low"] < 0, name


def test_a_planted_signal_is_learned_and_its_absence_shows():
    planted, absent = _skill(0.4), _skill(0.0)
    for name in (*MODELS, "ensemble"):
        assert planted[name]["skill_regime_prior_low"] > 0, name
        assert planted[name]["auc"] > absent[name]["auc"] + 0.03, name


def test_without_volatility_features_a_market_without_signal_shows_no_skill():
    scores = _skill(0.0, names=["rsi_14", "ret_5", "ret_21"])
    for name in MODELS:
        assert scores[name]["skill_regime_prior_low"] < 0.002, name
