"""p-values of resampled figures: Student's t of SciPy, and what is undefined."""

import numpy as np
import pytest
from scipy.stats import t

from barograph.scoring.significance import student_p_values


@pytest.mark.parametrize("cases", [2.0, 2.5, 16.0])
def test_the_figure_over_its_error_is_compared_with_students_t(cases: float) -> None:
    samples = np.random.default_rng(3).normal([0.1, -0.3, 2.0], [1.0, 0.2, 0.5], (500, 3))
    values = np.array([0.1, -0.35, 2.1])
    expected = [
        2 * t.sf(abs(v) / np.std(column, ddof=1) * np.sqrt((cases - 1) / cases), cases - 1)
        for v, column in zip(values, samples.T, strict=True)
    ]
    np.testing.assert_allclose(student_p_values(values, samples, cases), expected, rtol=1e-12)


def test_what_never_differs_from_zero_has_a_p_value_of_one_and_what_never_varies_of_zero() -> None:
    assert student_p_values([0.0, 0.1], np.zeros((50, 2)), 5).tolist() == [1.0, 0.0]


def test_undefined_resamples_are_left_out_unless_they_are_more_than_half() -> None:
    samples = np.random.default_rng(4).normal(1, 1, (100, 2))
    samples[:50, 0] = samples[:51, 1] = np.nan
    few, many = student_p_values([1.0, 1.0], samples, 6)
    assert few == pytest.approx(2 * t.sf(1 / np.std(samples[50:, 0], ddof=1) * np.sqrt(5 / 6), 5))
    assert np.isnan(many)
