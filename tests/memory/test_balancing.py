"""Exact shares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.errors import InputError
from barograph.memory import balanced_counts
from barograph.memory.balancing import draw_copies
from barograph.names import REGIMES

TARGETS = dict(zip(REGIMES, (0.2, 0.4, 0.2, 0.1, 0.1), strict=True))


def test_a_thousand_rows_at_the_default_targets():
    counts = balanced_counts(dict.fromkeys(REGIMES, 10_000), TARGETS, 1000)
    assert list(counts.values()) == [200, 400, 200, 100, 100]


def test_a_regime_without_rows_gives_its_share_pro_rata():
    available = dict.fromkeys(REGIMES, 10_000) | {"crash": 0, "recovery": 0}
    assert balanced_counts(available, TARGETS, 1000) == {
        "low_volatility": 250,
        "normal": 500,
        "high_volatility": 250,
        "crash": 0,
        "recovery": 0,
    }


def test_at_most_ten_copies_and_the_rest_redistributed():
    available = dict.fromkeys(REGIMES, 10_000) | {"crash": 3}
    counts = balanced_counts(available, TARGETS, 1000)
    assert counts["crash"] == 30
    assert sum(counts.values()) == 1000
    assert counts["normal"] == pytest.approx(970 * 0.4 / 0.9, abs=1)


def test_largest_remainder():
    assert balanced_counts({"a": 9, "b": 9, "c": 9}, {"a": 0.5, "b": 0.3, "c": 0.2}, 9) == {"a": 4, "b": 3, "c": 2}


shares = st.dictionaries(st.sampled_from("abcde"), st.floats(0, 1), min_size=1)


@given(shares, st.dictionaries(st.sampled_from("abcde"), st.integers(0, 40)), st.integers(0, 900), st.integers(1, 10))
@settings(max_examples=150, deadline=None)
def test_counts_are_exact_and_within_capacity(targets, available, total, max_copies):
    counts = balanced_counts(available, targets, total, max_copies=max_copies)
    capacity = {group: available.get(group, 0) * max_copies for group in targets}
    assert all(0 <= counts[group] <= capacity[group] for group in targets)
    assert sum(counts.values()) == min(total, sum(capacity[group] for group in targets if targets[group] > 0))


def test_negative_input_is_refused():
    with pytest.raises(InputError, match="negative"):
        balanced_counts({"a": -1}, {"a": 1.0}, 10)


@given(n=st.integers(1, 20), count=st.integers(0, 100), seed=st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_copies_are_as_even_as_they_can_be(n, count, seed):
    drawn = draw_copies(np.arange(n), count, np.random.default_rng(seed))
    times = np.bincount(drawn, minlength=n)
    assert drawn.size == count
    assert times.max() - times.min() <= 1
