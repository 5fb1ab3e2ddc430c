"""The block bootstrap: what it draws, and that its intervals cover."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.errors import InputError
from barograph.randomness import generator
from barograph.scoring import (
    block_bootstrap_counts,
    episode_bootstrap_counts,
    interval,
    sharpe_difference_interval,
    sharpe_interval,
)
from barograph.scoring.slices import folds_of_decisions
from tests.scoring.oracle import widened, worth

small = settings(max_examples=40, deadline=None)


@small
@given(st.integers(1, 60), st.integers(1, 80), st.integers(1, 20), st.integers(0, 99))
def test_each_resample_draws_as_many_dates_as_there_are(n_dates: int, block: int, resamples: int, seed: int) -> None:
    counts = block_bootstrap_counts(n_dates, block, resamples, generator(seed))
    assert counts.shape == (resamples, n_dates)
    assert (counts >= 0).all()
    assert (counts.sum(axis=1) == n_dates).all()


def test_counts_are_circular_blocks() -> None:
    counts = block_bootstrap_counts(10, 4, 500, generator(0))
    starts = generator(0).integers(10, size=(500, 3))
    expected = np.zeros((500, 10), dtype=int)
    for resample, row in enumerate(starts):
        for start, length in zip(row, (4, 4, 2), strict=True):
            for day in range(start, start + length):
                expected[resample, day % 10] += 1
    np.testing.assert_array_equal(counts, expected)


def test_every_date_is_equally_likely() -> None:
    counts = block_bootstrap_counts(30, 7, 20_000, generator(1))
    np.testing.assert_allclose(counts.mean(axis=0), 1.0, atol=0.05)


@small
@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.integers(1, 15), st.integers(0, 99))
def test_episodes_are_drawn_whole(lengths: list[int], block: int, seed: int) -> None:
    episodes = np.repeat(np.arange(len(lengths)), lengths)
    counts = episode_bootstrap_counts(episodes, block, 30, generator(seed))
    drawn = np.stack([counts[:, episodes == e].sum(axis=1) / n for e, n in enumerate(lengths)], axis=1)
    assert (drawn == np.round(drawn)).all()
    assert (drawn.sum(axis=1) == len(lengths)).all()


@small
@given(st.lists(st.integers(1, 12), min_size=2, max_size=6), st.integers(0, 99))
def test_whole_episodes_have_each_of_their_dates_as_often(lengths: list[int], seed: int) -> None:
    episodes = np.repeat(np.arange(len(lengths)), lengths)
    counts = episode_bootstrap_counts(episodes, 3, 30, generator(seed), whole=True)
    copies = generator(seed).multinomial(len(lengths), np.full(len(lengths), 1 / len(lengths)), size=30)
    assert np.array_equal(counts, copies[:, episodes])


def test_a_single_episode_is_drawn_by_blocks_also_where_episodes_are_whole() -> None:
    ones = np.zeros(20, dtype=int)
    given = (ones, 4, 30)
    whole, blocks = (
        episode_bootstrap_counts(*given, generator(3), whole=True),
        episode_bootstrap_counts(*given, generator(3)),
    )
    assert np.array_equal(whole, blocks)
    assert len(np.unique(whole, axis=0)) > 1


def test_blocks_never_span_episodes() -> None:
    episodes = np.repeat([0, 1], [6, 6])
    counts = episode_bootstrap_counts(episodes, 6, 400, generator(2))
    assert {tuple(row) for row in counts} == {(2,) * 6 + (0,) * 6, (0,) * 6 + (2,) * 6, (1,) * 12}


@pytest.mark.parametrize("episodes", [[], [1, 1], [0, 2], [0, 1, 0]])
def test_episodes_must_be_numbered_in_order(episodes: list[int]) -> None:
    with pytest.raises(InputError):
        episode_bootstrap_counts(episodes, 5, 10, generator(0))


@pytest.mark.parametrize("arguments", [(0, 5, 10), (5, 0, 10), (5, 5, 0)])
def test_nothing_to_draw_is_refused(arguments: tuple[int, int, int]) -> None:
    with pytest.raises(InputError):
        block_bootstrap_counts(*arguments, generator(0))


def test_interval_is_the_percentiles_and_leaves_undefined_resamples_out() -> None:
    samples = np.column_stack([np.arange(101.0), np.where(np.arange(101) < 60, np.nan, 1.0), np.arange(101.0)])
    samples[0, 2] = np.nan
    low, high = interval(samples, 0.9)
    np.testing.assert_allclose(low, [5.0, np.nan, 5.95])
    np.testing.assert_allclose(high, [95.0, np.nan, 95.05])
    with pytest.raises(InputError):
        interval(samples, 1.0)


def _moving_average(rng: np.random.Generator, days: int, horizon: int = 14) -> np.ndarray:
    """Overlapping sums, as labels with a horizon of 14 days have them; true mean 0."""
    return np.convolve(rng.standard_normal(days + horizon - 1), np.ones(horizon) / horizon**0.5, "valid")


def test_blocks_cover_autocorrelated_data_where_single_days_do_not() -> None:
    rng, covered = generator(3), {1: 0, 21: 0}
    for _ in range(150):
        series = _moving_average(rng, 600)
        for block in covered:
            low, high = interval(block_bootstrap_counts(series.size, block, 150, rng) @ series, 0.95)
            covered[block] += bool(low <= 0 <= high)
    assert covered[1] / 150 < 0.6
    assert 0.82 < covered[21] / 150 <= 0.99


def test_episodes_cover_data_whose_episodes_differ_where_blocks_do_not() -> None:
    lengths = np.array([38, 241, 135, 261, 7, 65, 180, 132])
    episodes = np.repeat(np.arange(lengths.size), lengths)
    rng, blocks, both = generator(4), 0, 0
    for _ in range(150):
        own = [_moving_average(rng, n) + 0.6 * rng.standard_normal() for n in lengths]
        series = np.concatenate(own)
        low, high = interval(block_bootstrap_counts(series.size, 21, 200, rng) @ series, 0.95)
        blocks += bool(low <= 0 <= high)
        counts = episode_bootstrap_counts(episodes, 21, 200, rng)
        low, high = interval(counts @ series / counts.sum(axis=1), 0.95)
        both += bool(low <= 0 <= high)
    assert blocks / 150 < 0.75
    assert 0.82 < both / 150 <= 0.99


def _returns(seed: int, mean: float = 0.0005, days: int = 1500) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 0.01, days)


def test_sharpe_is_annualised_with_252_days_and_ddof_1() -> None:
    returns = _returns(0)
    estimate = sharpe_interval(returns, rng=generator(0))
    assert estimate.value == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(252))
    assert estimate.low < estimate.value < estimate.high


def test_sharpe_interval_equals_resampling_in_a_loop() -> None:
    returns = _returns(1, days=90)
    counts = block_bootstrap_counts(90, 21, 50, generator(7))
    resampled = [np.repeat(returns, row) for row in counts]
    ratios = [r.mean() / r.std(ddof=1) * np.sqrt(252) for r in resampled]
    estimate = sharpe_interval(returns, rng=generator(7), resamples=50, level=0.9)
    np.testing.assert_allclose([estimate.low, estimate.high], widened(estimate.value, ratios, 0.9, 90 / 21))


def test_sharpe_interval_has_the_width_of_theory() -> None:
    estimate = sharpe_interval(_returns(2), rng=generator(1))
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * np.sqrt(252 / 1500), rel=0.2)


def test_a_difference_from_itself_is_exactly_zero() -> None:
    returns = _returns(3)
    assert sharpe_difference_interval(returns, returns, rng=generator(0)) == (0.0, 0.0, 0.0)


def test_pairing_narrows_the_interval() -> None:
    market, own = _returns(4), 0.002 * np.random.default_rng(5).standard_normal(1500)
    paired = sharpe_difference_interval(market + own, market, rng=generator(0))
    alone = sharpe_interval(market, rng=generator(0))
    assert paired.high - paired.low < 0.5 * (alone.high - alone.low)
    assert paired.low < paired.value < paired.high


YEARS = np.repeat([3, 4, 5, 6, 7, 8], [60, 40, 50, 45, 55, 50])


def test_with_folds_whole_folds_are_drawn_first() -> None:
    market, own = _returns(6, days=300), _returns(7, days=300)
    counts = episode_bootstrap_counts(YEARS - 3, 21, 50, generator(7), whole=True)
    ratios = {
        name: np.array([r.mean() / r.std(ddof=1) * np.sqrt(252) for r in (np.repeat(returns, row) for row in counts)])
        for name, returns in (("own", own), ("market", market))
    }
    drawn = {"resamples": 50, "level": 0.9, "folds": YEARS}
    cases = worth([60, 40, 50, 45, 55, 50])
    alone = sharpe_interval(own, rng=generator(7), **drawn)
    np.testing.assert_allclose([alone.low, alone.high], widened(alone.value, ratios["own"], 0.9, cases))
    assert alone.value == sharpe_interval(own, rng=generator(7)).value
    gap = sharpe_difference_interval(own, market, rng=generator(7), **drawn)
    expected = widened(gap.value, ratios["own"] - ratios["market"], 0.9, cases)
    np.testing.assert_allclose([gap.low, gap.high], expected)


def test_a_single_fold_is_no_fold() -> None:
    returns = _returns(8, days=300)
    one = sharpe_interval(returns, rng=generator(0), folds=np.full(300, 4))
    assert one == sharpe_interval(returns, rng=generator(0))


def test_good_and_bad_years_widen_the_interval() -> None:
    years = np.repeat(np.arange(16), 252)
    luck = 0.002 * np.random.default_rng(9).standard_normal(16)
    uneven = _returns(9, days=years.size) + luck[years]
    blocks, folds = (sharpe_interval(uneven, rng=generator(0), folds=by) for by in (None, years))
    assert folds.high - folds.low > 1.5 * (blocks.high - blocks.low)


@pytest.mark.parametrize("folds", [[0, 1], [0, 1, 0], [[0, 0, 1]]])
def test_folds_are_checked(folds: list[int]) -> None:
    for call in (sharpe_interval, lambda returns, **more: sharpe_difference_interval(returns, returns, **more)):
        with pytest.raises(InputError, match=r"^folds: .* one for each of the 3 returns is needed, never decreasing"):
            call([0.1, 0.2, 0.3], rng=generator(0), folds=folds)


def test_a_day_has_the_fold_of_the_model_that_was_last_heard() -> None:
    predicted, fold = [10, 11, 14, 15], [2, 2, 3, 3]
    assert folds_of_decisions([9, 10, 11, 12, 13, 14, 15, 99], predicted, fold).tolist() == [2, 2, 2, 2, 2, 3, 3, 3]
    dates = np.array(predicted).astype("datetime64[D]")
    assert folds_of_decisions(dates[1:3] + 1, dates, fold).tolist() == [2, 3]


def test_returns_that_never_vary_have_no_sharpe() -> None:
    assert np.isnan(sharpe_interval(np.full(50, 0.001), rng=generator(0))).all()


@pytest.mark.parametrize(
    ("returns", "benchmark"), [([0.1], [0.1]), ([0.1, 0.2], [0.1, 0.2, 0.3]), ([0.1, np.nan], [0.1, 0.2])]
)
def test_returns_are_checked(returns: list[float], benchmark: list[float]) -> None:
    with pytest.raises(InputError):
        sharpe_difference_interval(returns, benchmark, rng=generator(0))
