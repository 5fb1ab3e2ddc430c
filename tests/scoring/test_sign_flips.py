"""The exact test over episodes: known answers, an oracle that lists every pattern, and what it must not find."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from barograph.errors import InputError
from barograph.names import BASELINES
from barograph.scoring import Forecasts, Part, sign_flip_test, weigh
from barograph.scoring.sign_flips import sign_flips
from tests.scoring.oracle import sign_flip_oracle

small = settings(max_examples=60, deadline=None)
whole = st.lists(st.integers(-9, 9), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([0.3], 1 / 2),
        ([-0.3], 1.0),
        ([0.3, 0.1, 2.0], 1 / 8),
        ([5.0, 0.1, 0.2, 0.3, 0.4], 1 / 32),
        # At least 5.0 are 5.2, and 5.0 twice.
        ([5.0, -0.1, 0.1], 3 / 8),
        ([1.0, 1.0, -1.0], 4 / 8),
        ([-1.0, -1.0, -1.0], 1.0),
        ([0.0, 0.0], 1.0),
        ([0.0, 1.0], 1 / 2),
    ],
)
def test_known_answers(differences: list[float], p: float) -> None:
    assert sign_flip_test(differences) == (p, 0.5 ** len(differences))


def test_sums_that_only_rounding_parts_are_ties() -> None:
    assert 0.1 + 0.2 - 0.3 > 0.0, "else nothing is shown"
    assert sign_flip_test([0.1, 0.2, -0.3])[0] == 5 / 8
    assert sign_flip_test([-0.1, -0.2, 0.3])[0] == 5 / 8


@small
@given(whole)
def test_up_to_twenty_episodes_it_lists_every_pattern(differences: list[int]) -> None:
    p, least = sign_flip_test(differences)
    assert p == sign_flip_oracle(differences)
    assert least <= p <= 1
    assert (p == least) == all(each > 0 for each in differences)


@small
@given(whole, st.floats(1e-6, 1e6))
def test_neither_scale_nor_order_matters(differences: list[int], scale: float) -> None:
    p = sign_flip_test(differences)[0]
    assert sign_flip_test(np.array(differences) * scale)[0] == p
    assert sign_flip_test(sorted(differences))[0] == p


@small
@given(whole)
def test_the_two_sides_leave_nothing_but_ties(differences: list[int]) -> None:
    ties = sum(
        sum(pattern) == sum(differences)
        for pattern in (
            [sign * each for sign, each in zip(signs, differences, strict=True)] for signs in _signs(differences)
        )
    )
    better, worse = sign_flip_test(differences)[0], sign_flip_test([-each for each in differences])[0]
    assert better + worse == pytest.approx(1 + ties / 2 ** len(differences), abs=1e-12)


def _signs(differences: list[int]) -> list[tuple[int, ...]]:
    return [
        tuple(2 * (number >> place & 1) - 1 for place in range(len(differences)))
        for number in range(2 ** len(differences))
    ]


@pytest.mark.parametrize("episodes", [20, 21, 40, 60])
@pytest.mark.parametrize("positive", [1.0, 0.7, 0.5])
def test_of_equal_differences_any_number_follows_the_binomial_distribution(episodes: int, positive: float) -> None:
    better = round(positive * episodes)
    p, least = sign_flip_test([0.02] * better + [-0.02] * (episodes - better))
    assert p == pytest.approx(binom.sf(better - 1, episodes, 0.5), rel=1e-12)
    assert least == 0.5**episodes


def test_many_episodes_are_counted_as_few_are_listed() -> None:
    rng = np.random.default_rng(3)
    for shift in (0.0, 0.2, 0.5):
        differences = (rng.standard_normal(22) + shift) * rng.lognormal(sigma=0.8, size=22)
        halves = [np.zeros(1), np.zeros(1)]
        for place, each in enumerate(differences):
            half = halves[place % 2]
            halves[place % 2] = np.concatenate([half - each, half + each])
        expected = (np.add.outer(*halves) >= differences.sum() - 1e-9).mean()
        assert sign_flip_test(differences)[0] == pytest.approx(expected, abs=1e-3)


def test_many_differences_of_zero_prove_nothing() -> None:
    assert sign_flip_test(np.zeros(30))[0] == 1.0


@pytest.mark.parametrize("episodes", [7, 30])
def test_without_an_effect_it_errs_as_often_as_it_says(episodes: int) -> None:
    rng, spread = np.random.default_rng(5), np.random.default_rng(6).lognormal(sigma=1.5, size=episodes)
    p = np.array([sign_flip_test(rng.standard_normal(episodes) * spread)[0] for _ in range(600)])
    for level in (0.05, 0.2, 0.5):
        assert (p <= level).mean() == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 600) + 0.5**episodes)


@pytest.mark.parametrize("wrong", [[], [0.1, np.nan], [np.inf], [[0.1, 0.2]], 0.1])
def test_what_is_no_row_of_numbers_is_refused(wrong: object) -> None:
    with pytest.raises(InputError, match=r"^differences: "):
        sign_flip_test(wrong)


def test_the_smallest_p_is_that_of_the_evidence() -> None:
    for episodes in (1, 3, 5, 7):
        assert sign_flip_test([1.0] * episodes)[1] == weigh([4] * episodes, 3).attainable_p == 2.0**-episodes


def test_an_episode_counts_with_the_sum_of_its_rows() -> None:
    """A long episode weighs more than a short one, as it does in the regime's mean; of means p would be 2 / 32."""
    date = np.array([0, 0, 1, 2, 3, 4, 4, 4, 4, 4])
    episode = np.array([0, 1, 2, 3, 4])
    better, worse = np.array([0.5, 0.2, 0.3]), np.array([0.3, 0.4, 0.3])
    model = np.where((date == 4)[:, None], worse, better)
    baseline = np.full((10, 3), 1 / 3)
    predictors = ["model", *BASELINES]
    forecasts = Forecasts(
        predictors, np.stack([model, baseline, baseline, baseline]), np.zeros(10, dtype=np.int64), date, 5, 10
    )
    found = sign_flips(Part(forecasts, np.arange(10)), episode)
    gains = np.array([2, 1, 1, 1, 0]) * np.log(1.5) + np.array([0, 0, 0, 0, 5]) * np.log(0.9)
    assert found["model"] == dict.fromkeys((f"sign_flip_p_{name}" for name in BASELINES), sign_flip_oracle(gains))
    assert sign_flip_oracle(gains) == 5 / 32
    assert set(found["prior"].values()) == {1.0}
    # Without the last episode's dates and rows.
    assert sign_flips(Part(forecasts, np.arange(5)), episode[:4])["model"]["sign_flip_p_prior"] == 1 / 16
