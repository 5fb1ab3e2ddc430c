"""The tables, recomputed by hand on a case that fits on a page."""

import numpy as np
import pandas as pd
import pytest

from barograph.explain import Attribution, beeswarm, importance, method

ROWS = pd.DataFrame(
    {
        "regime": ["normal", "normal", "crash"],
        "symbol": ["A", "B", "A"],
        "date": pd.to_datetime(["2001-01-02", "2001-01-03", "2008-10-10"]),
        "f": np.array([1.0, 2.0, np.nan], np.float32),
        "g": np.array([4.0, 5.0, 6.0], np.float32),
    }
)
# rows, features, then sell, hold, buy
PHI = np.array(
    [[[-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]], [[2.0, 0.0, -2.0], [3.0, -3.0, 0.0]], [[0.0, 0.0, 0.0], [-6.0, 0.0, 6.0]]]
)


def _attribution(phi):
    output = phi.sum(axis=1)
    return Attribution(phi, np.zeros(3), output, "by hand", "points")


@pytest.fixture
def importances():
    return importance(_attribution(PHI), ROWS)


def test_importances_by_hand(importances):
    expected = pd.DataFrame(
        [
            ("all", "g", 18 / 9, 0.75, (0 - 3 + 12) / 3, 3),
            ("all", "f", 6 / 9, 0.25, (2 - 4 + 0) / 3, 3),
            ("normal", "f", 1.0, 0.5, -1.0, 2),
            ("normal", "g", 1.0, 0.5, -1.5, 2),
            ("crash", "g", 4.0, 1.0, 12.0, 1),
            ("crash", "f", 0.0, 0.0, 0.0, 1),
        ],
        columns=["regime", "feature", "mean_abs", "share", "mean_signed", "rows"],
    )
    pd.testing.assert_frame_equal(importances, expected, check_dtype=False)


def test_a_model_that_uses_nothing_has_shares_of_zero():
    table = importance(_attribution(PHI * 0), ROWS)
    assert (table["share"] == 0).all()


def test_the_beeswarm_keeps_the_most_important_features(importances):
    table = beeswarm(_attribution(PHI), ROWS, importances, top=1)
    assert list(table.columns) == ["regime", "symbol", "date", "feature", "value", "shap"]
    assert table["feature"].tolist() == ["g", "g", "g"]
    assert table["shap"].tolist() == [0.0, -3.0, 12.0]
    assert table["value"].tolist() == [4.0, 5.0, 6.0]
    assert table["symbol"].tolist() == ["A", "B", "A"]
    assert len(beeswarm(_attribution(PHI), ROWS, importances, top=12)) == 6


def test_the_method_tells_how_far_the_sums_are_off():
    wrong = Attribution(PHI, np.array([0.0, 0.25, 0.0]), PHI.sum(axis=1), "by hand", "points")
    table = method(wrong)
    assert table.iloc[0].tolist() == ["by hand", "points", 3, 0.25]
