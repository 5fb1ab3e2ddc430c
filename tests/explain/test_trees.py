"""Trees: Shapley values by definition, exact sums, missing values."""

import numpy as np
import pytest

from barograph.explain import attribute, trees
from barograph.models import ExtraTrees, GradientBoosting, LightGBM, RandomForest, XGBoost
from tests.explain.data import fitted, rows_to_explain, training_set
from tests.explain.oracle import shapley, tree_expectation

FOREST = {"n_estimators": 7, "min_samples_leaf": 15}
BOOSTED = {"n_estimators": 12, "learning_rate": 0.3}


@pytest.mark.parametrize("kind", [RandomForest, ExtraTrees])
def test_forests_give_the_shapley_values_of_the_definition(kind):
    model, X = fitted(kind(params=FOREST), training_set()), rows_to_explain(6)
    found = attribute(model, X, 0)
    assert X.isna().to_numpy().any()
    for row, phi in zip(X.to_numpy(), found.phi, strict=True):
        grown = [tree.tree_ for tree in model.estimator.estimators_]
        expected = [shapley(lambda known, t=tree, x=row: tree_expectation(t, x, known), 5) for tree in grown]
        assert phi == pytest.approx(np.mean(expected, axis=0), abs=1e-12)


def test_gradient_boosting_gives_the_shapley_values_of_the_definition():
    model, X = fitted(GradientBoosting(params=BOOSTED | {"subsample": 0.7}), training_set()), rows_to_explain(4)
    imputer, boosting = model.estimator
    phi, _ = trees.gradient_boosting(boosting, imputer.transform(X.to_numpy()))
    for row, share in zip(imputer.transform(X.to_numpy()), phi, strict=True):
        for margin in range(3):
            grown = [tree.tree_ for tree in boosting.estimators_[:, margin]]
            expected = [shapley(lambda known, t=tree, x=row: tree_expectation(t, x, known), 5) for tree in grown]
            assert share[:, margin] == pytest.approx(0.3 * np.sum(expected, axis=0)[:, 0], abs=1e-12)


def test_boosted_shares_sum_to_the_margins_of_the_libraries():
    X, rows = rows_to_explain(), training_set()
    values = X.to_numpy()
    light = fitted(LightGBM(params=BOOSTED), rows).estimator.booster
    extreme = fitted(XGBoost(params=BOOSTED), rows).estimator.booster
    imputer, boosting = fitted(GradientBoosting(params=BOOSTED), rows).estimator
    import xgboost

    for (phi, base), margins, tolerance in (
        (trees.lightgbm(light, values), light.predict(values, raw_score=True), 1e-12),
        (trees.xgboost(extreme, values), extreme.predict(xgboost.DMatrix(values), output_margin=True), 1e-5),
    ):
        assert base + phi.sum(axis=1) == pytest.approx(margins, abs=tolerance)
    phi, base = trees.gradient_boosting(boosting, imputer.transform(values))
    margins = boosting.decision_function(imputer.transform(values))
    assert base + phi.sum(axis=1) == pytest.approx(margins, abs=1e-12)


def test_gradient_boosting_of_two_classes_has_one_margin_of_log_odds():
    imputer, boosting = fitted(GradientBoosting(params=BOOSTED), training_set(), classes=(0, 2)).estimator
    values = imputer.transform(rows_to_explain().to_numpy())
    phi, base = trees.gradient_boosting(boosting, values)
    assert phi.shape == (40, 5, 1)
    assert (base + phi.sum(axis=1))[:, 0] == pytest.approx(boosting.decision_function(values), abs=1e-12)
