"""Fractional differencing against orders whose answer is known."""

import numpy as np
import pytest

from barograph.errors import InputError
from barograph.labels import fractional_difference


def test_order_one_is_the_first_difference():
    x = np.array([1.0, 4.0, 9.0, 16.0])
    assert fractional_difference(x, 1.0, threshold=1e-5)[1:] == pytest.approx([3, 5, 7])


def test_order_zero_is_the_series():
    x = np.array([1.0, 4.0, 9.0])
    assert fractional_difference(x, 0.0, threshold=1e-5) == pytest.approx(x)


def test_order_one_half_by_hand():
    # Weights 1, -1/2, -1/8, -1/16; the next, -5/128, is below the threshold.
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    result = fractional_difference(x, 0.5, threshold=0.05)
    assert np.isnan(result[:3]).all()
    assert result[3:] == pytest.approx([4 - 1.5 - 0.25 - 0.0625, 5 - 2 - 0.375 - 0.125])


def test_a_series_shorter_than_the_window_has_no_value():
    assert np.isnan(fractional_difference(np.arange(4.0), 0.4, threshold=1e-4)).all()


@pytest.mark.parametrize(("d", "threshold"), [(-0.1, 0.01), (0.5, 0.0), (0.5, 1.0)])
def test_bad_settings_are_refused(d, threshold):
    with pytest.raises(InputError, match="fractional differencing"):
        fractional_difference(np.arange(5.0), d, threshold=threshold)
