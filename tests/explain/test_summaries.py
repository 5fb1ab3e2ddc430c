"""The tables, recomputed by hand on a case that fits on a page."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from barograph.explain import Attribution, agreement, beeswarm, importance, methods

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
    return importance({"ours": _attribution(PHI)}, ROWS)


def test_importances_by_hand(importances):
    expected = pd.DataFrame(
        [
            ("ours", "all", "g", 18 / 9, 0.75, (0 - 3 + 12) / 3, 3),
            ("ours", "all", "f", 6 / 9, 0.25, (2 - 4 + 0) / 3, 3),
            ("ours", "normal", "f", 1.0, 0.5, -1.0, 2),
            ("ours", "normal", "g", 1.0, 0.5, -1.5, 2),
            ("ours", "crash", "g", 4.0, 1.0, 12.0, 1),
            ("ours", "crash", "f", 0.0, 0.0, 0.0, 1),
        ],
        columns=["model", "regime", "feature", "mean_abs", "share", "mean_signed", "rows"],
    )
    pd.testing.assert_frame_equal(importances, expected, check_dtype=False)


def test_a_model_that_uses_nothing_has_shares_of_zero():
    table = importance({"constant": _attribution(PHI * 0)}, ROWS)
    assert (table["share"] == 0).all()


def test_the_beeswarm_keeps_the_most_important_features(importances):
    table = beeswarm({"ours": _attribution(PHI)}, ROWS, importances, top=1)
    assert list(table.columns) == ["model", "regime", "symbol", "date", "feature", "value", "shap"]
    assert table["feature"].tolist() == ["g", "g", "g"]
    assert table["shap"].tolist() == [0.0, -3.0, 12.0]
    assert table["value"].tolist() == [4.0, 5.0, 6.0]
    assert table["symbol"].tolist() == ["A", "B", "A"]
    assert len(beeswarm({"ours": _attribution(PHI)}, ROWS, importances, top=12)) == 6


def _table(**sizes):
    """Give importances: by model and regime, a list of the features' sizes."""
    parts = [
        pd.DataFrame({"model": model, "regime": regime, "feature": [f"f{i}" for i in range(len(own))], "mean_abs": own})
        for (model, regime), own in ((key.split("__"), own) for key, own in sizes.items())
    ]
    return pd.concat([part.sort_values("mean_abs") for part in parts], ignore_index=True)


def test_agreement_of_regimes_and_models():
    first, second, third = [4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0], [5.0, 0.0, 0.0, 1.0]
    sizes = {"m__all": first, "m__normal": first, "m__crash": second, "n__all": third, "n__normal": third}
    table = agreement(_table(**sizes)).set_index(["kind", "model", "regime", "first", "second"])["rank_correlation"]
    assert set(table.index) == {("regimes", "m", "", "normal", "crash"), ("models", "", "all", "m", "n")}
    assert table[("regimes", "m", "", "normal", "crash")] == pytest.approx(-1.0)
    assert table[("models", "", "all", "m", "n")] == pytest.approx(spearmanr(first, third).statistic)


def test_many_ties_have_their_mean_rank_and_a_constant_has_no_correlation():
    rng = np.random.default_rng(0)
    first, second = (np.maximum(rng.normal(size=50), 0).tolist() for _ in range(2))
    table = agreement(_table(m__all=first, n__all=second, constant__all=[0.0] * 50))
    assert table["rank_correlation"].iloc[0] == pytest.approx(spearmanr(first, second).statistic)
    assert table["rank_correlation"].iloc[1:].isna().all()


def test_one_model_in_one_regime_agrees_with_nothing():
    table = agreement(_table(m__all=[1.0, 2.0], m__normal=[1.0, 2.0]))
    assert table.empty
    assert list(table.columns) == ["kind", "model", "regime", "first", "second", "rank_correlation"]


def test_methods_tell_how_far_the_sums_are_off():
    wrong = Attribution(PHI, np.array([0.0, 0.25, 0.0]), PHI.sum(axis=1), "by hand", "points")
    table = methods({"ours": wrong})
    assert table.iloc[0].tolist() == ["ours", "by hand", "points", 3, 0.25]
