"""Two predictors are compared date by date on the rows that both predicted and whose label is known."""

import numpy as np
import pandas as pd
import pytest

from barograph.names import PROBABILITIES
from barograph.serving import compare

P = list(PROBABILITIES)
DAYS = pd.bdate_range("2024-01-01", periods=3)


def _said(rows):
    return pd.DataFrame([(symbol, DAYS[day], *p) for symbol, day, p in rows], columns=["symbol", "date", *P])


SURE, EVEN = (0.8, 0.1, 0.1), (0.4, 0.3, 0.3)
OURS = _said([("A", 0, SURE), ("B", 0, EVEN), ("A", 1, SURE), ("B", 2, SURE)])
THEIRS = _said([("A", 0, EVEN), ("B", 0, SURE), ("A", 1, EVEN), ("A", 2, EVEN)])
LABELS = pd.DataFrame({"symbol": ["A", "B", "A"], "date": DAYS[[0, 0, 1]], "label": [0, 0, 1]})


def test_known_answers():
    table = compare(OURS, THEIRS, LABELS)
    assert list(table["date"]) == list(DAYS[:2])
    assert list(table["rows"]) == [2, 1]
    assert table["difference"].tolist() == pytest.approx([0.0, np.log(0.1) - np.log(0.3)])
    brier = (0.8**2 + 0.9**2 + 0.1**2) - (0.4**2 + 0.7**2 + 0.3**2)
    assert table["brier_difference"].tolist() == pytest.approx([0.0, -brier])


def test_swapping_turns_the_sign():
    one, other = compare(OURS, THEIRS, LABELS), compare(THEIRS, OURS, LABELS)
    assert np.array_equal(one["difference"], -other["difference"])


def test_without_matured_labels_it_is_empty():
    assert compare(OURS, THEIRS, LABELS.head(0)).empty
