"""Stored models: what is refused on the way back."""

import json

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import FunctionTransformer

from barograph.errors import InputError
from barograph.models import LightGBM, RandomForest, load, save
from barograph.models.canonical import canonical_archive
from barograph.models.classifier import FittedModel


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 3)).astype(np.float32), columns=list("abc"))
    return X, rng.integers(0, 3, 300)


@pytest.fixture
def stored(data, tmp_path):
    save(RandomForest(params={"n_estimators": 3}).fit(*data), tmp_path, {"rows": 300})
    return tmp_path


def _edit_card(folder, **changes):
    card = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(card | changes))


def test_a_changed_file_is_refused(stored):
    data = bytearray((stored / "model.skops").read_bytes())
    data[len(data) // 2] ^= 1
    (stored / "model.skops").write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"model\.skops: sha256 .* the file was changed"):
        load(stored)


def test_another_version_is_refused(stored):
    _edit_card(stored, versions={"scikit-learn": "0.1"})
    with pytest.raises(InputError, match=r"written by scikit-learn 0\.1"):
        load(stored)


def test_a_missing_file_and_a_missing_card_are_named(stored, tmp_path_factory):
    (stored / "model.skops").unlink()
    with pytest.raises(InputError, match=r"model\.skops: missing"):
        load(stored)
    with pytest.raises(InputError, match=r"model\.json: no model here"):
        load(tmp_path_factory.mktemp("empty"))


def test_a_card_may_not_name_another_file(stored):
    _edit_card(stored, file="../model.skops")
    with pytest.raises(InputError, match="not a model's card"):
        load(stored)


def test_a_card_that_is_not_json_is_refused(stored):
    (stored / "model.json").write_text("{")
    with pytest.raises(InputError, match="not a model's card"):
        load(stored)


def test_types_that_are_not_allowed_are_refused(tmp_path):
    foreign = FittedModel(FunctionTransformer(func=test_a_card_that_is_not_json_is_refused), ("a",), (0, 1))
    save(foreign, tmp_path, {})
    with pytest.raises(InputError, match="types that are not allowed"):
        load(tmp_path)


def test_another_kind_of_model_replaces_the_earlier_files(stored, data):
    save(LightGBM(params={"n_estimators": 2}).fit(*data), stored, {})
    assert sorted(path.name for path in stored.iterdir()) == ["model.json", "model.txt"]
    load(stored)


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
