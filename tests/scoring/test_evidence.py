"""What episodes of different length are worth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.errors import InputError
from barograph.scoring import effective_number, weigh

lengths = st.lists(st.integers(1, 300), min_size=1, max_size=12)
CRASHES = [74, 2, 22, 2, 17, 1, 8]


def test_the_crashes_of_2007_to_2022_are_worth_two_and_a_half():
    found = weigh(CRASHES, 3)
    assert found.episodes == 7
    assert found.effective == pytest.approx(126**2 / 6322)
    assert found.attainable_p == 1 / 128
    # Two more of 8 days: 142**2 / (6322 + 2 * 64) is 3.13; with one it is 2.8.
    assert (found.more, found.sufficient) == (2, False)


@pytest.mark.parametrize(
    ("given_lengths", "min_episodes", "more"),
    [([10] * 4, 3, 1), ([10] * 5, 3, 0), ([10] * 5, 6, 1), ([10], 1, 4), ([10] * 9, 9, 0)],
)
def test_both_the_number_and_the_exact_test_must_allow_a_verdict(given_lengths, min_episodes, more):
    assert weigh(given_lengths, min_episodes).more == more


@given(lengths, st.integers(1, 8))
def test_the_episodes_asked_for_are_enough_and_one_fewer_is_not(found, min_episodes):
    asked = weigh(found, min_episodes)
    for more, enough in ((asked.more, True), (asked.more - 1, False)):
        if more >= 0:
            longer = [*found, *[np.median(found)] * more]
            assert (effective_number(longer) >= min_episodes and len(longer) >= 5) == enough


@given(lengths, st.integers(2, 5))
def test_an_effective_number_lies_between_one_and_the_number_and_scale_does_not_matter(found, scale):
    worth = effective_number(found)
    assert worth * (1 + 1e-12) >= 1
    assert worth <= len(found) * (1 + 1e-12)
    assert effective_number([scale * length for length in found]) == pytest.approx(worth)
    assert effective_number([found[0]] * len(found)) == pytest.approx(len(found))


@pytest.mark.parametrize("wrong", [[], [3, 0], [-1.0], [float("nan")]])
def test_episodes_without_length_are_refused(wrong):
    with pytest.raises(InputError, match=r"^lengths: "):
        weigh(wrong, 3)
