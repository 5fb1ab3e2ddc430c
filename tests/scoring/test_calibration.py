"""Expected calibration error against hand-worked values and scikit-learn's reliability curve."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from barograph.errors import InputError
from barograph.scoring import expected_calibration_error


def test_hand_worked() -> None:
    p, y = [0.05, 0.05, 0.65, 0.65, 0.65, 1.0], [0, 1, 1, 1, 0, 1]
    expected = (2 * abs(0.5 - 0.05) + 3 * abs(2 / 3 - 0.65) + 1 * 0) / 6
    assert expected_calibration_error(p, y) == pytest.approx(expected)


def test_certain_and_right_is_zero_and_certain_and_wrong_is_one() -> None:
    assert expected_calibration_error([0.0, 1.0], [0, 1]) == 0.0
    assert expected_calibration_error([0.0, 1.0], [1, 0]) == 1.0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 20), st.sampled_from([7, 300]))
def test_agrees_with_the_reliability_curve(seed: int, bins: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    p = np.round(rng.random(n), 2)
    y = (rng.random(n) < p).astype(int)
    frequency, stated = calibration_curve(y, p, n_bins=bins)
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    sizes = np.bincount(np.array([np.sum(inner < value) for value in p]), minlength=bins)
    expected = np.sum(sizes[sizes > 0] * np.abs(frequency - stated)) / n
    assert expected_calibration_error(p, y, bins) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("p", "y", "bins"),
    [([], [], 10), ([0.5], [0, 1], 10), ([1.1], [1], 10), ([np.nan], [1], 10), ([0.5], [2], 10), ([0.5], [1], 0)],
)
def test_refuses(p: list[float], y: list[int], bins: int) -> None:
    with pytest.raises(InputError):
        expected_calibration_error(p, y, bins)
