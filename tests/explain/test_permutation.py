"""Sampled Shapley values: exact sums, exact for pairs, unbiased beyond."""

import numpy as np
import pytest

from barograph.explain import permutation_shapley
from tests.explain.oracle import shapley

X = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)
REFERENCE = np.array([0.5, -1.0, 0.25, 0.0], np.float32)


def _by_definition(function, row):
    def value(known):
        return function(np.where([i in known for i in range(4)], row, REFERENCE)[None])[0]

    return shapley(value, 4)


def _pairs(x):
    return np.stack([x[:, 0] * x[:, 1] - x[:, 2], x[:, 1] * x[:, 2] + x[:, 0] ** 3], axis=1).astype(float)


def _triple(x):
    return np.stack([x[:, 0] * x[:, 1] * x[:, 2]], axis=1).astype(float)


def test_one_pair_of_orders_is_exact_where_features_interact_in_pairs():
    phi, base = permutation_shapley(_pairs, X, REFERENCE, 5)
    assert phi == pytest.approx(np.stack([_by_definition(_pairs, row) for row in X]), abs=1e-5)
    assert base == pytest.approx(_pairs(REFERENCE[None])[0])


def test_sums_are_exact_and_an_unused_feature_has_nothing():
    phi, base = permutation_shapley(_triple, X, REFERENCE, 5)
    assert base + phi.sum(axis=1) == pytest.approx(_triple(X), abs=1e-12)
    assert (phi[:, 3] == 0).all()


def test_the_mean_over_many_orders_is_the_shapley_value():
    phi = np.mean([permutation_shapley(_triple, X[:2], REFERENCE, seed)[0] for seed in range(600)], axis=0)
    assert phi == pytest.approx(np.stack([_by_definition(_triple, row) for row in X[:2]]), abs=0.05)


def test_rows_draw_orders_of_their_own():
    same = np.tile(X[:1], (40, 1))
    phi = permutation_shapley(_triple, same, REFERENCE, 1)[0][:, 0, 0]
    assert len(np.unique(phi.round(6))) > 1


def test_the_cost_is_twice_the_number_of_features():
    calls = []
    permutation_shapley(lambda x: calls.append(len(x)) or _pairs(x), X, REFERENCE, 0)
    assert calls == [7] * 8
