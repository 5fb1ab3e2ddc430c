"""Integrated gradients: known answers of a linear model, a numeric path integral, sums that are complete."""

import numpy as np
import pandas as pd
import pytest

from barograph.explain import attribute, integrated
from barograph.models import SVM, LogisticRegression, NeuralNetwork
from barograph.models.neural_network import NetworkClassifier, start_tensorflow
from tests.explain.data import FEATURES, fitted, rows_to_explain, training_set

MACHINE = SVM(params={"n_components": 60, "gamma": 0.5, "C": 1.0})


def _without(X: pd.DataFrame, feature: str) -> np.ndarray:
    """Take a feature away: a missing value counts as the mean rank, from which features are explained."""
    return X.assign(**{feature: np.float32(np.nan)}).to_numpy()


def test_a_linear_share_is_what_the_score_loses_with_the_feature():
    model, X = fitted(LogisticRegression(params={"C": 0.1}), training_set()), rows_to_explain()
    score = model.estimator.decision_function
    phi, base = integrated.line(model.estimator, X.to_numpy())
    for place, feature in enumerate(FEATURES):
        assert phi[:, place] == pytest.approx(score(X.to_numpy()) - score(_without(X, feature)), abs=1e-6)
    assert base == pytest.approx(score(np.full((1, 5), np.nan, np.float32))[0], abs=1e-12)
    assert np.abs(phi).max() > 0.1


@pytest.mark.parametrize("classes", [(0, 1, 2), (1, 2)])
def test_the_support_vector_machines_shares_are_the_integral_along_the_path(classes):
    model, X = fitted(MACHINE, training_set(), classes).estimator, rows_to_explain(5)
    phi, base = integrated.kernel(model.margins, model.link, X.to_numpy())

    def score(ranks: np.ndarray) -> np.ndarray:
        margins = model.margins[-2:].decision_function(ranks).reshape(len(ranks), -1)
        return model.link.decision_function(margins).reshape(len(ranks), -1)

    steps, step = (np.arange(400) + 0.5) / 400, 1e-4
    for row, found in zip(np.asarray(model.margins[:-2].transform(X.to_numpy(np.float64))), phi, strict=True):
        path = steps[:, None] * row
        for i in range(5):
            shift = step * np.eye(5)[i]
            gradient = (score(path + shift) - score(path - shift)) / (2 * step)
            assert found[i] == pytest.approx(row[i] * gradient.mean(axis=0), abs=1e-5)
        assert base + found.sum(axis=0) == pytest.approx(score(row[None])[0], abs=1e-9)
    assert np.abs(phi).max() > 0.05


def test_a_missing_value_has_no_share_where_it_counts_as_the_mean():
    X = rows_to_explain()
    for model in (LogisticRegression(params={}), MACHINE, NeuralNetwork(params={})):
        phi = attribute(fitted(model, training_set()), X, 0).phi
        assert (phi[X.isna().to_numpy()] == 0).all()


def _network(ranks, *layers):
    import keras

    return NetworkClassifier(ranks, keras.Sequential([keras.layers.Input((5,)), *layers]))


@pytest.fixture
def ranks():
    start_tensorflow()
    return fitted(LogisticRegression(params={}), training_set()).estimator[:-1]


def test_a_network_without_hidden_layers_is_a_linear_model(ranks):
    import keras

    model = _network(ranks, keras.layers.Dense(3, activation="softmax", kernel_initializer="glorot_normal"))
    kernel = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    model.network.set_weights([kernel, np.array([0.1, 0.2, -0.6], np.float32)])
    X = rows_to_explain().to_numpy()
    phi, base = integrated.network(model.ranks, model.network, X)
    centred = kernel - kernel.mean(axis=1, keepdims=True)
    assert phi == pytest.approx(model.ranks.transform(X)[:, :, None] * centred, abs=1e-5)
    assert base == pytest.approx([0.2, 0.3, -0.5], abs=1e-6)


def test_a_deep_networks_shares_sum_to_its_logits_and_a_dead_input_has_none(ranks):
    import keras

    layers = [keras.layers.Dense(16, activation="relu"), keras.layers.Dense(3, activation="softmax")]
    model = _network(ranks, *layers)
    rng = np.random.default_rng(1)
    weights = [rng.normal(scale=0.7, size=part.shape).astype(np.float32) for part in model.network.get_weights()]
    weights[0][3] = 0
    model.network.set_weights(weights)
    X = rows_to_explain(200).to_numpy()
    phi, base = integrated.network(model.ranks, model.network, X)
    hidden = np.maximum(model.ranks.transform(X) @ weights[0] + weights[1], 0)
    logits = hidden @ weights[2] + weights[3]
    assert base + phi.sum(axis=1) == pytest.approx(logits - logits.mean(axis=1, keepdims=True), abs=0.05)
    assert (phi[:, 3] == 0).all()
