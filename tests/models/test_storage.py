"""Stored models: what is refused on the way back."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn import ensemble
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import FunctionTransformer

from barograph.errors import InputError
from barograph.models import SVM, GradientBoosting, LightGBM, NeuralNetwork, RandomForest, XGBoost, load, save
from barograph.models.contract.canonical import canonical_archive
from barograph.models.contract.classifier import FittedModel, fit_classifier
from barograph.models.contract.storage import _check_probabilities


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 3)).astype(np.float32), columns=list("abc"))
    return X, rng.integers(0, 3, 300)


FOREST, LIGHTGBM, XGBOOST = "model.skops", "model.txt", "model.ubj"
MARGINS, LINK = "margins.skops", "link.skops"
NETWORK, WEIGHTS, RANKS = "network.json", "network.weights.h5", "ranks.skops"
FORMATS = {
    (FOREST,): RandomForest(params={"n_estimators": 3}),
    (LIGHTGBM,): LightGBM(params={"n_estimators": 2}),
    (XGBOOST,): XGBoost(params={"n_estimators": 2}),
    (LINK, MARGINS): SVM(params={"n_components": 10}),
    (NETWORK, WEIGHTS, RANKS): NeuralNetwork(params={"hidden_units": 4, "layers": 2, "epochs": 1}),
}
KEPT_IN = {name: names for names in FORMATS for name in names}


@pytest.fixture(scope="module")
def fitted(data):
    return {names: model.fit(*data) for names, model in FORMATS.items()}


@pytest.fixture
def stored(fitted, tmp_path):
    save(fitted[FOREST,], tmp_path, "mine", {"rows": 300})
    return tmp_path


@pytest.fixture(params=KEPT_IN)
def file(request, fitted, tmp_path):
    save(fitted[KEPT_IN[request.param]], tmp_path, "mine", {})
    return tmp_path / request.param


@pytest.fixture
def machine(fitted, tmp_path):
    save(fitted[LINK, MARGINS], tmp_path, "mine", {})
    return tmp_path


@pytest.fixture
def network(fitted, tmp_path):
    save(fitted[NETWORK, WEIGHTS, RANKS], tmp_path, "mine", {})
    return tmp_path


def _edit_card(folder, **changes):
    """Change a card and sign it again, as a forger would."""
    card = json.loads((folder / "model.json").read_text()) | changes
    del card["card"]
    signature = hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()
    (folder / "model.json").write_text(json.dumps(card | {"card": signature}))


def _forge(path, data):
    """Put other bytes into a file and let the card vouch for them."""
    path.write_bytes(data)
    card = json.loads((path.parent / "model.json").read_text())
    card["files"][path.name] = hashlib.sha256(data).hexdigest()
    _edit_card(path.parent, files=card["files"])


def _refusal(folder):
    with pytest.raises(InputError) as refused:
        load(folder, "mine")
    assert len(str(refused.value).splitlines()) == 1
    assert str(folder) in str(refused.value)
    return str(refused.value)


def test_a_changed_file_is_refused(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(InputError, match=rf"{file.name}: sha256 .* the file was changed"):
        load(file.parent, "mine")


@pytest.mark.parametrize("kept", [0, 0.5])
def test_a_truncated_file_is_refused(file, kept):
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(InputError, match=rf"{file.name}: sha256 .* the file was changed"):
        load(file.parent, "mine")


def test_another_version_is_refused(stored):
    _edit_card(stored, versions={"scikit-learn": "0.1"})
    with pytest.raises(InputError, match=r"written by scikit-learn 0\.1"):
        load(stored, "mine")


def test_a_version_that_the_card_keeps_to_itself_is_refused(file):
    _edit_card(file.parent, versions={})
    assert ": written by " in _refusal(file.parent)


def test_a_missing_file_and_a_missing_card_are_named(file, tmp_path_factory):
    file.unlink()
    with pytest.raises(InputError, match=rf"{file.name}: missing"):
        load(file.parent, "mine")
    with pytest.raises(InputError, match=r"model\.json: no model here"):
        load(tmp_path_factory.mktemp("empty"), "mine")


@pytest.mark.parametrize("names", [["../model.skops"], [], ["model.skops", "model.txt"], ["model.pkl"]])
def test_a_card_may_not_name_another_file(stored, names):
    _edit_card(stored, files=dict.fromkeys(names, "0" * 64))
    with pytest.raises(InputError, match="not a model's card"):
        load(stored, "mine")


@pytest.mark.parametrize("text", ["{", "[]", "{}", "\xff"])
def test_a_card_that_is_not_json_is_refused(stored, text):
    (stored / "model.json").write_bytes(text.encode("latin-1"))
    assert "not a model's card" in _refusal(stored)


@pytest.mark.parametrize(
    "changes",
    [{"features": "abc"}, {"features": [1]}, {"classes": [0, 7]}, {"files": ["model.skops"]}, {"versions": None}],
)
def test_a_card_with_something_else_in_a_key_is_refused(stored, changes):
    _edit_card(stored, **changes)
    assert f"not a model's card; {next(iter(changes))}" in _refusal(stored)


def test_types_that_are_not_allowed_are_refused(tmp_path):
    foreign = FittedModel(FunctionTransformer(func=test_a_card_that_is_not_json_is_refused), ("a",), (0, 1))
    with pytest.raises(InputError, match=r"models\.mine/model\.skops: contains types that are not allowed"):
        save(foreign, tmp_path / "new", "mine", {})
    assert not (tmp_path / "new").exists(), "what cannot be read back must not be written"


USERS_OWN = [
    ensemble.AdaBoostClassifier(n_estimators=2),
    ensemble.BaggingClassifier(n_estimators=2),
    CalibratedClassifierCV(GaussianNB(), method="isotonic"),
    CalibratedClassifierCV(GaussianNB(), method="sigmoid"),
    GaussianNB(),
    ensemble.HistGradientBoostingClassifier(max_iter=2),
    MLPClassifier(hidden_layer_sizes=(3,), max_iter=300, tol=1.0),
    MLPClassifier(hidden_layer_sizes=(3,), max_iter=300, tol=1.0, solver="sgd"),
    ensemble.StackingClassifier([("bayes", GaussianNB())], cv=2),
    ensemble.VotingClassifier([("bayes", GaussianNB())], voting="soft"),
]


@pytest.mark.parametrize("estimator", USERS_OWN, ids=lambda estimator: type(estimator).__name__)
def test_common_estimators_of_scikit_learns_are_kept(estimator, data, tmp_path):
    def fit(values, classes, weights):
        return clone(estimator).fit(values, classes, sample_weight=weights)

    X, y = data
    fitted = fit_classifier(fit, X, y)
    save(fitted, tmp_path, "mine", {})
    assert np.array_equal(load(tmp_path, "mine").predict_proba(X), fitted.predict_proba(X))


@pytest.mark.parametrize("changes", [{"classes": [2, 1, 0]}, {"features": ["c", "b", "a"]}, {"rows": 4}])
def test_a_card_that_was_edited_is_refused(stored, changes):
    card = json.loads((stored / "model.json").read_text())
    (stored / "model.json").write_text(json.dumps(card | changes))
    assert "it was changed after it was written" in _refusal(stored)


@pytest.mark.parametrize("changes", [{"classes": [2, 1, 0]}, {"classes": [0, 0, 2]}, {"features": ["a", "a", "b"]}])
def test_a_card_that_makes_no_sense_is_refused(stored, changes):
    _edit_card(stored, **changes)
    assert "must ascend" in _refusal(stored)


def test_another_models_folder_is_refused(stored):
    with pytest.raises(InputError, match=r"model\.json: is the card of 'mine', not of 'other'"):
        load(stored, "other")


def test_a_model_that_has_diverged_is_not_kept(tmp_path):
    class Diverged:
        def predict_proba(self, X):
            return np.full((len(X), 2), np.nan)

    with pytest.raises(InputError, match=r"models\.mine: gives probabilities that are not finite"):
        _check_probabilities(FittedModel(Diverged(), ("a",), (0, 1)), "models.mine")


def test_a_foreign_archive_behind_a_forged_card_is_refused(stored):
    _forge(stored / "model.skops", skops.io.dumps(FunctionTransformer(func=_edit_card)))
    assert "model.skops: contains types that are not allowed" in _refusal(stored)
    assert "_edit_card" in _refusal(stored)


def test_an_archive_of_allowed_types_that_is_no_classifier_is_refused(stored, data):
    _forge(stored / "model.skops", skops.io.dumps(KMeans(2).fit(data[0].to_numpy())))
    assert "model.skops: no model as model.json describes it: AttributeError" in _refusal(stored)


@pytest.mark.parametrize("bytes_", [b"pickled, perhaps", b""])
def test_bytes_that_are_no_model_behind_a_forged_card_are_refused(file, bytes_):
    _forge(file, bytes_)
    assert file.name in _refusal(file.parent)


def test_half_a_model_behind_a_forged_card_is_refused(file):
    data = file.read_bytes()
    _forge(file, data[: len(data) // 2])
    assert file.name in _refusal(file.parent)


@pytest.mark.parametrize("names", FORMATS)
def test_a_model_of_other_features_or_classes_is_refused(names, data, tmp_path):
    X, y = data
    for fewer in (FORMATS[names].fit(X[["a", "b"]], y), FORMATS[names].fit(X[y > 0], y[y > 0])):
        save(fewer, tmp_path, "mine", {})
        load(tmp_path, "mine")
        _edit_card(tmp_path, features=list("abc"), classes=[0, 1, 2])
        assert names[0] in _refusal(tmp_path)


@pytest.mark.parametrize("name", [MARGINS, LINK])
def test_either_part_of_a_machine_may_not_hold_foreign_types(machine, name):
    _forge(machine / name, skops.io.dumps(FunctionTransformer(func=_edit_card)))
    assert f"{name}: contains types that are not allowed" in _refusal(machine)


def test_no_file_is_parsed_before_all_are_known_to_be_the_cards(machine):
    _forge(machine / MARGINS, skops.io.dumps(FunctionTransformer(func=_edit_card)))
    (machine / LINK).write_bytes(b"changed")
    assert f"{LINK}: sha256" in _refusal(machine)


@pytest.mark.parametrize("kind", ["Lambda", "custom", "another activation", "a registered name"])
def test_a_network_of_other_layers_behind_a_forged_card_is_refused(network, kind):
    architecture = json.loads((network / NETWORK).read_text())
    layer = architecture["config"]["layers"][-1]
    if kind == "Lambda":
        code = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}
        layer |= {"class_name": "Lambda", "config": layer["config"] | {"function": code}}
    elif kind == "custom":
        layer |= {"class_name": "PayloadLayer", "module": "tests.models.test_storage"}
    elif kind == "another activation":
        layer["config"]["activation"] = "tanh"
    else:
        layer["registered_name"] = "evil>Dense"
    _forge(network / NETWORK, json.dumps(architecture).encode())
    assert f"{NETWORK}: " in _refusal(network)


def test_a_networks_ranks_may_not_hold_foreign_types(network):
    _forge(network / RANKS, skops.io.dumps(FunctionTransformer(func=_edit_card)))
    assert f"{RANKS}: contains types that are not allowed" in _refusal(network)


def test_another_kind_of_model_replaces_the_earlier_files(fitted, tmp_path):
    for names in [*FORMATS, (FOREST,)]:
        save(fitted[names], tmp_path, "mine", {})
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["model.json", *names])
        load(tmp_path, "mine")


@pytest.mark.parametrize("name", [LIGHTGBM, XGBOOST])
def test_a_booster_comes_back_whole(name, data, tmp_path):
    X, y = data
    fitted = FORMATS[name,].fit(X, y, np.where(y == 2, 5.0, 1.0))
    save(fitted, tmp_path / "a", "mine", {})
    save(load(tmp_path / "a", "mine"), tmp_path / "b", "mine", {})
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_loaded_booster_of_xgboosts_starts_from_the_same_class_shares(fitted, tmp_path):
    save(fitted[XGBOOST,], tmp_path, "mine", {})
    before, after = fitted[XGBOOST,].estimator.booster, load(tmp_path, "mine").estimator.booster
    scores = [json.loads(booster.save_config())["learner"]["learner_model_param"] for booster in (before, after)]
    assert scores[0] == scores[1]
    assert len(set(json.loads(scores[0]["base_score"]))) == 3
    assert before.attributes() == after.attributes()


def test_boosting_by_scikit_learn_needs_no_further_types(data, tmp_path):
    X, y = data
    X = X.assign(b=np.float32(np.nan))
    fitted = GradientBoosting(params={"n_estimators": 2, "subsample": 0.5}).fit(X, y)
    save(fitted, tmp_path, "mine", {})
    assert np.array_equal(load(tmp_path, "mine").predict_proba(X), fitted.predict_proba(X))


def test_canonical_archives_do_not_depend_on_the_process_and_still_load():
    X, y = np.arange(12.0).reshape(6, 2), np.arange(6.0)
    first, second = (canonical_archive(skops.io.dumps(LinearRegression().fit(X, y))) for _ in range(2))
    assert first == second
    assert np.array_equal(
        skops.io.loads(first, trusted=["numpy.dtype"]).predict(X), LinearRegression().fit(X, y).predict(X)
    )


def test_the_card_tells_what_was_trained(stored):
    card = json.loads((stored / "model.json").read_text())
    assert card["features"] == ["a", "b", "c"]
    assert card["classes"] == [0, 1, 2]
    assert card["rows"] == 300
    assert card["files"] == {"model.skops": hashlib.sha256((stored / "model.skops").read_bytes()).hexdigest()}
