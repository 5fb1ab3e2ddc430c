"""Shapley values by their definition, and a tree's expectation where only some features are known."""

from collections.abc import Callable, Iterable
from functools import cache
from itertools import permutations

import numpy as np


def shapley(value: Callable[[frozenset[int]], np.ndarray], k: int) -> np.ndarray:
    """Average every feature's contribution over all k! orders; shape (k, c)."""
    orders = list(permutations(range(k)))
    value = cache(value)
    shares = np.zeros((k, *value(frozenset()).shape))
    for order in orders:
        for place, feature in enumerate(order):
            shares[feature] += value(frozenset(order[: place + 1])) - value(frozenset(order[:place]))
    return shares / len(orders)


def tree_expectation(tree, row: np.ndarray, known: Iterable[int], node: int = 0) -> np.ndarray:
    """Follow known splits, missing values included; average unknown ones by the training weight of their branches."""
    left, right = tree.children_left[node], tree.children_right[node]
    if left == right:
        return tree.value[node].ravel()
    feature = tree.feature[node]
    if feature in known:
        goes_left = tree.missing_go_to_left[node] if np.isnan(row[feature]) else row[feature] <= tree.threshold[node]
        return tree_expectation(tree, row, known, left if goes_left else right)
    weights = tree.weighted_n_node_samples[[left, right]]
    branches = [tree_expectation(tree, row, known, child) for child in (left, right)]
    return np.average(branches, axis=0, weights=weights)
