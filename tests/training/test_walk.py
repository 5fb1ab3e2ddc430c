"""Walking forward: what a fold is shown, and models that do not keep their promise."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from barograph.errors import InputError
from barograph.memory import ErrorReplay, Replay
from barograph.models import RandomForest, TrainingSet, load, save
from barograph.selection import kept_features
from barograph.training import walk

DATES = pd.bdate_range("2010-01-01", periods=40).astype("datetime64[us]")
FEATURES = pd.DataFrame({"symbol": "A", "date": DATES, "f": np.arange(40, dtype=np.float32)})
LABELS = pd.DataFrame(
    {"symbol": "A", "date": DATES, "label": np.arange(40, dtype=np.int8) % 3, "exit_date": DATES + pd.Timedelta(days=3)}
)
SAMPLES = pd.DataFrame(
    {"fold": 0, "symbol": "A", "date": DATES[[3, 1, 3]], "copy": [0, 0, 1], "weight": [1.0, 2.0, 3.0]}
)
FOLDS = pd.DataFrame({"fold": [0], "test_start": DATES[[30]], "test_end": DATES[[39]]})
DATA = TrainingSet(FEATURES, LABELS)
FOREST = RandomForest(params={"n_estimators": 3})


def test_training_rows_follow_the_samples():
    positions = DATA.positions(SAMPLES, table="data/samples.parquet", case="fold 0")
    rows = DATA.arrays.labelled(positions, ["f"], SAMPLES["weight"].to_numpy())
    assert rows.X["f"].tolist() == [3.0, 1.0, 3.0]
    assert rows.y.tolist() == [0, 1, 0]
    assert rows.weight.tolist() == [1.0, 2.0, 3.0]
    assert rows.lives["date"].tolist() == DATES[[3, 1, 3]].tolist()
    assert rows.lives["exit_date"].tolist() == (DATES[[3, 1, 3]] + pd.Timedelta(days=3)).tolist()


def test_a_sample_without_features_is_named():
    with pytest.raises(InputError, match=r"^data/samples\.parquet: \('A', .*2010-01-06.*\) of fold 0 has no"):
        next(walk(FOREST, TrainingSet(FEATURES.drop(index=3), LABELS), SAMPLES, FOLDS, name="x", seed=0))


def test_a_model_that_gives_a_plain_estimator_is_refused_at_once():
    class Plain:
        def fit(self, X, y, sample_weight=None, *, seed=0):
            assert seed >= 0
            return GaussianNB().fit(X, y, sample_weight)

    with pytest.raises(InputError, match=r"models\.plain: fit gave a GaussianNB; .*fit_classifier"):
        next(walk(Plain(), DATA, SAMPLES, FOLDS, name="plain", seed=0))


class Remembering:
    """Keeps what it was given, and fits a tree."""

    def __init__(self):
        self.lives = None

    def fit(self, X, y, sample_weight=None, *, seed=0, lives=None):
        self.lives = lives
        return RandomForest(params={"n_estimators": 1}).fit(X, y, sample_weight, seed=seed)


def test_a_model_that_asks_for_lives_is_told_them():
    model = Remembering()
    next(walk(model, DATA, SAMPLES, FOLDS, name="mine", seed=0))
    assert model.lives["exit_date"].tolist() == (DATES[[3, 1, 3]] + pd.Timedelta(days=3)).tolist()


def test_the_last_step_is_the_model_that_goes_into_service(tmp_path):
    folds = pd.DataFrame({"fold": [0, 1], "test_start": DATES[[30, 39]], "test_end": [DATES[38], pd.NaT]})
    samples = pd.concat([SAMPLES, SAMPLES.assign(fold=1)])
    model = RandomForest(params={"n_estimators": 1})
    first, last = walk(model, DATA, samples, folds, name="x", seed=0, in_full=True)
    assert first.model is None
    assert first.predictions["date"].tolist() == DATES[30:39].tolist()
    assert last.fold == 1
    assert last.predictions.empty
    save(last.model, tmp_path, "x", {})
    assert load(tmp_path, "x").predict_proba(FEATURES[["f"]]).shape == (40, 3)
    assert [step.importance["fold"].tolist() for step in (first, last)] == [[0], [1]]


def _selection(*kept: str) -> pd.DataFrame:
    rows = [(fold, name, name in own) for fold, own in enumerate(kept) for name in "fgh"]
    return pd.DataFrame(rows, columns=["fold", "feature", "kept"])


def test_each_fold_fits_and_predicts_with_what_it_keeps():
    features = FEATURES.assign(g=FEATURES["f"][::-1].to_numpy(), h=np.float32(1.0))
    folds = pd.DataFrame({"fold": [0, 1], "test_start": DATES[[30, 39]], "test_end": [DATES[38], pd.NaT]})
    samples = pd.concat([SAMPLES, SAMPLES.assign(fold=1)])
    model, data = RandomForest(params={"n_estimators": 5}), TrainingSet(features, LABELS)
    given = {"name": "x", "seed": 0}
    steps = list(walk(model, data, samples, folds, selection=_selection("hf", "g"), **given))
    assert [step.case.features for step in steps] == [["f", "h"], ["g"]], "in the order of the table"
    without = next(walk(model, TrainingSet(features.drop(columns="g"), LABELS), samples, folds, **given))
    assert steps[0].predictions.equals(without.predictions)
    everything = next(walk(model, data, samples, folds, **given))
    assert everything.case.features == ["f", "g", "h"]


@pytest.mark.parametrize("selection", [_selection("fgh"), _selection("f", "f").replace("h", "other")])
def test_a_selection_of_other_folds_or_features_is_refused(selection):
    features = FEATURES.assign(g=np.float32(0.0), h=np.float32(1.0))
    with pytest.raises(InputError, match=r"selection\.parquet: fold 1 was selected from .* run the select stage$"):
        kept_features(selection, 1, features.columns[2:])


def test_what_is_kept_comes_in_the_order_of_the_table():
    names = list("qwertyuiopasdf")
    table = pd.DataFrame({"fold": 0, "feature": sorted(names), "kept": [name != "t" for name in sorted(names)]})
    assert kept_features(table, 0, names) == [name for name in names if name != "t"]


def test_a_test_window_without_rows_is_named():
    folds = FOLDS.assign(test_start=pd.Timestamp("2020-01-01"), test_end=pd.Timestamp("2020-12-31"))
    with pytest.raises(InputError, match="fold 0: no features between 2020-01-01 and 2020-12-31"):
        next(walk(FOREST, DATA, SAMPLES, folds, name="x", seed=0))


def _replaying(worst: float) -> tuple[ErrorReplay, pd.DataFrame, pd.DataFrame]:
    replay = Replay(worst=worst, max_share=0.9, weight=3.0, max_age=None)
    regimes = pd.DataFrame({"date": DATES, "regime": "normal"})
    starts, ends = DATES[[10, 20, 30]], [DATES[19], DATES[29], pd.NaT]
    days = {"test_start": starts, "test_end": ends, "train_end": starts - pd.Timedelta(days=1)}
    folds = pd.DataFrame({"fold": [0, 1, 2]} | days)
    samples = pd.concat([SAMPLES.assign(fold=fold, source="window", event=None, regime="normal") for fold in range(3)])
    return ErrorReplay(replay, None, None, LABELS.assign(uniqueness=1.0), regimes), folds, samples


def test_a_fold_is_shown_again_what_the_folds_before_got_wrong_and_had_matured():
    replay, folds, samples = _replaying(worst=1.0)
    model = RandomForest(params={"n_estimators": 3})
    steps = list(walk(model, DATA, samples, folds, name="x", seed=0, replay=replay))
    plain = list(walk(model, DATA, samples, folds, name="x", seed=0))
    assert [len(step.replayed) for step in plain] == [0, 0, 0]
    assert steps[0].replayed.empty
    assert steps[0].predictions.equals(plain[0].predictions)
    for before, step in pairwise(steps):
        past = pd.concat([one.predictions for one in steps[: step.fold]]).merge(LABELS, on=["symbol", "date"])
        known = past[past["exit_date"] <= folds.loc[step.fold, "train_end"]]
        assert sorted(step.replayed["date"]) == sorted(known["date"])
        assert set(step.replayed["date"]) > set(before.replayed["date"])
        assert (step.replayed["fold"] == step.fold).all()
        assert len(step.case.shown) == len(SAMPLES) + len(known) == len(step.shown)
        assert step.case.weight[len(SAMPLES) :].tolist() == [3.0] * len(known)
    assert not steps[1].predictions.equals(plain[1].predictions)


def test_only_the_models_own_worst_are_replayed():
    replay, folds, samples = _replaying(worst=0.2)
    model = RandomForest(params={"n_estimators": 3})
    first, second, _ = walk(model, DATA, samples, folds, name="x", seed=0, replay=replay)
    known = first.predictions.merge(LABELS, on=["symbol", "date"])
    known = known[known["exit_date"] <= folds.loc[1, "train_end"]]
    given = known[["p_sell", "p_hold", "p_buy"]].to_numpy()[np.arange(len(known)), known["label"]]
    assert len(second.replayed) == int(0.2 * len(known)) == 1
    assert second.replayed["date"].iloc[0] == known["date"].iloc[int(given.argmin())]


class Seeds:
    """Notes the seeds, and fits a tree."""

    def __init__(self):
        self.given = []

    def fit(self, X, y, sample_weight=None, *, seed=0):
        self.given.append(seed)
        return RandomForest(params={"n_estimators": 1}).fit(X, y, sample_weight, seed=seed)


def test_every_fold_has_a_seed_of_its_own():
    folds = pd.DataFrame({"fold": [0, 1, 2], "test_start": DATES[[30, 33, 36]], "test_end": DATES[[32, 35, 39]]})
    samples, model = pd.concat([SAMPLES.assign(fold=number) for number in range(3)]), Seeds()
    list(walk(model, DATA, samples, folds, name="x", seed=0))
    list(walk(model, DATA, samples, folds, name="x", seed=1))
    assert len(set(model.given)) == len(model.given) == 6
