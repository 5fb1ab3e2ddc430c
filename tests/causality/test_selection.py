"""What a fold keeps rests on what had matured before it, and on nothing else."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from barograph.folds import WalkForward
from barograph.models import TrainingSet
from barograph.selection import NearDuplicates, Past, Recursive, Univariate, select_features
from tests.selection.planted import DATES, panel

WALK = WalkForward(min_years=1)
FEATURES, LABELS = panel(seed=2)
REGIMES = pd.DataFrame({"date": DATES, "regime": "normal"})
SELECTIONS = [
    NearDuplicates(max_correlation=0.9, rows=800),
    Univariate(k=3, score="mutual_information", max_correlation=0.9, rows=800),
    Univariate(k=3, score="f", max_correlation=None, rows=10_000),
    Recursive(min_features=2, step=0.3, trees=10, splits=2, first_share=0.5, max_correlation=0.9, rows=500),
]


def _selected(selection, features=FEATURES, labels=LABELS, regimes=REGIMES, select=select_features):
    folds = WALK.over(labels, regimes)
    return folds, list(select(selection, TrainingSet(features, labels), folds, embargo=WALK.embargo, seed=7))


def _corrupted(fold):
    """Give noise for features and labels wherever they are not known before a fold, and turn what was kept around."""
    rng = np.random.default_rng(fold.number)
    features, labels = FEATURES.copy(), LABELS.copy()
    # A feature at a date of the past stays; one at a later date turns into noise, near copies into strangers.
    late = features["date"] >= pd.Timestamp(fold.cutoff)
    for name in features.columns[2:]:
        features.loc[late, name] = rng.normal(size=late.sum()).astype(np.float32)
    unknown = labels["exit_date"] >= pd.Timestamp(fold.cutoff)
    labels.loc[unknown, "label"] = rng.integers(0, 3, unknown.sum()).astype(np.int8)
    return features, labels


def _caught(selection, fold, select=select_features) -> bool:
    """Tell whether corrupting what is not known before a fold changes what it or an earlier one keeps."""
    _, before = _selected(selection, select=select)
    _, after = _selected(selection, *_corrupted(fold), select=select)
    return not _same(before, after, fold.number + 1)


def _same(before, after, folds) -> bool:
    return all(one.equals(other) for one, other in zip(before[:folds], after[:folds], strict=True))


_whole = cache(_selected)


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("selection", SELECTIONS, ids=lambda one: type(one).__name__)
def test_what_comes_after_a_folds_cutoff_changes_nothing_that_it_keeps(selection, number):
    folds, before = _whole(selection)
    assert len(folds) == 4
    _, after = _selected(selection, *_corrupted(folds[number]))
    assert _same(before, after, number + 1)
    assert not before[-1].equals(after[-1]), "the corruption must have reached the last fold"


@pytest.mark.parametrize("selection", SELECTIONS, ids=lambda one: type(one).__name__)
def test_more_history_changes_no_earlier_fold(selection):
    cut = pd.Timestamp("2006-06-30")
    shorter = (FEATURES[FEATURES["date"] <= cut], LABELS[LABELS["exit_date"] <= cut], REGIMES[REGIMES["date"] <= cut])
    _, whole = _whole(selection)
    folds, short = _selected(selection, *(frame.reset_index(drop=True) for frame in shorter))
    assert [fold.final for fold in folds] == [False, False, True]
    for one, other in zip(short[:-1], whole, strict=False):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_a_selection_that_looks_at_the_test_window_is_caught():
    def peeking(selection, data, folds, *, embargo, seed):
        ahead = [fold._replace(cutoff=fold.cutoff + np.timedelta64(40, "D")) for fold in folds]
        return select_features(selection, data, ahead, embargo=embargo, seed=seed)

    folds, _ = _selected(SELECTIONS[0])
    assert _caught(SELECTIONS[0], folds[1], peeking)


def test_a_selection_on_all_that_is_known_today_is_caught():
    def today(selection, data, folds, *, embargo, seed):
        last = [folds[-1]._replace(number=fold.number) for fold in folds]
        return select_features(selection, data, last, embargo=embargo, seed=seed)

    folds, _ = _selected(SELECTIONS[1])
    assert _caught(SELECTIONS[1], folds[0], today)


def test_no_row_that_a_selection_sees_has_matured_too_late():
    seen, seeds = [], set()

    class Looking:
        rows = 10_000

        def select(self, past: Past) -> pd.DataFrame:
            seen.append(past.rows.lives)
            seeds.add(past.seed)
            return pd.DataFrame({"feature": past.rows.X.columns, "kept": True, "score": 0.0, "reason": "kept"})

    folds, _ = _selected(Looking())
    assert len(seeds) == len(folds), "each fold has a seed of its own"
    for fold, lives in zip(folds, sorted(seen, key=len), strict=True):
        assert len(lives) == (LABELS["exit_date"] < pd.Timestamp(fold.cutoff)).sum()
        assert lives["exit_date"].max() < pd.Timestamp(fold.cutoff)
