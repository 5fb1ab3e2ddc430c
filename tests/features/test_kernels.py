"""The compiled loops that the windows and the engine stand on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.features import kernels

SERIES = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=60).map(np.array)


@settings(deadline=None, max_examples=60)
@given(SERIES, st.integers(1, 12))
def test_sums_taken_together_have_the_bits_of_sums_taken_alone(x: np.ndarray, window: int) -> None:
    y = np.roll(x, 3) + 0.1
    alone = [kernels.block_sums(values, window) for values in (x, y, x * x, y * y, x * y)]
    np.testing.assert_array_equal(kernels.block_moments(x, window), [alone[0], alone[2]])
    np.testing.assert_array_equal(kernels.block_comoments(x, y, window), alone)


def test_a_window_is_the_end_of_one_block_and_the_beginning_of_the_next() -> None:
    """With blocks of three: 1 | 1 + 2 | 1 + 2 + 3 and then (2 + 3) + 4, where the large number has left for good."""
    x = np.array([1e20, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    np.testing.assert_array_equal(kernels.block_sums(x, 3), [np.nan, np.nan, 1e20, 9.0, 12.0, 15.0, 18.0])


@pytest.mark.parametrize(
    ("x", "found"),
    [([], False), ([3.0, -3.0, np.nan], False), ([0.0, np.nan, -3.1], True), ([np.inf], True), ([-np.inf, 0.0], True)],
)
def test_what_is_too_large_is_found_whatever_its_sign(x: list[float], found: bool) -> None:
    assert kernels.any_beyond(np.array(x, dtype=float), 3.0) is found


@settings(deadline=None, max_examples=60)
@given(SERIES, st.integers(1, 12))
def test_the_rank_is_that_of_the_last_value_in_its_window(x: np.ndarray, window: int) -> None:
    x = np.round(x / 4e5)
    for t, rank in enumerate(kernels.rank_of_last(x, window)):
        part = sorted(x[max(t - window + 1, 0) : t + 1].tolist())
        if len(part) < window:
            assert np.isnan(rank)
        else:
            assert rank * window == pytest.approx((part.index(x[t]) + (window - part[::-1].index(x[t]))) / 2)
