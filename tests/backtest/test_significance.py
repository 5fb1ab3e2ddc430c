"""Sharpe ratio statistics: the numbers printed in the papers, and a reference that enumerates in plain Python."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from barograph.backtest import (
    deflated_sharpe_ratio,
    minimum_track_record_length,
    probabilistic_sharpe_ratio,
    probability_of_backtest_overfitting,
)
from barograph.errors import InputError


def test_psr_of_the_hedge_fund_in_bailey_and_lopez_de_prado_2012() -> None:
    sharpe = 1.59 / np.sqrt(12)
    assert probabilistic_sharpe_ratio(sharpe, 24, 0.0, 3.0) == pytest.approx(0.982, abs=1e-3)
    assert probabilistic_sharpe_ratio(sharpe, 24, -2.448, 10.164) == pytest.approx(0.913, abs=1e-3)


def test_dsr_of_the_example_in_bailey_and_lopez_de_prado_2014() -> None:
    sharpe, variance = 2.5 / np.sqrt(250), 0.5 / 250
    assert deflated_sharpe_ratio(sharpe, 1250, -3.0, 10.0, 100, variance) == pytest.approx(0.9004, abs=1e-4)
    assert deflated_sharpe_ratio(sharpe, 1250, -3.0, 10.0, 46, variance) == pytest.approx(0.9505, abs=1e-4)
    assert deflated_sharpe_ratio(sharpe, 1250, 0.0, 3.0, 88, variance) == pytest.approx(0.9505, abs=1e-4)


def test_track_record_lengths_of_the_table_in_bailey_and_lopez_de_prado_2012() -> None:
    """An annual Sharpe ratio of 2 exceeds 1 at 95 % after so many years, of daily, weekly and monthly returns."""
    for periods, years in ((250, 2.73), (52, 2.83), (12, 3.24)):
        length = minimum_track_record_length(2 / np.sqrt(periods), 0.0, 3.0, 1 / np.sqrt(periods))
        assert length / periods == pytest.approx(years, abs=0.005)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 0.3), st.floats(-1, 1), st.floats(3, 9), st.floats(0.6, 0.999))
def test_a_record_of_the_minimum_length_has_just_that_probability(
    sharpe: float, skew: float, kurtosis: float, level: float
) -> None:
    length = minimum_track_record_length(sharpe, skew, kurtosis, sharpe / 2, level=level)
    z = np.sqrt(length - 1) * sharpe / 2 / np.sqrt(1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2)
    assert stats.norm.cdf(z) == pytest.approx(level)
    assert minimum_track_record_length(sharpe, skew, kurtosis, sharpe) == np.inf
    with pytest.raises(InputError, match=r"level: 0\.5 given"):
        minimum_track_record_length(sharpe, skew, kurtosis, level=0.5)


def test_psr_is_a_half_at_the_benchmark() -> None:
    assert probabilistic_sharpe_ratio(0.1, 500, -1.0, 8.0, benchmark=0.1) == 0.5


def test_psr_of_normal_returns_is_uniform_under_the_null() -> None:
    returns = np.random.default_rng(0).normal(0.001, 0.01, size=(2000, 250))
    sharpe = returns.mean(axis=1) / returns.std(axis=1, ddof=1)
    moments = zip(sharpe, stats.skew(returns, axis=1), stats.kurtosis(returns, axis=1, fisher=False), strict=True)
    values = [probabilistic_sharpe_ratio(s, 250, g3, g4, benchmark=0.1) for s, g3, g4 in moments]
    assert np.mean(np.array(values) > 0.95) == pytest.approx(0.05, abs=0.015)


def test_one_trial_needs_no_deflation() -> None:
    assert deflated_sharpe_ratio(0.1, 500, 0.0, 3.0, 1, 0.2) == probabilistic_sharpe_ratio(0.1, 500, 0.0, 3.0)


@pytest.mark.parametrize(
    "arguments",
    [(0.1, 1, 0.0, 3.0, 5, 0.1), (1.0, 9, 3.0, 1.0, 5, 0.1), (0.1, 9, 0.0, 3.0, 0, 0.1), (0.1, 9, 0.0, 3.0, 5, -0.1)],
)
def test_impossible_input_is_refused(arguments: tuple[float, int, float, float, int, float]) -> None:
    with pytest.raises(InputError):
        deflated_sharpe_ratio(*arguments)


def _enumerated(returns: np.ndarray, n_blocks: int) -> float:
    blocks, logits = np.array_split(returns, n_blocks), []
    for chosen in combinations(range(n_blocks), n_blocks // 2):
        inside = np.concatenate([blocks[b] for b in chosen])
        outside = np.concatenate([blocks[b] for b in range(n_blocks) if b not in chosen])
        best = np.argmax(inside.mean(axis=0) / inside.std(axis=0))
        rank = stats.rankdata(outside.mean(axis=0) / outside.std(axis=0))[best]
        relative = rank / (returns.shape[1] + 1)
        logits.append(np.log(relative / (1 - relative)))
    return float(np.mean(np.array(logits) <= 1e-12))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 9), st.sampled_from([2, 4, 6, 8]), st.integers(40, 61))
def test_pbo_agrees_with_enumeration(seed: int, trials: int, n_blocks: int, days: int) -> None:
    returns = np.random.default_rng(seed).normal(0.02, 1.0, size=(days, trials))
    assert probability_of_backtest_overfitting(returns, n_blocks) == pytest.approx(_enumerated(returns, n_blocks))


def test_pbo_of_a_truly_better_trial_is_zero_and_of_a_perverse_one_is_one() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, size=(400, 10))
    better = noise + np.where(np.arange(10) == 3, 0.02, 0.0)
    assert probability_of_backtest_overfitting(better, 10) == 0.0
    # Two blocks, each trial good in one of them only: the winner of either half is the loser of the other.
    seesaw = np.random.default_rng(1).normal(0, 0.01, size=(200, 2))
    seesaw[:100, 0] += 0.05
    seesaw[100:, 1] += 0.05
    assert probability_of_backtest_overfitting(seesaw, 2) == 1.0


def test_pbo_of_noise_is_about_a_half() -> None:
    rng = np.random.default_rng(2)
    values = [probability_of_backtest_overfitting(rng.normal(size=(240, 20)), 8) for _ in range(60)]
    assert np.mean(values) == pytest.approx(0.5, abs=0.1)


def test_pbo_of_trials_that_never_move() -> None:
    returns = np.column_stack([np.full(40, 0.1), np.random.default_rng(3).normal(5, 1, 40)])
    assert probability_of_backtest_overfitting(returns, 4) == 0.0


@pytest.mark.parametrize(
    ("shape", "n_blocks"), [((40, 1), 4), ((40,), 4), ((40, 3), 3), ((40, 3), 0), ((10, 3), 6), ((0, 3), 2)]
)
def test_pbo_refuses(shape: tuple[int, ...], n_blocks: int) -> None:
    with pytest.raises(InputError):
        probability_of_backtest_overfitting(np.random.default_rng(0).normal(size=shape), n_blocks)
