"""Importances from fold to fold: known answers."""

import pandas as pd
import pytest

from barograph.explain import fold_stability


def _stability(*folds):
    parts = [
        pd.DataFrame({"fold": fold, "feature": list("abcdefghijklmnop")[: len(own)], "importance": own})
        for fold, own in enumerate(folds)
    ]
    return fold_stability(pd.concat(parts, ignore_index=True).sample(frac=1, random_state=0))


def test_the_same_and_the_reverse():
    table = _stability([1.0, 2.0, 3.0], [10.0, 20.0, 900.0], [3.0, 2.0, 1.0])
    assert table["fold"].tolist() == [1, 2]
    assert table["rank_correlation"].tolist() == pytest.approx([1.0, -1.0])
    assert table["top_overlap"].tolist() == [1.0, 1.0]


def test_the_overlap_counts_the_ten_first():
    falling = [float(i) for i in range(14, 0, -1)]
    tenth_and_eleventh_swapped = [*falling[:9], falling[10], falling[9], *falling[11:]]
    assert _stability(falling, tenth_and_eleventh_swapped)["top_overlap"].tolist() == [0.9]


def test_features_of_no_use_are_not_among_the_first():
    table = _stability([5.0, 4.0, 0.0, 0.0], [5.0, 0.0, -1.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, -1.0, 0.0])
    assert table["top_overlap"].tolist()[:2] == [0.5, 0.0]
    assert pd.isna(table["top_overlap"].iloc[2])
    assert table["rank_correlation"].isna().tolist() == [False, True, True]


def test_a_feature_that_one_of_two_folds_dropped_counts_as_no_use_in_it():
    folds = [pd.DataFrame({"feature": list("abcd"), "importance": [4.0, 3.0, 2.0, 1.0]})]
    folds.append(pd.DataFrame({"feature": list("acde"), "importance": [4.0, 2.0, 1.0, 3.0]}))
    folds.append(pd.DataFrame({"feature": list("ace"), "importance": [4.0, 2.0, 3.0]}))
    table = fold_stability(pd.concat(own.assign(fold=fold) for fold, own in enumerate(folds)))
    # Ranks of a to e: 5 4 3 2 1 and 5 1 3 2 4, then without b 4 2 1 3 and 4 2 1 3.
    assert table["rank_correlation"].tolist() == pytest.approx([1 - 6 * 18 / (5 * 24), 1.0])
    assert table["top_overlap"].tolist() == pytest.approx([3 / 4, 3 / 4])


def test_a_single_fold_has_nothing_before_it():
    assert _stability([1.0, 2.0]).empty
