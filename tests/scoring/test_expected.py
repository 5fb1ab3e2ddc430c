"""The expected log loss is the entropy, and is put beside the log loss where labels have matured."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.names import PROBABILITIES
from barograph.scoring.expected import expected_and_matured, expected_log_losses

P = list(PROBABILITIES)
DAYS = pd.bdate_range("2024-01-01", periods=6)


def test_known_answers():
    stated = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]])
    np.testing.assert_allclose(expected_log_losses(stated), [0.0, np.log(2), np.log(3)])


@given(st.integers(0, 10_000))
def test_it_is_the_mean_loss_of_labels_drawn_from_the_probabilities(seed):
    p = np.random.default_rng(seed).dirichlet([1, 1, 1])
    by_label = -np.log(p)
    assert expected_log_losses(p[None])[0] == pytest.approx((p * by_label).sum())


@pytest.fixture
def table():
    stated = [[0.8, 0.1, 0.1]] * 4 + [[0.4, 0.3, 0.3]] * 2
    predictions = pd.DataFrame(stated, columns=P).assign(symbol="A", date=DAYS)
    labels = pd.DataFrame({"symbol": "A", "date": DAYS[:3], "label": [0, 0, 1]})
    regimes = pd.DataFrame({"date": DAYS, "regime": ["normal", "crash", "crash", "crash", "normal", "normal"]})
    return expected_and_matured(predictions, labels, regimes, 2).set_index("regime")


def test_the_last_days_and_the_matured_ones_are_told_apart(table):
    sure, unsure = (-sum(p * np.log(p) for p in row) for row in ([0.8, 0.1, 0.1], [0.4, 0.3, 0.3]))
    assert list(table.index) == ["all", "normal", "crash"]
    assert table.loc["all", "days"] == 2
    assert table.loc["all", "expected"] == pytest.approx(unsure)
    assert table.loc["all", "matured_days"] == 3
    assert table.loc["all", "matured_expected"] == pytest.approx(sure)
    assert table.loc["all", "matured"] == pytest.approx(-(2 * np.log(0.8) + np.log(0.1)) / 3)


def test_a_regime_goes_by_the_date_and_is_undefined_without_rows(table):
    assert table.loc["crash", "matured"] == pytest.approx(-(np.log(0.8) + np.log(0.1)) / 2)
    assert table.loc["crash", "days"] == 0
    assert np.isnan(table.loc["crash", "expected"])
