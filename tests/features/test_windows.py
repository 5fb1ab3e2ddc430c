"""Rolling windows against the plain definition, one window at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.features import windows

SERIES = st.lists(st.floats(-1e3, 1e3, allow_subnormal=False), min_size=1, max_size=40).map(np.array)


def each_window(x: np.ndarray, window: int, statistic: object) -> np.ndarray:
    out = np.full(len(x), np.nan)
    for last in range(window - 1, len(x)):
        out[last] = statistic(x[last - window + 1 : last + 1])  # type: ignore[operator]
    return out


@settings(deadline=None, max_examples=60)
@given(SERIES, st.integers(2, 9))
def test_sums_and_moments_equal_their_definitions(x: np.ndarray, window: int) -> None:
    np.testing.assert_allclose(windows.window_sum(x, window), each_window(x, window, np.sum), atol=1e-9)
    np.testing.assert_allclose(windows.window_mean(x, window), each_window(x, window, np.mean), atol=1e-9)
    variance = each_window(x, window, lambda part: np.var(part, ddof=1))
    np.testing.assert_allclose(windows.window_variance(x, window), variance, rtol=1e-6, atol=1e-5)


@settings(deadline=None, max_examples=60)
@given(SERIES, st.integers(2, 9))
def test_rank_counts_the_values_below_and_half_the_ties(x: np.ndarray, window: int) -> None:
    expected = each_window(np.round(x, -2), window, lambda p: (np.sum(p < p[-1]) + np.sum(p == p[-1]) / 2) / window)
    np.testing.assert_array_equal(windows.window_rank(np.round(x, -2), window), expected)


def test_covariance_and_correlation_equal_numpys() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 50))
    last = slice(-20, None)
    assert windows.window_covariance(x, y, 20)[-1] == pytest.approx(np.cov(x[last], y[last])[0, 1])
    assert windows.window_correlation(x, y, 20)[-1] == pytest.approx(np.corrcoef(x[last], y[last])[0, 1])


def test_neither_nan_nor_rounding_outlives_its_window() -> None:
    x = np.ones(40)
    x[5], x[12] = np.nan, 1e300
    total = windows.window_sum(x, 4)
    assert np.isnan(total[5:9]).all()
    np.testing.assert_array_equal(total[16:], 4.0)


def test_a_constant_has_no_variance_and_no_correlation() -> None:
    constant = np.full(30, 0.1)
    np.testing.assert_array_equal(windows.window_variance(constant, 7)[6:], 0.0)
    assert np.isnan(windows.window_correlation(constant, np.arange(30.0), 7)).all()


@settings(deadline=None, max_examples=40)
@given(SERIES, SERIES, st.integers(2, 9))
def test_a_longer_series_changes_no_bit_of_the_past(x: np.ndarray, more: np.ndarray, window: int) -> None:
    longer = np.concatenate([x, more])
    for statistic in (windows.window_sum, windows.window_variance, windows.window_rank):
        np.testing.assert_array_equal(statistic(longer, window)[: len(x)], statistic(x, window))


def test_a_series_shorter_than_the_window_has_no_value() -> None:
    for statistic in (windows.window_sum, windows.window_std, windows.window_rank, windows.lag):
        assert np.isnan(statistic(np.ones(3), 5)).all()
