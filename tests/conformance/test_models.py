"""What every model does, those of conf/model/ and a user's own alike."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from barograph.config import CONF, build, compose
from barograph.errors import InputError
from barograph.models import FittedModel, fit_classifier, load, save

MODELS = sorted(path.stem for path in (CONF / "model").glob("*.yaml"))
FEATURES = [f"f{i}" for i in range(8)]


class UserModel:
    """A class that a user might name as `_target_`."""

    def fit(self, X, y, sample_weight=None, *, seed=0) -> FittedModel:
        def grow(values, classes, weights):
            tree = DecisionTreeClassifier(min_samples_leaf=40, random_state=seed)
            return tree.fit(values, classes, sample_weight=weights)

        return fit_classifier(grow, X, y, sample_weight)


@pytest.fixture(params=[*MODELS, "user"])
def model(request):
    if request.param == "user":
        return build({"_target_": f"{__name__}.UserModel"}, "models.user")
    return build(compose([f"model={request.param}"], config_name="train")["model"], "model")


def make_data(n: int = 1500, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Three classes, of which the first feature tells most."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, len(FEATURES))).astype(np.float32), columns=FEATURES)
    score = X["f0"].to_numpy() + 0.5 * rng.normal(size=n)
    return X, np.digitize(score, [-0.5, 0.5])


def test_probabilities_in_class_order(model):
    X, y = make_data()
    p = model.fit(X, y).predict_proba(X)
    assert p.shape == (len(X), 3)
    assert p.sum(axis=1) == pytest.approx(1.0)
    low, high = X["f0"] < -1.5, X["f0"] > 1.5
    assert (p[low].argmax(axis=1) == 0).mean() > 0.8
    assert (p[high].argmax(axis=1) == 2).mean() > 0.8


def test_a_weight_of_three_pulls_as_three_copies_do(model):
    X, y = make_data()
    heavy = y == 2
    weighted = model.fit(X, y, np.where(heavy, 3.0, 1.0)).predict_proba(X)[:, 2].mean()
    copies = pd.concat([X, X[heavy], X[heavy]], ignore_index=True)
    copied = model.fit(copies, np.concatenate([y, y[heavy], y[heavy]])).predict_proba(X)[:, 2].mean()
    plain = model.fit(X, y).predict_proba(X)[:, 2].mean()
    assert copied - plain > 0.02
    assert weighted - plain == pytest.approx(copied - plain, rel=0.35)


def test_weight_zero_is_absence(model):
    X, y = make_data()
    kept = np.arange(len(X)) % 3 > 0
    absent = model.fit(X[kept].reset_index(drop=True), y[kept], seed=3).predict_proba(X)
    weightless = model.fit(X, y, kept.astype(float), seed=3).predict_proba(X)
    assert np.array_equal(absent, weightless)


def test_only_the_ratio_of_weights_matters(model):
    X, y = make_data()
    weight = np.random.default_rng(1).uniform(0.5, 2.0, len(X))
    first, second = (model.fit(X, y, weight * scale, seed=3).predict_proba(X) for scale in (1.0, 1024.0))
    assert first == pytest.approx(second, abs=1e-9)


def test_missing_values_are_handled(model):
    X, y = make_data()
    X = X.mask(np.random.default_rng(2).random(X.shape) < 0.2).assign(f7=np.float32(np.nan))
    fitted = model.fit(X, y)
    assert np.isfinite(fitted.predict_proba(X)).all()
    assert np.isfinite(fitted.predict_proba(X.head(3) * np.nan)).all()


def test_a_class_that_the_fold_has_not_seen_has_probability_zero(model):
    X, y = make_data()
    p = model.fit(X[y != 1].reset_index(drop=True), y[y != 1]).predict_proba(X)
    assert (p[:, 1] == 0).all()
    assert p.sum(axis=1) == pytest.approx(1.0)


def test_a_constant_feature_does_no_harm(model):
    X, y = make_data()
    p = model.fit(X.assign(f6=np.float32(4.0)), y).predict_proba(X.assign(f6=np.float32(4.0)))
    assert np.isfinite(p).all()


def test_one_row_is_predicted_as_in_a_batch_and_no_row_gives_none(model):
    X, y = make_data()
    fitted = model.fit(X, y)
    assert fitted.predict_proba(X.iloc[[7]]) == pytest.approx(fitted.predict_proba(X)[[7]], abs=1e-12)
    assert fitted.predict_proba(X.iloc[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (FEATURES[:-1], "missing.*f7"),
        ([*FEATURES, "f8"], "unknown.*f8"),
        (FEATURES[::-1], "another order"),
    ],
)
def test_other_features_are_refused(model, columns, message):
    X, y = make_data()
    with pytest.raises(InputError, match=message):
        model.fit(X, y).predict_proba(X.assign(f8=0.0)[columns])


def test_infinite_values_are_refused_at_fit_and_predict(model):
    X, y = make_data()
    bad = X.copy()
    bad.loc[5, "f3"] = np.inf
    with pytest.raises(InputError, match="f3: row 5 is infinite"):
        model.fit(bad, y)
    with pytest.raises(InputError, match="f3: row 5 is infinite"):
        model.fit(X, y).predict_proba(bad)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y, w: (y + 1, w), "labels"),
        (lambda y, w: (y, w - 2), "not negative"),
        (lambda y, w: (y * 0, w), "at least two"),
        (lambda y, w: (y[:-1], w), "rows"),
    ],
)
def test_bad_labels_and_weights_are_refused(model, change, message):
    X, y = make_data()
    labels, weights = change(y, np.ones(len(y)))
    with pytest.raises(InputError, match=message):
        model.fit(X, labels, weights)


def test_saved_and_loaded_predicts_the_same_to_the_bit(model, tmp_path):
    X, y = make_data()
    fitted = model.fit(X, y, seed=11)
    save(fitted, tmp_path, {"rows": len(X)})
    assert np.array_equal(load(tmp_path).predict_proba(X), fitted.predict_proba(X))


_IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
import numpy as np
from barograph.config import build, compose
from barograph.models import load, save
from tests.conformance.test_models import make_data
name, folder, given = sys.argv[1:]
X, y = make_data()
weight = np.random.default_rng(4).uniform(0.5, 2.0, len(X))
fitted = build(compose([f"model={name}"], config_name="train")["model"], "model").fit(X, y, weight, seed=5)
save(fitted, Path(folder), {})
assert np.array_equal(load(Path(given)).predict_proba(X), fitted.predict_proba(X)) if given else True
"""


@pytest.mark.parametrize("name", MODELS)
def test_two_processes_write_the_same_bytes_and_predict_the_same(name, tmp_path):
    digests = []
    for folder, given in (("a", ""), ("b", tmp_path / "a")):
        command = [sys.executable, "-c", _IN_ANOTHER_PROCESS, name, str(tmp_path / folder), str(given)]
        subprocess.run(command, check=True, cwd=Path(__file__).parents[2], capture_output=True)
        files = sorted((tmp_path / folder).iterdir())
        digests.append([(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files])
    assert digests[0] == digests[1]


def test_a_model_that_ignores_weights_fails_the_suite(tmp_path):
    class Deaf(UserModel):
        def fit(self, X, y, sample_weight=None, *, seed=0):
            return super().fit(X, y, None if sample_weight is None else np.ones(len(y)), seed=seed)

    with pytest.raises(AssertionError):
        test_weight_zero_is_absence(Deaf())
    with pytest.raises(AssertionError):
        test_a_weight_of_three_pulls_as_three_copies_do(Deaf())
