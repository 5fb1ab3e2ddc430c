"""Average uniqueness against worked examples and a direct count."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.errors import InputError
from barograph.labels import average_uniqueness


def test_worked_example():
    # Lives 0-2, 2-3 and 4-5: only bar 2 is shared.
    assert average_uniqueness([0, 2, 4], [2, 3, 5], 6) == pytest.approx([(1 + 1 + 0.5) / 3, (0.5 + 1) / 2, 1.0])


@given(lives=st.lists(st.tuples(st.integers(0, 19), st.integers(0, 8)), min_size=1, max_size=15))
@settings(max_examples=50, deadline=None)
def test_agrees_with_counting(lives):
    spans = [(start, min(start + length, 19)) for start, length in lives]
    concurrency = [sum(a <= bar <= b for a, b in spans) for bar in range(20)]
    expected = [np.mean([1 / concurrency[bar] for bar in range(a, b + 1)]) for a, b in spans]
    assert average_uniqueness([a for a, _ in spans], [b for _, b in spans], 20) == pytest.approx(expected)


@pytest.mark.parametrize(("start", "end"), [([-1], [2]), ([3], [2]), ([0], [10])])
def test_lives_outside_the_series_are_refused(start, end):
    with pytest.raises(InputError, match="label lives"):
        average_uniqueness(start, end, 10)
