"""Baselines by hand: frequencies of what had matured, and nothing later."""

import numpy as np
import pandas as pd
import pytest

from barograph.ensemble import baseline_predictions

DATES = pd.bdate_range("2010-01-01", periods=400).astype("datetime64[us]")


def _tables():
    rng = np.random.default_rng(0)
    regimes = pd.DataFrame({"date": DATES, "regime": np.where(np.arange(400) % 4 == 0, "crash", "normal")})
    labels = pd.DataFrame({"symbol": "A", "date": DATES[:390], "label": rng.integers(0, 3, 390).astype(np.int8)})
    labels["exit_date"] = DATES[10:]
    folds = pd.DataFrame({"fold": [0, 1], "train_end": [DATES[200], DATES[300]]})
    rows = pd.DataFrame({"symbol": "A", "date": DATES[210:400], "fold": [0] * 100 + [1] * 90})
    return rows, labels, regimes, folds


def test_prior_and_regime_prior_by_hand():
    rows, labels, regimes, folds = _tables()
    predicted = baseline_predictions(rows, labels, regimes, folds)
    matured = labels[labels["exit_date"] <= DATES[200]]
    prior = matured["label"].value_counts(normalize=True)
    first = predicted[(predicted["predictor"] == "prior") & (predicted["fold"] == 0)]
    assert first["p_buy"].to_numpy() == pytest.approx(prior[2])
    crash = matured[matured["date"].isin(regimes.loc[regimes["regime"] == "crash", "date"])]
    expected = ((crash["label"] == 0).sum() + 100 * prior[0]) / (len(crash) + 100)
    ours = predicted[(predicted["predictor"] == "regime_prior") & (predicted["fold"] == 0)]
    in_crash = ours["date"].isin(regimes.loc[regimes["regime"] == "crash", "date"])
    assert ours.loc[in_crash, "p_sell"].to_numpy() == pytest.approx(expected)


def test_labels_that_mature_later_change_nothing():
    rows, labels, regimes, folds = _tables()
    before = baseline_predictions(rows, labels, regimes, folds)
    labels.loc[labels["exit_date"] > DATES[300], "label"] = 2
    assert baseline_predictions(rows, labels, regimes, folds).equals(before)


def test_a_regime_never_seen_gets_the_prior():
    rows, labels, regimes, folds = _tables()
    regimes.loc[regimes["date"] >= DATES[250], "regime"] = "recovery"
    predicted = baseline_predictions(rows, labels, regimes, folds).query("fold == 0").set_index(["predictor", "date"])
    late = DATES[260]
    columns = ["p_sell", "p_hold", "p_buy"]
    assert predicted.loc[("regime_prior", late), columns].equals(predicted.loc[("prior", late), columns])
