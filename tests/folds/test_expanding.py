"""Expanding splits: windows in order of time, each tested by what had matured before it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.errors import InputError
from barograph.folds import expanding_splits

CALENDAR = np.arange("2001-01-01", "2003-01-01", dtype="datetime64[D]")


def _rows(rng: np.random.Generator, n: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    start = rng.integers(0, CALENDAR.size - 15, n)
    return CALENDAR[start], CALENDAR[start + rng.integers(1, 15, n)]


def test_ten_dates_by_hand():
    days = CALENDAR[:10]
    found = expanding_splits(days, days + 1, splits=2, first_share=0.6, embargo=1)
    # Dates 6 and 7, then 8 and 9 are tested; an exit must lie before the date that is one before the first of them.
    assert [test.tolist() for _, test in found] == [[6, 7], [8, 9]]
    assert [train.tolist() for train, _ in found] == [[0, 1, 2, 3], [0, 1, 2, 3, 4, 5]]


def test_without_embargo_an_exit_on_the_first_tested_date_is_still_too_late():
    days = CALENDAR[:10]
    ((train, test),) = expanding_splits(days, days + 2, splits=1, first_share=0.5, embargo=0)
    assert train.tolist() == [0, 1, 2]
    assert test.tolist() == [5, 6, 7, 8, 9]


@given(seed=st.integers(0, 2**32 - 1), splits=st.integers(1, 6), share=st.floats(0.2, 0.8), embargo=st.integers(0, 30))
@settings(max_examples=40, deadline=None)
def test_windows_follow_each_other_and_nothing_is_known_too_late(seed, splits, share, embargo):
    dates, exits = _rows(np.random.default_rng(seed))
    trading = np.unique(dates)
    found = expanding_splits(dates, exits, splits=splits, first_share=share, embargo=embargo)
    assert len(found) == splits
    tested = np.concatenate([np.unique(dates[test]) for _, test in found])
    assert np.array_equal(tested, trading[-tested.size :]), "the windows tile the end, in order, without a gap"
    for train, test in found:
        first = dates[test].min()
        between = (trading > exits[train].max()) & (trading < first)
        assert between.sum() >= embargo
        whole_dates = np.isin(dates, np.unique(dates[test]))
        assert np.array_equal(np.flatnonzero(whole_dates), test)
    for (earlier, _), (later, _) in pairwise(found):
        assert set(earlier) <= set(later)


def test_the_order_of_the_rows_does_not_matter():
    rng = np.random.default_rng(0)
    dates, exits = _rows(rng)
    order = rng.permutation(dates.size)
    straight = expanding_splits(dates, exits, splits=3, first_share=0.4)
    mixed = expanding_splits(dates[order], exits[order], splits=3, first_share=0.4)
    for ours, theirs in zip(straight, mixed, strict=True):
        assert all(set(order[b]) == set(a) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(
    ("days", "exits", "message"),
    [
        (CALENDAR[:4], CALENDAR[1:5], "4 dates are too few for 3 purged splits with an embargo of 5"),
        (CALENDAR[:9], CALENDAR[:9] - 1, "on or after its date"),
        (CALENDAR[:9], np.full(9, np.datetime64("NaT")), "needs an exit date"),
    ],
)
def test_rows_that_cannot_be_split_are_refused(days, exits, message):
    with pytest.raises(InputError, match=message):
        expanding_splits(days, exits, splits=3, first_share=0.4)
