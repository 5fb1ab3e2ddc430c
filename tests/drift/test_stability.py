"""Population stability index: known answers, and what it must not miss."""

import numpy as np
import pytest

from barograph.drift import population_stability_index
from barograph.drift.distances import quantiles_of_sorted
from barograph.errors import InputError


def test_equal_samples_have_none() -> None:
    values = np.random.default_rng(0).normal(size=1000)
    assert population_stability_index(values, values) == 0.0
    assert population_stability_index(values, np.tile(values, 3)) == pytest.approx(0.0, abs=1e-12)


def test_hand_worked_two_bins() -> None:
    reference, current = [0.0, 1.0, 2.0, 3.0], [0.0, 2.0, 2.0, 3.0]
    expected = (0.75 - 0.5) * np.log(0.75 / 0.5) + (0.25 - 0.5) * np.log(0.25 / 0.5)
    assert population_stability_index(reference, current, bins=2) == pytest.approx(expected)


def test_matches_a_plain_histogram() -> None:
    rng = np.random.default_rng(1)
    reference, current = rng.normal(size=5000), rng.normal(0.3, 1.2, size=4000)
    edges = np.quantile(reference, np.linspace(0, 1, 11))
    edges[0], edges[-1] = -np.inf, np.inf
    before = np.histogram(reference, edges)[0] / reference.size
    after = np.histogram(current, edges)[0] / current.size
    expected = sum((c - r) * np.log(c / r) for r, c in zip(before, after, strict=True))
    assert population_stability_index(reference, current) == pytest.approx(expected)


@pytest.mark.parametrize("size", [1, 2, 7, 1000, 4321])
def test_quantiles_of_sorted_values_are_numpys(size: int) -> None:
    shares = np.linspace(0, 1, 12)
    values = np.sort(np.random.default_rng(size).lognormal(size=size))
    assert np.array_equal(quantiles_of_sorted(values, shares), np.quantile(values, shares))


def test_sees_a_flag_that_flips_more_often() -> None:
    rare, frequent = np.repeat([0.0, 1.0], [95, 5]), np.repeat([0.0, 1.0], [60, 40])
    expected = (0.4 - 0.05) * np.log(0.4 / 0.05) + (0.6 - 0.95) * np.log(0.6 / 0.95)
    assert population_stability_index(rare, frequent) == pytest.approx(expected)


def test_sees_a_constant_move() -> None:
    for moved in (1.0, -1.0):
        assert population_stability_index(np.zeros(50), np.full(50, moved)) > 5


def test_leaves_nan_out() -> None:
    reference, current = np.arange(100.0), np.arange(30.0, 130.0)
    assert population_stability_index(np.append(reference, np.nan), current) == population_stability_index(
        reference, current
    )


@pytest.mark.parametrize(("reference", "bins"), [([], 10), ([np.nan], 10), ([1.0, 2.0], 1)])
def test_refuses(reference: list[float], bins: int) -> None:
    with pytest.raises(InputError):
        population_stability_index(reference, [1.0], bins=bins)
