"""What a final model says of a day does not depend on the other days, and begins after its training rows."""

import numpy as np
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.latest import after_training, predict_days
from barograph.models import FittedModel
from barograph.names import PROBABILITIES

DAYS = pd.bdate_range("2024-01-01", periods=30)
SYMBOLS = [f"S{number:02}" for number in range(37)]
NAMES = [f"f{number}" for number in range(23)]


class Linear:
    """A matrix product and a softmax: how BLAS sums depends on how many rows there are."""

    def __init__(self, features: int) -> None:
        self.weights = np.random.default_rng(0).normal(size=(features, 3)).astype(np.float32)

    def predict_proba(self, X):
        scores = np.exp(X @ self.weights * np.float32(0.1))
        return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float64)


@pytest.fixture(scope="module")
def features():
    keys = pd.MultiIndex.from_product([SYMBOLS, DAYS], names=["symbol", "date"]).to_frame(index=False)
    values = np.random.default_rng(1).normal(size=(len(keys), len(NAMES))).astype(np.float32)
    return pd.concat([keys, pd.DataFrame(values, columns=NAMES)], axis=1)


MODEL = FittedModel(Linear(len(NAMES)), tuple(NAMES), (0, 1, 2))


@pytest.mark.parametrize("day", [0, 11, 29])
def test_a_day_alone_has_the_bits_that_it_has_among_others(features, day):
    whole = predict_days(MODEL, features)
    alone = predict_days(MODEL, features[features["date"] == DAYS[day]])
    pd.testing.assert_frame_equal(
        alone, whole[whole["date"] == DAYS[day]].reset_index(drop=True), check_exact=True, check_index_type=False
    )
    assert list(alone["symbol"]) == SYMBOLS


def test_neither_the_order_of_rows_nor_further_features_matter(features):
    shuffled = features.sample(frac=1.0, random_state=2).assign(other=1.0)
    pd.testing.assert_frame_equal(predict_days(MODEL, shuffled), predict_days(MODEL, features), check_exact=True)


def test_each_row_is_predicted_by_its_features(features):
    found = predict_days(MODEL, features)
    rows = features.merge(found, on=["symbol", "date"])
    np.testing.assert_allclose(rows[list(PROBABILITIES)], MODEL.predict_proba(rows[NAMES]), rtol=1e-5)


def test_a_missing_feature_is_named(features):
    with pytest.raises(InputError, match=r"^features: f3, f7 are missing, on which the model was fitted$"):
        predict_days(MODEL, features.drop(columns=["f3", "f7"]))


def test_served_are_the_dates_after_the_training_rows(features):
    served = features["date"][after_training(features["date"], DAYS[24])]
    assert sorted(served.unique()) == list(DAYS[25:])


def test_without_an_embargo_it_is_the_newest_date(features):
    served = features["date"][after_training(features["date"], DAYS[-1])]
    assert list(served.unique()) == [DAYS[-1]]
