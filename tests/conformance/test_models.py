"""What every model does, those of conf/model/ and a user's own alike."""

import hashlib
import os
import subprocess
import sys
import warnings
from functools import cache
from inspect import signature
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from barograph.config import CONF, build
from barograph.errors import InputError
from barograph.models import FittedModel, fit_classifier, load, save
from barograph.models.contract.spaces import searched, settled
from barograph.processor import pinned
from tests.settings import compose

MODELS = sorted(path.stem for path in (CONF / "model").glob("*.yaml"))
EVERY = [*MODELS, "user"]
FEATURES = [f"f{i}" for i in range(8)]


class UserModel:
    """A class that a user might name as `_target_`."""

    def fit(self, X, y, sample_weight=None, *, seed=0) -> FittedModel:
        def grow(values, classes, weights):
            tree = DecisionTreeClassifier(min_samples_leaf=40, random_state=seed)
            return tree.fit(values, classes, sample_weight=weights)

        return fit_classifier(grow, X, y, sample_weight)


def build_model(name: str, *overrides: str):
    if name == "user":
        return build({"_target_": f"{__name__}.UserModel"}, "models.user")
    return build(compose([f"model={name}", *overrides], config_name="train")["model"], "model")


def make_data(n: int = 1500, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Three classes, of which the first feature tells most; a row's index tells its place in time."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, len(FEATURES))).astype(np.float32), columns=FEATURES)
    score = X["f0"].to_numpy() + 0.5 * rng.normal(size=n)
    return X, np.digitize(score, [-0.5, 0.5])


def fit(model, X, y, weight=None, *, seed=0) -> FittedModel:
    """Fit, with two rows a day, each of which is known a week later, where the model asks for it."""
    if "lives" not in signature(model.fit).parameters:
        return model.fit(X, y, weight, seed=seed)
    date = pd.Timestamp("2010-01-04") + pd.to_timedelta(X.index // 2, unit="D")
    lives = pd.DataFrame({"date": date, "exit_date": date + pd.Timedelta(days=7)})
    return model.fit(X, y, weight, seed=seed, lives=lives)


@cache
def plain_fit(name: str) -> FittedModel:
    return fit(build_model(name), *make_data())


@pytest.fixture(params=EVERY)
def name(request):
    return request.param


@pytest.fixture
def model(name):
    return build_model(name)


@pytest.fixture
def fitted(name):
    """Give the model fitted on the data as they are; shared, and so not to be changed."""
    return plain_fit(name)


def test_probabilities_in_class_order(fitted):
    X, _ = make_data()
    p = fitted.predict_proba(X)
    assert p.shape == (len(X), 3)
    assert p.sum(axis=1) == pytest.approx(1.0)
    low, high = X["f0"] < -1.5, X["f0"] > 1.5
    assert (p[low].argmax(axis=1) == 0).mean() > 0.8
    assert (p[high].argmax(axis=1) == 2).mean() > 0.8


def test_no_two_models_are_the_same():
    X, _ = make_data()
    predictions = {name: plain_fit(name).predict_proba(X) for name in EVERY}
    for first, second in combinations(EVERY, 2):
        difference = np.abs(predictions[first] - predictions[second]).mean()
        assert difference > 1e-3, f"{first} predicts what {second} does"


def test_a_weight_of_three_pulls_as_three_copies_do(model, fitted):
    X, y = make_data()
    heavy = y == 2
    weighted = fit(model, X, y, np.where(heavy, 3.0, 1.0)).predict_proba(X)[:, 2].mean()
    copies = pd.concat([X, X[heavy], X[heavy]])
    copied = fit(model, copies, np.concatenate([y, y[heavy], y[heavy]])).predict_proba(X)[:, 2].mean()
    plain = fitted.predict_proba(X)[:, 2].mean()
    assert copied - plain > 0.02
    assert weighted - plain == pytest.approx(copied - plain, rel=0.35)


def test_weight_zero_is_absence(model):
    X, y = make_data()
    kept = np.arange(len(X)) % 3 > 0
    absent = fit(model, X[kept], y[kept], seed=3).predict_proba(X)
    weightless = fit(model, X, y, kept.astype(float), seed=3).predict_proba(X)
    assert np.array_equal(absent, weightless)


def test_only_the_ratio_of_weights_matters(model):
    X, y = make_data()
    weight = np.random.default_rng(1).uniform(0.5, 2.0, len(X))
    first, second = (fit(model, X, y, weight * scale, seed=3).predict_proba(X) for scale in (1.0, 1024.0))
    assert first == pytest.approx(second, abs=1e-9)


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"logistic_regression"}))
def test_the_seed_draws(name):
    X, y = make_data()
    first, again, other = (fit(build_model(name), X, y, seed=seed).predict_proba(X) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_missing_values_are_handled(model):
    X, y = make_data()
    X = X.mask(np.random.default_rng(2).random(X.shape) < 0.2).assign(f7=np.float32(np.nan))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = fit(model, X, y)
        p = fitted.predict_proba(X)
        assert np.isfinite(p).all()
        assert np.isfinite(fitted.predict_proba(X.head(3) * np.nan)).all()
    gap = X.head(50).assign(f0=np.float32(np.nan))
    beside_others = pd.concat([gap, X.tail(500) + np.float32(5)])
    assert fitted.predict_proba(beside_others)[:50] == pytest.approx(fitted.predict_proba(gap), abs=1e-6)


def test_a_class_that_the_fold_has_not_seen_has_probability_zero(model):
    X, y = make_data()
    p = fit(model, X[y != 1], y[y != 1]).predict_proba(X)
    assert (p[:, 1] == 0).all()
    assert p.sum(axis=1) == pytest.approx(1.0)


def test_a_constant_feature_does_no_harm(model):
    X, y = make_data()
    p = fit(model, X.assign(f6=np.float32(4.0)), y).predict_proba(X.assign(f6=np.float32(4.0)))
    assert np.isfinite(p).all()
    low, high = X["f0"] < -1.5, X["f0"] > 1.5
    assert (p[low].argmax(axis=1) == 0).mean() > 0.8
    assert (p[high].argmax(axis=1) == 2).mean() > 0.8


def test_one_row_is_predicted_as_in_a_batch_and_no_row_gives_none(fitted):
    X, _ = make_data()
    assert fitted.predict_proba(X.iloc[[7]]) == pytest.approx(fitted.predict_proba(X)[[7]], abs=1e-12)
    assert fitted.predict_proba(X.iloc[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    ("columns", "message"),
    [(FEATURES[:-1], "missing.*f7"), ([*FEATURES, "f8"], "unknown.*f8"), (FEATURES[::-1], "another order")],
)
def test_other_features_are_refused(fitted, columns, message):
    X, _ = make_data()
    with pytest.raises(InputError, match=message):
        fitted.predict_proba(X.assign(f8=0.0)[columns])


def test_infinite_values_are_refused_at_fit_and_predict(model, fitted):
    X, y = make_data()
    bad = X.copy()
    bad.loc[5, "f3"] = np.inf
    with pytest.raises(InputError, match="f3: row 5 is infinite"):
        fit(model, bad, y)
    with pytest.raises(InputError, match="f3: row 5 is infinite"):
        fitted.predict_proba(bad)


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
        fit(model, X, labels, weights)


def test_saved_and_loaded_predicts_the_same_to_the_bit(fitted, tmp_path):
    X, _ = make_data()
    save(fitted, tmp_path, "mine", {"rows": len(X)})
    assert np.array_equal(load(tmp_path, "mine").predict_proba(X), fitted.predict_proba(X))


@pytest.mark.parametrize("name", MODELS)
def test_search_spaces_start_where_the_fit_without_tuning_stands(name):
    model = build_model(name)
    assert 1 <= len(model.sweep) <= 3
    assert searched(model) == model.sweep, "a searched parameter is fixed in params"
    start = {key: space["start"] for key, space in model.sweep.items()}
    assert settled(model) == start | model.params
    X, y = make_data()
    assert np.array_equal(plain_fit(name).predict_proba(X), fit(_fixed(model, start), X, y).predict_proba(X))


@pytest.mark.parametrize("name", MODELS)
def test_every_searched_parameter_matters(name):
    X, y = make_data()
    noise = np.random.default_rng(6).normal(size=(len(X), 22)).astype(np.float32)
    X = X.assign(**{f"noise{i}": column for i, column in enumerate(noise.T)})
    model = build_model(name)
    for key, space in model.sweep.items():
        ends = space["choices"] if "choices" in space else (space["low"], space["high"])
        first, last = (fit(_fixed(model, {key: end}), X, y).predict_proba(X) for end in (ends[0], ends[-1]))
        assert not np.allclose(first, last, atol=1e-4), key


def _fixed(model, values):
    return type(model)(params=dict(model.params) | values, sweep=model.sweep)


_IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
import barograph
import numpy as np
from barograph.models import load, save
from tests.conformance.test_models import EVERY, build_model, fit, make_data
folder, given = map(Path, sys.argv[1:])
X, y = make_data()
weight = np.random.default_rng(4).uniform(0.5, 2.0, len(X))
for name in EVERY:
    fitted = fit(build_model(name), X, y, weight, seed=5)
    save(fitted, folder / name, name, {})
    np.save(folder / f"{name}.npy", fitted.predict_proba(X))
    if given != folder:
        np.save(folder / f"{name}.loaded.npy", load(given / name, name).predict_proba(X))
"""


HALF_THE_THREADS = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "7"}
WITHOUT_AVX512 = {
    "OPENBLAS_CORETYPE": "Haswell",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}


def _unpinned() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in pinned()}


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """Two folders of all models; the second process loaded the first's as well.

    It also had half the threads, and no kernels for AVX-512, by variables that are not left to the pin.
    """
    folders = tmp_path_factory.mktemp("a"), tmp_path_factory.mktemp("b")
    for folder, environment in zip(folders, ({}, WITHOUT_AVX512 | HALF_THE_THREADS), strict=True):
        command = [sys.executable, "-c", _IN_ANOTHER_PROCESS, str(folder), str(folders[0])]
        root = Path(__file__).parents[2]
        subprocess.run(command, check=True, cwd=root, env=_unpinned() | environment, capture_output=True)
    return folders


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_two_processes_write_the_same_bytes_and_predict_the_same(name, processes):
    first, second = processes
    assert len(digests(first / name)) >= 2
    assert digests(first / name) == digests(second / name)
    predictions = np.load(first / f"{name}.npy")
    assert np.array_equal(predictions, np.load(second / f"{name}.npy"))
    assert np.array_equal(predictions, np.load(second / f"{name}.loaded.npy"))


_COEFFICIENTS = """
import sys
import barograph
from tests.conformance.test_models import build_model, fit, make_data
X, y = make_data(8000)
fitted = fit(build_model("logistic_regression"), X, y)
sys.stdout.buffer.write(fitted.predict_proba(X).tobytes())
"""


def _predicted_by_another_process(**environment: str) -> bytes:
    command, root = [sys.executable, "-c", _COEFFICIENTS], Path(__file__).parents[2]
    return subprocess.run(command, check=True, cwd=root, env=_unpinned() | environment, capture_output=True).stdout


def test_kernels_for_avx512_would_give_another_logistic_regression():
    """Otherwise the equal bytes of two processes say nothing about the pin."""
    facts = Path("/proc/cpuinfo")
    if not facts.is_file() or " avx512f " not in facts.read_text():
        pytest.skip("this processor has no AVX-512, so equal bytes show nothing about the pin of kernels here")
    assert _predicted_by_another_process() == _predicted_by_another_process(**WITHOUT_AVX512)
    assert _predicted_by_another_process() != _predicted_by_another_process(OPENBLAS_CORETYPE="SkylakeX")


class Deaf:
    """A model that is not told the weights."""

    def __init__(self, model) -> None:
        self.model = model

    def fit(self, X, y, sample_weight=None, *, seed=0):
        return fit(self.model, X, y, None if sample_weight is None else np.ones(len(y)), seed=seed)


def test_a_model_that_ignores_weights_fails_the_suite(name):
    deaf = Deaf(build_model(name))
    with pytest.raises(AssertionError):
        test_weight_zero_is_absence(deaf)
    with pytest.raises(AssertionError):
        test_a_weight_of_three_pulls_as_three_copies_do(deaf, plain_fit(name))


def test_a_model_that_keeps_weights_from_its_estimator_fails_the_suite(name, monkeypatch):
    with_weights = fit_classifier

    def fit_without_weights(grow, *given, **named):
        def grow_alike(values, classes, weights, *lives):
            return grow(values, classes, np.ones_like(weights), *lives)

        return with_weights(grow_alike, *given, **named)

    model = build_model(name)
    monkeypatch.setattr(sys.modules[type(model).fit.__module__], "fit_classifier", fit_without_weights)
    with pytest.raises(AssertionError):
        test_a_weight_of_three_pulls_as_three_copies_do(model, plain_fit(name))
