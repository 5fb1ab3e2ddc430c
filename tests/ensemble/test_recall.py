"""Kept shares: the same ensemble with the cache, and more days learn the last folds' shares alone."""

import pandas as pd
import pytest

from barograph.ensemble import BestSoFar, Pool, SoftVote, votes
from barograph.executors import ResultCache
from tests.ensemble.record import COLUMNS, Record

RECORD = Record(5)
MEMBERS = {"a": RECORD.predictions(RECORD.noisy(1)), "b": RECORD.predictions(RECORD.noisy(2, 1.0))}
POOL = Pool(kind="linear", calibration="temperature")
LEARNED = 4  # the first of five folds has nothing to learn from


@pytest.fixture
def cache(tmp_path):
    return ResultCache(tmp_path / "cache", 1 << 20, "this code")


@pytest.fixture
def fitted(monkeypatch):
    """Note how many rows each fit of shares is given."""
    rows, fit = [], votes.fit_shares
    monkeypatch.setattr(votes, "fit_shares", lambda kind, stated, y: rows.append(len(y)) or fit(kind, stated, y))
    return rows


def _walked(cache, ensemble=POOL, members=MEMBERS, labels=RECORD.labels):
    found = ensemble.walk(members, labels, RECORD.folds, cache)
    return found.predictions.to_csv() + found.shares.to_csv(), found.combiners


def test_the_cache_changes_nothing_and_no_share_is_learned_twice(cache, fitted):
    expected = _walked(None)
    fitted.clear()
    for _ in range(2):
        assert _walked(cache) == expected
    assert len(fitted) == LEARNED


def test_labels_that_mature_later_learn_the_last_shares_alone(cache, fitted):
    earlier = RECORD.labels[RECORD.labels["exit_date"] < RECORD.folds["train_end"].iloc[-1] - pd.Timedelta(days=9)]
    _walked(cache, labels=earlier)
    fitted.clear()
    found = _walked(cache)
    assert len(fitted) == 1
    assert found == _walked(None)


def test_another_probability_learns_again_from_the_fold_after_it_on(cache, fitted):
    _walked(cache)
    changed = MEMBERS["a"].copy()
    first = changed.index[(changed["fold"] == 1) & RECORD.matured(2)][0]
    changed.loc[first, COLUMNS] = [0.2, 0.3, 0.5]
    fitted.clear()
    found = _walked(cache, members=MEMBERS | {"a": changed})
    assert len(fitted) == LEARNED - 1
    assert found == _walked(None, members=MEMBERS | {"a": changed})


def test_another_setting_learns_everything_again(cache, fitted):
    _walked(cache)
    fitted.clear()
    assert _walked(cache, Pool(kind="logarithmic")) == _walked(None, Pool(kind="logarithmic"))
    assert len(fitted) == 2 * LEARNED


def test_a_damaged_entry_is_learned_again(cache, fitted):
    expected = _walked(cache)
    fitted.clear()
    [entry, *_] = cache.folder.glob("??/*")
    entry.write_bytes(entry.read_bytes()[:-1])
    assert _walked(cache) == expected
    assert len(fitted) == 1


@pytest.mark.parametrize("ensemble", [SoftVote(weights={}), BestSoFar()], ids=["vote", "best"])
def test_other_ensembles_are_the_same_with_the_cache(cache, ensemble):
    for _ in range(2):
        assert _walked(cache, ensemble) == _walked(None, ensemble)
