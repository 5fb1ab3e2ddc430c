"""Walking forward: what a fold is shown, and models that do not keep their promise."""

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from barograph.errors import InputError
from barograph.models import RandomForest, kept_features, training_rows, walk

DATES = pd.bdate_range("2010-01-01", periods=40).astype("datetime64[us]")
FEATURES = pd.DataFrame({"symbol": "A", "date": DATES, "f": np.arange(40, dtype=np.float32)})
LABELS = pd.DataFrame(
    {"symbol": "A", "date": DATES, "label": np.arange(40, dtype=np.int8) % 3, "exit_date": DATES + pd.Timedelta(days=3)}
)
SAMPLES = pd.DataFrame(
    {"fold": 0, "symbol": "A", "date": DATES[[3, 1, 3]], "copy": [0, 0, 1], "weight": [1.0, 2.0, 3.0]}
)
FOLDS = pd.DataFrame({"fold": [0], "test_start": DATES[[30]], "test_end": DATES[[39]]})


def test_training_rows_follow_the_samples():
    rows = training_rows(FEATURES, LABELS, SAMPLES, 0)
    assert rows.X["f"].tolist() == [3.0, 1.0, 3.0]
    assert rows.y.tolist() == [0, 1, 0]
    assert rows.weight.tolist() == [1.0, 2.0, 3.0]
    assert rows.lives["date"].tolist() == DATES[[3, 1, 3]].tolist()
    assert rows.lives["exit_date"].tolist() == (DATES[[3, 1, 3]] + pd.Timedelta(days=3)).tolist()


def test_a_sample_without_features_is_named():
    with pytest.raises(InputError, match=r"samples\.parquet: \('A', .*2010-01-06.* has no features or no label"):
        training_rows(FEATURES.drop(index=3), LABELS, SAMPLES, 0)


def test_a_model_that_gives_a_plain_estimator_is_refused_at_once():
    class Plain:
        def fit(self, X, y, sample_weight=None, *, seed=0):
            assert seed >= 0
            return GaussianNB().fit(X, y, sample_weight)

    with pytest.raises(InputError, match=r"models\.plain: fit gave a GaussianNB; .*fit_classifier"):
        next(walk(Plain(), FEATURES, LABELS, SAMPLES, FOLDS, name="plain", seed=0))


class Remembering:
    """Keeps what it was given, and fits a tree."""

    def __init__(self):
        self.lives = None

    def fit(self, X, y, sample_weight=None, *, seed=0, lives=None):
        self.lives = lives
        return RandomForest(params={"n_estimators": 1}).fit(X, y, sample_weight, seed=seed)


def test_a_model_that_asks_for_lives_is_told_them():
    model = Remembering()
    next(walk(model, FEATURES, LABELS, SAMPLES, FOLDS, name="mine", seed=0))
    assert model.lives["exit_date"].tolist() == (DATES[[3, 1, 3]] + pd.Timedelta(days=3)).tolist()


def test_the_last_step_is_the_model_that_goes_into_service():
    folds = pd.DataFrame({"fold": [0, 1], "test_start": DATES[[30, 39]], "test_end": [DATES[38], pd.NaT]})
    samples = pd.concat([SAMPLES, SAMPLES.assign(fold=1)])
    first, last = walk(RandomForest(params={"n_estimators": 1}), FEATURES, LABELS, samples, folds, name="x", seed=0)
    assert first.predictions["date"].tolist() == DATES[30:39].tolist()
    assert last.fold == 1
    assert last.predictions.empty
    assert last.fitted.predict_proba(FEATURES[["f"]]).shape == (40, 3)


def _selection(*kept: str) -> pd.DataFrame:
    rows = [(fold, name, name in own) for fold, own in enumerate(kept) for name in "fgh"]
    return pd.DataFrame(rows, columns=["fold", "feature", "kept"])


def test_each_fold_fits_and_predicts_with_what_it_keeps():
    features = FEATURES.assign(g=FEATURES["f"][::-1].to_numpy(), h=np.float32(1.0))
    folds = pd.DataFrame({"fold": [0, 1], "test_start": DATES[[30, 39]], "test_end": [DATES[38], pd.NaT]})
    samples = pd.concat([SAMPLES, SAMPLES.assign(fold=1)])
    model = RandomForest(params={"n_estimators": 5})
    given = {"name": "x", "seed": 0}
    steps = list(walk(model, features, LABELS, samples, folds, selection=_selection("hf", "g"), **given))
    assert [step.fitted.features for step in steps] == [("f", "h"), ("g",)], "in the order of the table"
    assert [step.rows.X.columns.tolist() for step in steps] == [["f", "h"], ["g"]]
    without = next(walk(model, features.drop(columns="g"), LABELS, samples, folds, **given))
    assert steps[0].predictions.equals(without.predictions)
    everything = next(walk(model, features, LABELS, samples, folds, **given))
    assert everything.fitted.features == ("f", "g", "h")


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
        next(walk(RandomForest(params={"n_estimators": 1}), FEATURES, LABELS, SAMPLES, folds, name="x", seed=0))
