"""Combinatorial purged cross-validation: every row is tested equally often, no life overlaps a test block's."""

from math import comb

import numpy as np
import pytest

from barograph.errors import InputError
from barograph.folds import CombinatorialPurgedCV

DAYS = np.arange("2010-01-01", "2011-01-01", dtype="datetime64[D]")


def test_lives_of_training_and_test_rows_never_overlap():
    rng = np.random.default_rng(0)
    start = rng.integers(0, DAYS.size - 10, 800)
    dates, exits = DAYS[start], DAYS[start + rng.integers(1, 10, 800)]
    splitter = CombinatorialPurgedCV(n_groups=5, n_test_groups=2, embargo=4)
    tested = np.zeros(800, int)
    splits = list(splitter.split(dates, exits))
    assert len(splits) == comb(5, 2)
    for train, test in splits:
        tested[test] += 1
        assert train.size
        for row in test[:60]:
            clear = (exits[train] < dates[row]) | (dates[train] > exits[row] + 4)
            assert clear.all()
    assert set(tested) == {comb(4, 1)}


def test_bad_rows_are_refused():
    splitter = CombinatorialPurgedCV(n_groups=3, n_test_groups=1)
    with pytest.raises(InputError, match="exit date"):
        list(splitter.split(DAYS[:10], DAYS[:10] - 1))
    with pytest.raises(InputError, match="groups"):
        list(splitter.split(DAYS[:2], DAYS[:2]))


@pytest.mark.parametrize(("life", "before", "after"), [(0, 4, 13), (1, 3, 14)])
def test_the_edges_of_a_test_block_by_hand(life, before, after):
    """Twenty dates in four groups; dates 5 to 9 are tested, and three more are embargoed after their last exit."""
    splitter = CombinatorialPurgedCV(n_groups=4, n_test_groups=1, embargo=3)
    train, test = list(splitter.split(DAYS[:20], DAYS[:20] + life))[1]
    assert test.tolist() == [5, 6, 7, 8, 9]
    assert train.tolist() == [*range(before + 1), *range(after, 20)]
