"""Gradient boosting: what a missing value counts as."""

import numpy as np
import pandas as pd
import pytest

from barograph.models import GradientBoosting


def test_a_missing_value_counts_as_the_median_of_the_rows_fitted_on():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.exponential(size=400), "b": rng.normal(size=400)}, dtype=np.float32)
    y = np.digitize(X["a"], [0.4, 1.1])
    weight = np.where(X["a"] < 0.2, 0.0, 1.0)
    X.loc[::5, "a"] = np.nan
    fitted = GradientBoosting(params={"n_estimators": 20, "learning_rate": 0.3}).fit(X, y, weight)
    median = X["a"][weight > 0].median()
    far = X.tail(50) + np.float32(100)
    gap = fitted.predict_proba(pd.concat([X.head(20).assign(a=np.float32(np.nan)), far]))[:20]
    assert np.array_equal(gap, fitted.predict_proba(X.head(20).assign(a=np.float32(median))))
    assert np.abs(gap - fitted.predict_proba(X.head(20).assign(a=np.float32(0.0)))).max() > 0.1


@pytest.mark.filterwarnings("error")
def test_a_feature_without_any_value_keeps_its_place():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"empty": np.nan, "a": rng.normal(size=300)}, dtype=np.float32)
    fitted = GradientBoosting(params={"n_estimators": 10}).fit(X, (X["a"] > 0).to_numpy().astype(int))
    p = fitted.predict_proba(X.assign(empty=np.float32(7.0)))
    assert ((p[:, 1] > 0.5) == (X["a"] > 0)).mean() > 0.95
