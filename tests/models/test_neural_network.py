"""The neural network: what it learns, that it does so the same way everywhere, and what is refused on the way back."""

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.models import NeuralNetwork
from barograph.models.neural_network import ARCHITECTURE, RANKS, WEIGHTS, _batches, from_files, to_files

ROOT = Path(__file__).parents[2]
MODEL = NeuralNetwork(params={"epochs": 3})


def make_rows(n: int = 1000, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 5)).astype(np.float32), columns=list("abcde"))
    return X, np.digitize(X["a"] + rng.normal(size=n), [-0.5, 0.5])


@pytest.fixture(scope="module")
def fitted():
    return MODEL.fit(*make_rows())


@pytest.fixture(scope="module")
def files(fitted):
    return to_files(fitted.estimator)


def test_what_no_line_can_tell_apart_is_learned():
    X = pd.DataFrame(np.random.default_rng(1).uniform(-1, 1, size=(3000, 2)).astype(np.float32), columns=["a", "b"])
    y = (X["a"] * X["b"] > 0).astype(int)
    params = {"dropout": 0.0, "l2": 0.0, "learning_rate": 0.01, "epochs": 30}
    p = NeuralNetwork(params=params).fit(X, y).predict_proba(X)
    assert (p.argmax(axis=1) == y).mean() > 0.95


def test_a_strong_penalty_leaves_the_weighted_class_shares():
    X, y = make_rows(2000)
    weight = np.where(y == 2, 3.0, 1.0)
    p = NeuralNetwork(params={"l2": 10.0, "learning_rate": 0.01, "epochs": 60}).fit(X, y, weight).predict_proba(X)
    shares = np.bincount(y, weights=weight) / weight.sum()
    assert p == pytest.approx(np.tile(shares, (len(X), 1)), abs=0.05)


@pytest.mark.parametrize(
    "params", [{"hidden_units": 8}, {"layers": 2}, {"dropout": 0.0}, {"l2": 1.0}, {"batch_size": 50}, {"epochs": 6}]
)
def test_every_parameter_is_read(fitted, params):
    X, y = make_rows()
    changed = NeuralNetwork(params={"epochs": 3} | params).fit(X, y).predict_proba(X)
    assert np.abs(changed - fitted.predict_proba(X)).max() > 1e-3


def test_what_is_absent_is_what_the_parameters_say():
    X, y = make_rows()
    said = {"hidden_units": 32, "layers": 1, "dropout": 0.5, "l2": 0.01, "learning_rate": 0.001}
    spelt = NeuralNetwork(params=said | {"epochs": 20, "batch_size": 128}).fit(X, y)
    assert np.array_equal(spelt.predict_proba(X), NeuralNetwork(params={}).fit(X, y).predict_proba(X))


@pytest.mark.parametrize(("rows", "size", "steps"), [(1000, 128, 7), (1000, 100, 10), (30, 128, 1)])
def test_batches_are_of_one_size_and_hold_no_row_twice_in_an_epoch(rows, size, steps):
    batches = _batches(rows, size, 4, seed=0)
    assert batches.shape == (4 * steps, min(size, rows))
    for epoch in batches.reshape(4, -1):
        assert np.unique(epoch).size == epoch.size
    assert not np.array_equal(batches[:steps], batches[steps : 2 * steps])
    assert np.array_equal(batches, _batches(rows, size, 4, seed=0))


def test_fits_one_after_the_other_are_the_same_and_leave_other_random_numbers_alone():
    X, y = make_rows()
    np.random.seed(3)  # noqa: NPY002
    random.seed(3)
    before = np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
    first, second = (to_files(MODEL.fit(X, y, seed=7).estimator) for _ in range(2))
    assert (np.random.get_state()[1].tolist(), random.getstate()) == before  # noqa: NPY002
    assert first == second


_ON_ONE_CORE = """
import hashlib, os, sys
sys.path.insert(0, "tests/models")
from test_neural_network import MODEL, make_rows
from barograph.models.neural_network import to_files
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
X, y = make_rows()
fitted = MODEL.fit(X, y, seed=7)
for data in (*to_files(fitted.estimator).values(), fitted.predict_proba(X).tobytes()):
    print(hashlib.sha256(data).hexdigest())
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be taken away on this system")
def test_another_process_on_one_core_writes_the_same_bytes_and_no_noise():
    quietened = {"TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS"}
    environment = {name: value for name, value in os.environ.items() if name not in quietened}
    command = [sys.executable, "-c", _ON_ONE_CORE]
    done = subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stderr == ""
    X, y = make_rows()
    fitted = MODEL.fit(X, y, seed=7)
    ours = (*to_files(fitted.estimator).values(), fitted.predict_proba(X).tobytes())
    assert done.stdout.split() == [hashlib.sha256(data).hexdigest() for data in ours]


def test_graphs_do_not_outlive_their_fit():
    import gc

    MODEL.fit(*make_rows())
    from tensorflow.python.framework.func_graph import FuncGraph

    gc.collect()
    assert not [graph for graph in gc.get_objects() if issubclass(type(graph), FuncGraph) and graph.name == "step"]


@pytest.mark.parametrize(
    ("preface", "message"),
    [
        ("import tensorflow as tf; tf.constant(1.0)", "neural_network: TensorFlow was started before with several"),
        ("import os; os.environ['KERAS_BACKEND'] = 'numpy'", "KERAS_BACKEND: 'numpy'; a neural network needs 'tens"),
    ],
)
def test_what_would_give_other_numbers_is_refused(preface, message):
    rest = "from barograph.models.neural_network import start_tensorflow; start_tensorflow()"
    command = [sys.executable, "-c", f"{preface}\n{rest}"]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert f"barograph.errors.InputError: {message}" in done.stderr.splitlines()[-1]


def test_a_flag_that_was_never_set_in_training_keeps_probabilities_moderate():
    X, y = make_rows()
    fitted = NeuralNetwork(params={}).fit(X.assign(flag=np.float32(0)), y)
    unset, set_ = (fitted.predict_proba(X.assign(flag=np.float32(value))) for value in (0, 1))
    assert np.abs(unset - set_).mean() < 0.1


def test_files_give_the_same_classifier_and_the_architecture_is_dense_layers_alone(fitted, files):
    X = make_rows()[0].to_numpy()
    assert set(files) == {ARCHITECTURE, WEIGHTS, RANKS}
    assert np.array_equal(from_files(files).predict_proba(X), fitted.estimator.predict_proba(X))
    layers = json.loads(files[ARCHITECTURE])["config"]["layers"]
    assert [layer["class_name"] for layer in layers] == ["InputLayer", "Dense", "Dense"]


def _lambda(layers):
    layers[1] = layers[1] | {"class_name": "Lambda"}


def _custom(layers):
    layers[1] = layers[1] | {"module": "os", "class_name": "system", "registered_name": "evil>system"}


def _custom_part(layers):
    layers[1]["config"]["kernel_initializer"] = {"module": "os", "class_name": "system", "config": {}}


def _activation(layers):
    layers[1]["config"]["activation"] = "sigmoid"


def _dropout(layers):
    layers.insert(2, {"module": "keras.layers", "class_name": "Dropout", "config": {"rate": 0.5, "units": 3}})


@pytest.mark.parametrize("change", [_lambda, _custom, _custom_part, _activation, _dropout])
def test_an_architecture_that_training_does_not_write_is_refused(files, change):
    architecture = json.loads(files[ARCHITECTURE])
    change(architecture["config"]["layers"])
    with pytest.raises(InputError, match=rf"^{ARCHITECTURE}: ") as raised:
        from_files(files | {ARCHITECTURE: json.dumps(architecture).encode()})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("architecture", [b"{", b"[]", b'{"config": {"layers": []}}', b'{"config": {"layers": [1]}}'])
def test_what_is_no_architecture_is_refused(files, architecture):
    with pytest.raises(InputError, match=f"{ARCHITECTURE}: is not the architecture"):
        from_files(files | {ARCHITECTURE: architecture})


@pytest.mark.parametrize("params", [{"dropout": 1.0}, {"layers": 0}, {"epochs": 0}, {"l2": -1.0}, {"patience": 3}])
def test_parameters_out_of_range_are_refused(params):
    with pytest.raises(ValueError, match="|".join(params)):
        NeuralNetwork(params=params)
