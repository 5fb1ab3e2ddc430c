"""The newest days: the final combiner and the baselines beside the final models."""

import numpy as np
import pandas as pd
import pytest

from barograph.ensemble import Structural, baseline_predictions, combine_days
from barograph.ensemble.combiner import Combiner
from barograph.names import PROBABILITIES
from tests.ensemble.markets import BARRIERS, small_market

P = list(PROBABILITIES)
COMBINER = Combiner({"one": 0.3, "other": 0.2, "structural": 0.5}, "logarithmic")
MARKET = small_market(years=7, symbols=3)
FINAL = MARKET.folds["fold"].iloc[-1]
NEWEST = MARKET.closes.index[-6:]


def _said(seed, days=NEWEST):
    keys = pd.MultiIndex.from_product([MARKET.closes.columns, days], names=["symbol", "date"]).to_frame(index=False)
    p = np.random.default_rng(seed).dirichlet([3, 4, 3], len(keys))
    return keys.assign(**dict(zip(P, p.T, strict=True)))


MODELS = {"one": _said(1), "other": _said(2)}


def _combined(models=MODELS, market=MARKET):
    given = (market.closes, market.index_close, market.labels, market.regimes, market.folds)
    return combine_days(COMBINER, models, Structural(BARRIERS), *given)


@pytest.fixture(scope="module")
def table():
    return _combined()


def _of(table, predictor):
    return table[table["predictor"] == predictor].drop(columns="predictor").sort_values(["symbol", "date"])


def test_the_ensemble_is_the_weighted_geometric_mean_of_its_members(table):
    members = [MODELS["one"], MODELS["other"], _of(table, "structural")]
    logs = sum(share * np.log(one[P].to_numpy()) for share, one in zip((0.3, 0.2, 0.5), members, strict=True))
    expected = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(_of(table, "ensemble")[P], expected, rtol=1e-12)


def test_the_baselines_know_the_labels_of_the_final_fold(table):
    rows = MODELS["one"][["symbol", "date"]].assign(fold=FINAL)
    expected = baseline_predictions(rows, MARKET.labels, MARKET.regimes, MARKET.folds)
    known = MARKET.labels[MARKET.labels["exit_date"] <= MARKET.folds["train_end"].iloc[-1]]
    shares = known["label"].value_counts(normalize=True).sort_index()
    np.testing.assert_allclose(_of(table, "prior")[P], np.tile(shares, (len(rows), 1)))
    for name in ("prior", "regime_prior"):
        assert np.array_equal(_of(table, name)[P], _of(expected, name)[P])
    structural = Structural(BARRIERS).walk(MARKET.closes, MARKET.index_close, rows, *MARKET[3:])
    assert np.array_equal(_of(table, "structural")[P], structural[P])


@pytest.mark.parametrize("day", [0, 3, 5])
def test_a_day_alone_has_the_same_bits(table, day):
    alone = _combined({name: said[said["date"] == NEWEST[day]] for name, said in MODELS.items()})
    same = table[table["date"] == NEWEST[day]].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, same, check_exact=True)


def test_later_days_change_no_earlier_one(table):
    until = NEWEST[2]
    market = MARKET._replace(
        closes=MARKET.closes[:until],
        index_close=MARKET.index_close[:until],
        regimes=MARKET.regimes[MARKET.regimes["date"] <= until],
        labels=MARKET.labels[MARKET.labels["exit_date"] <= until],
    )
    earlier = _combined({name: said[said["date"] <= until] for name, said in MODELS.items()}, market)
    same = table[table["date"] <= until].reset_index(drop=True)
    pd.testing.assert_frame_equal(earlier, same, check_exact=True)
