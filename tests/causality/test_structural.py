"""The structural baseline knows nothing of the future: not of closes, of labels, of lives, nor of how data go on."""

import numpy as np
import pandas as pd
import pytest

from barograph.ensemble import Structural, baseline_predictions
from barograph.names import PROBABILITIES
from tests.conftest import ROUNDS
from tests.ensemble.markets import BARRIERS, Market, bundled, losses, over, small_market

MODEL = Structural(BARRIERS)
MARKET = small_market()
CUTS = ["2003-12-31", "2004-01-01", "2005-08-17", "2006-12-22", "2006-12-29", "2007-01-01"]
P = list(PROBABILITIES)


def _corrupted(market: Market, cut: pd.Timestamp, seed: int = 0) -> Market:
    """Give other closes, gaps and labels wherever they are later than a day."""
    rng = np.random.default_rng(seed)
    closes, index_close, labels = market.closes.copy(), market.index_close.copy(), market.labels.copy()
    later = closes.index > cut
    closes[later] *= np.exp(rng.normal(0, 0.3, closes[later].shape))
    closes[later] = closes[later].mask(rng.random(closes[later].shape) < 0.1)
    index_close[later] *= np.exp(rng.normal(0, 0.3, later.sum()))
    unknown = labels["exit_date"] > cut
    labels.loc[unknown, "label"] = rng.integers(0, 3, unknown.sum()).astype(np.int8)
    return market._replace(closes=closes, index_close=index_close, labels=labels)


@pytest.mark.parametrize("cut", CUTS)
def test_a_corrupted_future_changes_no_earlier_forecast(cut):
    early = MARKET.closes.index <= cut
    before, after = (MODEL.forecast(m.closes, m.index_close) for m in (MARKET, _corrupted(MARKET, pd.Timestamp(cut))))
    assert np.array_equal(before[early], after[early], equal_nan=True)
    assert not np.array_equal(before[~early], after[~early], equal_nan=True)


@pytest.mark.parametrize("cut", CUTS[2:])
def test_a_corrupted_future_changes_no_earlier_prediction(cut):
    before, after = (MODEL.walk(*market) for market in (MARKET, _corrupted(MARKET, pd.Timestamp(cut))))
    early = before["date"] <= cut
    pd.testing.assert_frame_equal(after[early], before[early], check_exact=True)
    assert not np.array_equal(after.loc[~early, P], before.loc[~early, P])


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_a_fold_learns_from_the_labels_known_by_its_end_of_training(fold):
    exits = MARKET.labels["exit_date"]
    until = exits[exits <= MARKET.folds["train_end"][fold]].max()
    folds = MARKET.folds.assign(train_end=MARKET.folds["train_end"].mask(MARKET.folds["fold"] == fold, until))
    before = MODEL.walk(*MARKET._replace(folds=folds)).query("fold == @fold")
    for changed, same in ((exits > until, True), (exits == until, False)):
        labels = MARKET.labels.assign(label=(MARKET.labels["label"] + changed) % 3)
        assert changed.any()
        assert before.equals(MODEL.walk(*MARKET._replace(labels=labels, folds=folds)).query("fold == @fold")) == same


@pytest.mark.parametrize("cut", ["2005-08-17", "2006-12-29", "2007-05-31"])
def test_more_history_changes_no_earlier_prediction(cut):
    early = MARKET.closes.index <= cut
    short = over(MARKET.closes[early], MARKET.index_close[early], MARKET.regimes[MARKET.regimes["date"] <= cut])
    found, whole = MODEL.walk(*short), MODEL.walk(*MARKET)
    assert len(found) > 400
    expected = found[["symbol", "date", "fold"]].merge(whole, "left")
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    forecasts = (MODEL.forecast(market.closes, market.index_close) for market in (short, MARKET))
    ours, theirs = forecasts
    assert np.array_equal(ours, theirs[early], equal_nan=True)


@pytest.mark.parametrize("seed", ROUNDS)
def test_labels_moved_in_blocks_of_63_days_show_no_skill(seed):
    """Whole blocks of dates change places, so that the labels of a date stay together and lives as correlated."""
    barriers, market = bundled("volatility_barrier")
    days = np.sort(market.labels["date"].unique())
    blocks = np.array_split(np.arange(days.size), np.arange(63, days.size, 63))
    order = np.concatenate([blocks[block] for block in np.random.default_rng(seed).permutation(len(blocks))])
    source = dict(zip(days[order], days, strict=True))
    moved = market.labels[["symbol", "date", "label"]].assign(date=market.labels["date"].map(source))
    labels = market.labels.drop(columns="label").merge(moved, on=["symbol", "date"])
    assert len(labels) > 0.99 * len(market.labels)
    market = market._replace(labels=labels, rows=market.rows.merge(labels[["symbol", "date"]]))
    loss = losses(Structural(barriers).walk(*market), labels).mean()
    for _, baseline in baseline_predictions(*market[2:]).groupby("predictor"):
        assert 1 - loss / losses(baseline, labels).mean() < 0.003
