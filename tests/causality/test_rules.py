"""The rules that make the numbers worth reading: break one on purpose, and a test here goes red."""

import numpy as np
import pandas as pd
import pytest

from barograph.archive import archive_tables
from barograph.config import build
from barograph.ensemble import SoftVote, baseline_predictions
from barograph.errors import InputError
from barograph.executors import ResultCache
from barograph.features import compute, feature
from barograph.folds import WalkForward
from barograph.labels import label_bars
from barograph.labels.schema import LABELS
from barograph.market import estimate_vix
from barograph.memory import draw_samples
from barograph.models import TrainingSet
from barograph.regimes import VixPriceRegimes
from barograph.testing import simulate
from barograph.training import walk
from tests.settings import compose

CUT = pd.Timestamp("2009-06-30")
TREES = ("random_forest", "extra_trees", "gradient_boosting", "xgboost", "lightgbm")
FEW = ["memory.rows=800", "models.svm.params.n_components=50", "models.neural_network.params.epochs=2"]
SETTINGS = compose(["memory=hybrid", *FEW, *(f"models.{name}.params.n_estimators=10" for name in TREES)])
MARKET = simulate(seed=1, symbols=4, first_year=2003, years=8, signal=0.2)


def _regimes(context: pd.DataFrame) -> pd.DataFrame:
    known = context[context["vix"].notna()].reset_index(drop=True)
    described = VixPriceRegimes().describe(known["index_close"].to_numpy(), known["vix"].to_numpy())
    return pd.concat([known[["date"]], described], axis=1)


def _after(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Give the frame with every price after the cut multiplied by noise, consistently within a row."""
    late = frame["date"] > CUT
    noise = np.exp(rng.normal(0, 0.3, late.sum()))
    changed = frame.copy()
    for column in frame.columns.intersection(["open", "high", "low", "close", "index_close", "vix"]):
        changed.loc[late, column] *= noise
    return changed


def _prepare(bars: pd.DataFrame, context: pd.DataFrame) -> tuple[pd.DataFrame, ...]:
    """Give what every model is given: features, labels, regimes, folds, samples."""
    regimes = _regimes(context)
    features = compute(bars, context, MARKET.universe, regimes=regimes)
    labels = label_bars(bars, build(SETTINGS["label"], "label"))
    events, archive = archive_tables(labels, regimes, bars, build(SETTINGS["archive"], "archive"), VixPriceRegimes())
    memory = build(SETTINGS["memory"], "memory")
    laid_out = WalkForward().over(labels, regimes)
    folds, drawn = draw_samples(labels, regimes, events, archive, memory=memory, folds=laid_out, seed=7)
    return features, labels, regimes, folds, pd.concat(drawn, ignore_index=True)


@pytest.fixture(scope="module")
def whole():
    return _prepare(MARKET.bars, MARKET.context)


@pytest.fixture(scope="module")
def corrupted():
    """Give the tables of a market that is noise after the cut."""
    rng = np.random.default_rng(0)
    return _prepare(_after(MARKET.bars, rng), _after(MARKET.context, rng))


def _predictions(given: tuple[pd.DataFrame, ...], model: str) -> pd.DataFrame:
    features, labels, regimes, folds, samples = given
    data = TrainingSet(features, labels)
    steps = walk(build(SETTINGS["models"][model], model), data, samples, folds, name=model, seed=7)
    own = pd.concat([step.predictions for step in steps], ignore_index=True)
    vote = SoftVote(weights={}).walk({model: own}, labels, folds).predictions
    baselines = baseline_predictions(own, labels, regimes, folds)
    everything = pd.concat([own.assign(predictor=model), vote, baselines], ignore_index=True)
    return everything.sort_values(["predictor", "symbol", "date"], ignore_index=True)


@pytest.mark.parametrize("model", sorted(SETTINGS["models"]))
def test_no_prediction_up_to_the_cut_knows_what_comes_after(whole, corrupted, model):
    tables = [_predictions(given, model) for given in (whole, corrupted)]
    early = [table[table["date"] <= CUT].reset_index(drop=True) for table in tables]
    assert len(early[0]) > 1000
    pd.testing.assert_frame_equal(*early, check_exact=True)
    late = [table.loc[table["date"] > CUT, "p_buy"].to_numpy() for table in tables]
    assert not np.array_equal(*late), "the corruption must have reached the later predictions"


def test_more_history_changes_no_earlier_prediction(whole):
    shorter = [frame[frame["date"] <= CUT].reset_index(drop=True) for frame in (MARKET.bars, MARKET.context)]
    short = _predictions(_prepare(*shorter), "lightgbm")
    predicted = _predictions(whole, "lightgbm")
    early = predicted[predicted["date"] <= CUT].reset_index(drop=True)
    assert short["date"].max() == CUT
    pd.testing.assert_frame_equal(short, early, check_exact=True)


@pytest.mark.parametrize("cut", [300, 900, 1500])
def test_no_regime_looks_ahead(cut):
    regimes = _regimes(MARKET.context)
    rng = np.random.default_rng(cut)
    changed = MARKET.context.copy()
    noise = np.exp(rng.normal(0, 0.5, len(changed) - cut))
    changed.loc[cut:, "index_close"] *= noise
    changed.loc[cut:, "vix"] *= noise
    pd.testing.assert_frame_equal(_regimes(changed)[:cut], regimes[:cut], check_exact=True)
    pd.testing.assert_frame_equal(_regimes(MARKET.context[:cut]), regimes[:cut], check_exact=True)


@pytest.mark.parametrize("cut", [10, 500, 1500])
def test_the_vix_estimate_does_not_look_ahead(cut):
    close = MARKET.context["index_close"].to_numpy()
    changed = close.copy()
    changed[cut:] *= np.exp(np.random.default_rng(0).normal(0, 0.5, close.size - cut))
    assert np.array_equal(estimate_vix(changed)[:cut], estimate_vix(close)[:cut], equal_nan=True)
    assert np.array_equal(estimate_vix(close[:cut]), estimate_vix(close)[:cut], equal_nan=True)


def test_a_label_looks_ahead_to_its_exit_and_no_further():
    barriers = build(SETTINGS["label"], "label")
    before = label_bars(MARKET.bars, barriers)
    after = label_bars(_after(MARKET.bars, np.random.default_rng(0)), barriers)
    both = before.merge(after, on=["symbol", "date"], suffixes=("", "_corrupted"))
    known = both[both["exit_date"] <= CUT]
    for column in ("label", "exit_date", "exit_return", "uniqueness"):
        assert (known[column] == known[f"{column}_corrupted"]).all(), column


@pytest.mark.parametrize("column", [name for name in LABELS.columns if name not in {"symbol", "date"}])
def test_no_feature_can_name_a_column_of_the_labels(column):
    from barograph.features import registration

    name = f"stolen_{column}"
    try:
        feature(name, family="stolen", inputs=("close", column), lookback=0)(lambda close, stolen: close + stolen)
        with pytest.raises(InputError, match=column):
            compute(MARKET.bars, MARKET.context, MARKET.universe, names=[name])
    finally:
        registration._REGISTERED.pop(name, None)


def test_five_more_days_refit_the_last_fold_and_the_model_in_service_alone(whole, tmp_path):
    until = np.unique(MARKET.bars["date"])[-6]
    shorter = _prepare(*(frame[frame["date"] <= until] for frame in (MARKET.bars, MARKET.context)))
    fits, cache = [], ResultCache(tmp_path, 1 << 30, "this code")
    for features, labels, _, folds, samples in (shorter, whole):
        data, model = TrainingSet(features, labels), build(SETTINGS["models"]["lightgbm"], "lightgbm")
        steps = list(walk(model, data, samples, folds, name="lightgbm", seed=7, cache=cache))
        fits.append(len([path for path in tmp_path.rglob("*") if path.is_file()]))
    assert fits == [len(steps), len(steps) + 2]
