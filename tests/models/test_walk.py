"""Walking forward: what a fold is shown, and models that do not keep their promise."""

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from barograph.errors import InputError
from barograph.models import training_rows, walk

DATES = pd.bdate_range("2010-01-01", periods=40).astype("datetime64[us]")
FEATURES = pd.DataFrame({"symbol": "A", "date": DATES, "f": np.arange(40, dtype=np.float32)})
LABELS = pd.DataFrame({"symbol": "A", "date": DATES, "label": np.arange(40, dtype=np.int8) % 3})
SAMPLES = pd.DataFrame(
    {"fold": 0, "symbol": "A", "date": DATES[[3, 1, 3]], "copy": [0, 0, 1], "weight": [1.0, 2.0, 3.0]}
)
FOLDS = pd.DataFrame({"fold": [0], "test_start": DATES[[30]], "test_end": DATES[[39]]})


def test_training_rows_follow_the_samples():
    rows = training_rows(FEATURES, LABELS, SAMPLES, 0)
    assert rows.X["f"].tolist() == [3.0, 1.0, 3.0]
    assert rows.y.tolist() == [0, 1, 0]
    assert rows.weight.tolist() == [1.0, 2.0, 3.0]


def test_a_sample_without_features_is_named():
    with pytest.raises(InputError, match=r"samples\.parquet: \('A', .*2010-01-06.* has no features or no label"):
        training_rows(FEATURES.drop(index=3), LABELS, SAMPLES, 0)


def test_a_model_that_gives_a_plain_estimator_is_refused_at_once():
    class Plain:
        def fit(self, X, y, sample_weight=None, *, seed=0):
            assert seed >= 0
            return GaussianNB().fit(X, y, sample_weight)

    with pytest.raises(InputError, match=r"models\.plain: fit gave a GaussianNB; .*fit_classifier"):
        next(walk(Plain(), FEATURES, LABELS, SAMPLES, FOLDS, name="plain", seed=0))
