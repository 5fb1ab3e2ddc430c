"""The test of champion and challenger: its level by enumeration, its bound, and that it looks at no later date."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.errors import InputError
from barograph.gate import brier_differences, sequential_p_values
from barograph.typing import Floats

LEVEL = 0.05


def _overlapping(coins: Floats, lag: int) -> Floats:
    """Sum the next coins of each date: fair given the past, as labels of so many days would be."""
    return np.convolve(coins, np.ones(lag), "valid")


def _values(difference: Floats, worst: Floats, lag: int, level: float = LEVEL) -> Floats:
    known = np.arange(difference.size) + lag
    return sequential_p_values(
        np.where(known < difference.size, difference, np.nan), worst, known, lag=lag, level=level
    )


@pytest.mark.parametrize(("lag", "level"), [(1, 0.05), (1, 0.2), (1, 0.5), (2, 0.2), (2, 0.5), (3, 0.35), (3, 0.5)])
def test_of_all_futures_at_most_the_level_ever_rejects_equal_models(lag: int, level: float) -> None:
    days, rejected = 12, 0
    futures = list(itertools.product([-1.0, 1.0], repeat=days - 1))
    for coins in futures:
        known = _overlapping(np.array(coins), lag)
        difference = np.full(days, np.nan)
        difference[: known.size] = known
        rejected += _values(difference, np.full(days, float(lag)), lag, level)[-1] <= level
    assert 0 < rejected <= level * len(futures)


def test_a_steady_advantage_is_found_and_a_steady_disadvantage_never() -> None:
    worst = np.full(400, 0.1)
    noise = 0.02 * np.tile([1.0, -1.0], 200)
    better, worse = _values(0.02 + noise, worst, 14), _values(-0.02 + noise, worst, 14)
    assert better[20] > LEVEL >= better[-1]
    assert (worse == 1.0).all()


def test_one_stake_at_a_time_by_hand() -> None:
    """With labels of one day wealth is multiplied by 1 + 0.5 d / w in one account and by 1 + d / w in the other."""
    found = sequential_p_values(
        np.array([0.1, -0.05, 0.2, np.nan]), np.full(4, 0.1), np.array([1, 2, 3, 0]), lag=1, level=0.01
    )
    half, whole = [1.0, 1.5, 1.125, 2.25], [1.0, 2.0, 1.0, 3.0]
    wealth = (np.array(half) + whole) / 2
    np.testing.assert_allclose(found, 1 / np.maximum.accumulate(wealth))


def test_betting_ends_where_the_level_is_reached() -> None:
    gains = np.array([0.1, 0.1, 0.1, -0.1, np.nan])
    found = sequential_p_values(gains, np.full(5, 0.1), np.arange(1, 6), lag=1, level=0.5)
    np.testing.assert_allclose(found, [1, 1 / 1.75, 1 / 3.125, 1 / 3.125, 1 / 3.125])


def _ledger(difference: Floats, worst: Floats, lag: int, risk: float) -> list[float]:
    """Keep one account in plain Python: what it has secured each day, never staking money that may be lost already."""
    cash, secured, bets = 1.0, [], []
    for day in range(len(difference)):
        cash += sum(stake * difference[made] for made, stake in bets if made + lag == day)
        bets = [(made, stake) for made, stake in bets if made + lag > day]
        free = cash - sum(stake * worst[made] for made, stake in bets)
        assert free > -1e-12
        secured.append(free)
        size = max(worst[day], sum(worst[: day + 1]) / (day + 1))
        bets.append((day, min(risk * cash / (lag * size), max(free, 0.0) / worst[day])))
    return secured


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 10_000), lag=st.integers(1, 6))
def test_every_bet_by_a_ledger(seed: int, lag: int) -> None:
    rng = np.random.default_rng(seed)
    worst = rng.uniform(0.01, 0.2, 40)
    difference = worst * np.where(rng.random(40) < 0.5, -1.0, rng.uniform(0, 1.4, 40))
    secured = np.mean([_ledger(difference, worst, lag, risk) for risk in (0.5, 1.0)], axis=0)
    expected = 1 / np.maximum.accumulate(np.maximum(secured, 1.0))
    np.testing.assert_allclose(_values(difference, worst, lag, level=1e-9), expected)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 10_000), cut=st.integers(1, 60), scale=st.sampled_from([0.5, 2.0, 8.0]))
def test_values_depend_on_no_later_date_and_on_no_unit(seed: int, cut: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    worst = rng.uniform(0.0, 0.2, 60)
    difference = np.maximum(rng.normal(0.05, 0.1, 60), -worst)
    whole = _values(difference, worst, 5)
    assert (np.diff(whole) <= 0).all()
    assert (whole > 0).all()
    np.testing.assert_array_equal(_values(difference[:cut], worst[:cut], 5), whole[:cut])
    np.testing.assert_allclose(_values(scale * difference, scale * worst, 5), whole)


def test_models_that_say_the_same_prove_nothing() -> None:
    assert _values(np.zeros(50), np.zeros(50), 14).tolist() == [1.0] * 50


def test_what_is_open_counts_as_lost() -> None:
    """However good the first outcomes, the money at stake on later ones is not yet won."""
    rich = np.full(20, 1.0)
    found = _values(rich, np.full(20, 1.0), 19, level=0.01)
    assert found[-1] == 1.0


def test_differences_and_their_bound_by_brute_force() -> None:
    rng = np.random.default_rng(0)
    champion, candidate = rng.dirichlet(np.ones(3), (2, 12))
    label, date = rng.integers(0, 3, 12), np.repeat(np.arange(4), 3)
    difference, worst = brier_differences(champion, candidate, label, date)

    def score(p: Floats, y: int) -> float:
        return sum((p[k] - (k == y)) ** 2 for k in range(3))

    for day in range(4):
        rows = range(3 * day, 3 * day + 3)
        gains = [score(champion[row], label[row]) - score(candidate[row], label[row]) for row in rows]
        assert difference[day] == pytest.approx(sum(gains) / 3)
        lowest = [min(score(champion[row], y) - score(candidate[row], y) for y in range(3)) for row in rows]
        assert worst[day] == pytest.approx(-sum(lowest) / 3)


def test_a_date_with_an_unknown_label_is_not_known() -> None:
    probabilities = np.tile([0.2, 0.5, 0.3], (4, 1))
    difference, worst = brier_differences(probabilities, probabilities, np.array([0, 1, 2, -1]), np.array([0, 0, 1, 1]))
    assert difference[0] == 0.0
    assert np.isnan(difference[1])
    assert worst.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"difference": [-0.3, 0.0]}, r"difference: date 0 has -0\.3, below its bound -0\.1"),
        ({"known": [1, 1]}, "known: date 1 is known on date 1; it must be later"),
        ({"lag": 0}, "lag: 0 given; it must be at least 1"),
        ({"level": 1.0}, r"level: 1\.0 given; it must lie between 0 and 1"),
    ],
)
def test_refusals(changes: dict[str, object], message: str) -> None:
    arguments = {"difference": [0.0, 0.0], "worst": [0.1, 0.1], "known": [1, 2], "lag": 1, "level": 0.05} | changes
    arrays = {key: np.array(arguments.pop(key)) for key in ("difference", "worst", "known")}
    with pytest.raises(InputError, match=message):
        sequential_p_values(**arrays, **arguments)  # type: ignore[arg-type]
