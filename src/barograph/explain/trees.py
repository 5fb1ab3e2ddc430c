"""Exact Shapley values of tree ensembles.

TreeSHAP replaces an unknown feature by the training rows: where a split's feature is unknown, both branches count, by
the weight of the training rows in each.

References
----------
.. [1] Lundberg, S. M. et al. (2020). From local explanations to global understanding with explainable AI for trees.
   Nature Machine Intelligence 2, 56-67. Algorithm 2.
"""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barograph.typing import Floats

if TYPE_CHECKING:
    from lightgbm import Booster as LightGBMBooster
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from xgboost import Booster as XGBoostBooster

Shares: TypeAlias = tuple[Floats, Floats]


def lightgbm(booster: "LightGBMBooster", X: NDArray[np.float32]) -> Shares:
    """Give shares (n, k, c) and base (c,) of the raw margins, by LightGBM itself."""
    given = np.asarray(booster.predict(X, pred_contrib=True), np.float64)
    return _shares(given.reshape(len(X), -1, X.shape[1] + 1))


def xgboost(booster: "XGBoostBooster", X: NDArray[np.float32]) -> Shares:
    """Give shares (n, k, c) and base (c,) of the raw margins, by XGBoost itself."""
    from xgboost import DMatrix

    return _shares(booster.predict(DMatrix(X), pred_contribs=True, strict_shape=True).astype(np.float64))


def forest(trees: "RandomForestClassifier", X: NDArray[np.float32]) -> Shares:
    """Give shares (n, k, c) and base (c,) of a forest's probabilities; a missing value goes where it went in training.

    SHAP reads scikit-learn's direction for missing values from the trees; so does this module's test.
    """
    from shap import TreeExplainer

    explainer = TreeExplainer(trees)
    shares = explainer.shap_values(X, check_additivity=False)
    return np.asarray(shares, np.float64), np.asarray(explainer.expected_value, np.float64)


def gradient_boosting(boosting: "GradientBoostingClassifier", X: NDArray[np.float32]) -> Shares:
    """Give shares (n, k, c) and base (c,) of the margins, which add up regression trees, one per round and class.

    SHAP takes no multiclass gradient boosting; Shapley values of a sum are the sum of the terms' Shapley values. Of two
    classes only the second class's margin is fitted: c is 1. Before the first tree all rows have the same margins.
    """
    from shap import TreeExplainer

    first = X[:1]
    base = boosting.decision_function(first).reshape(-1)
    shares = np.zeros((*X.shape, base.size))
    for (_, margin), tree in np.ndenumerate(boosting.estimators_):
        explainer = TreeExplainer(tree)
        shares[:, :, margin] += boosting.learning_rate * explainer.shap_values(X, check_additivity=False)
        base[margin] += boosting.learning_rate * (explainer.expected_value - tree.predict(first)).item()
    return shares, base


def _shares(contributions: Floats) -> Shares:
    """Split contributions (n, c, k + 1), the base last, as both libraries give them."""
    by_feature = contributions.transpose(0, 2, 1)
    return by_feature[:, :-1], by_feature[0, -1]
