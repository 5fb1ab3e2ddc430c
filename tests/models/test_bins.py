"""Trees grown on bins predict from values exactly as they did from the numbers of the bins."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from barograph.models import GradientBoosting, RandomForest
from barograph.models.contract.bins import BINS, Bins


def make_values(n: int = 900, seed: int = 3) -> np.ndarray:
    """Features of every kind: continuous, heavy-tailed, tied, tiny, constant, without any value, with gaps."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 8))
    X[:, 1] = np.exp(8 * X[:, 1])
    X[:, 2] = np.round(X[:, 2])
    X[:, 3] = 1 + 1e-6 * X[:, 3]
    X[:, 4] = 5.0
    X[:, 5] = np.nan
    X[rng.random(n) < 0.3, 6] = np.nan
    return X.astype(np.float32)


def test_bins_by_hand():
    X = np.array([[np.nan, -0.0], [1, 0], [2, 0], [3, 0], [4, 7]], np.float32)
    bins = Bins.of(X)
    assert [edges.tolist() for edges in bins.edges] == [[1, 2, 3, 4], [0, 7]]
    assert not np.signbit(bins.edges[1][0])
    beyond = np.array([[0.5, -1], [1, 0], [1.5, 0.1], [4, 7], [9, 8], [np.nan, np.nan]], np.float32)
    expected = np.array([[0, 0], [0, 0], [1, 1], [3, 1], [4, 2], [np.nan, np.nan]], np.float32)
    assert np.array_equal(bins.numbers(beyond), expected, equal_nan=True)


def test_bins_are_few_and_finest_in_the_tails():
    X = make_values(10_000)
    numbers = Bins.of(X).numbers(X)
    for column in (0, 1):
        counts = np.unique(numbers[:, column], return_counts=True)[1]
        assert counts.size == BINS == 32
        assert counts[[0, 1, 15, 16, 30, 31]] == pytest.approx([24, 72, 490, 490, 72, 24], abs=2)
    assert len(set(zip(X[:, 2].tolist(), numbers[:, 2].tolist(), strict=True))) == np.unique(X[:, 2]).size
    assert set(numbers[:, 4]) == {0}
    assert np.isnan(numbers[:, 5]).all()


@pytest.mark.parametrize("learner", [RandomForestClassifier, GradientBoostingClassifier])
def test_restored_trees_predict_from_values_as_before_from_numbers(learner):
    X, unseen = np.delete(make_values(), 5, axis=1), np.delete(make_values(seed=4), 5, axis=1)
    missing = np.isnan(X[:, 5])
    if learner is GradientBoostingClassifier:
        X, unseen = np.nan_to_num(X), np.nan_to_num(unseen)
    y = np.digitize(X[:, 0] + 2 * missing, [-0.5, 0.5])
    bins = Bins.of(X)
    grown = learner(n_estimators=15, random_state=0).fit(bins.numbers(X), y)
    if learner is RandomForestClassifier:
        assert any(np.isinf(tree.tree_.threshold).any() for tree in grown.estimators_)
    before = [grown.predict_proba(bins.numbers(values)) for values in (X, unseen)]
    bins.restore(tree.tree_ for tree in np.ravel(grown.estimators_))
    for values, expected in zip((X, unseen), before, strict=True):
        assert np.array_equal(grown.predict_proba(values), expected)
        assert not np.array_equal(grown.predict_proba(bins.numbers(values)), expected)


@pytest.mark.parametrize("model", [RandomForest(params={"n_estimators": 15}), GradientBoosting(params={})])
def test_only_the_order_of_values_matters(model):
    """Thresholds are values of the rows fitted on, so another scale moves no row to another side."""
    X = np.random.default_rng(5).normal(size=(700, 6)).astype(np.float32)
    y, weight = np.digitize(X[:, 0], [-0.5, 0.5]), np.ones(len(X))
    scaled = np.exp(4 * X.astype(np.float64)).astype(np.float32)
    plain, other = (model.estimator(values, y, weight, seed=1).predict_proba(values) for values in (X, scaled))
    assert np.array_equal(plain, other)
