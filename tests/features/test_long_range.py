"""Long range: examples worked by hand, the statistics of statsmodels, and series whose memory is known."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.sandbox.stats.runs import runstest_1samp
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.tsa.stattools import acf, adfuller

from barograph import labels
from barograph.differencing import difference_weights, weighted_sums
from barograph.features import kernels, long_range

from .markets import Market


def persistent(phi: float, n: int = 4000, seed: int = 0) -> np.ndarray:
    """Draw returns each of which is `phi` times the one before plus noise."""
    noise = np.random.default_rng(seed).normal(0, 0.01, n)
    for t in range(1, n):
        noise[t] += phi * noise[t - 1]
    return noise


def test_fractional_weights_worked_by_hand() -> None:
    # w_k = -w_(k-1) (d - k + 1) / k with d = 1/2: 1, -1/2, 1/2 * -1/2 / 2 = -1/8, -1/16, -5/128
    assert difference_weights(0.5, 0.04).tolist() == [1, -1 / 2, -1 / 8, -1 / 16]
    assert difference_weights(0.5, 0.0390625).tolist() == [1, -1 / 2, -1 / 8, -1 / 16, -5 / 128]


def test_a_fractional_difference_worked_by_hand() -> None:
    log_price = np.array([1.0, 1.1, 1.3, 1.2])
    value = long_range.fractional_difference(np.diff(log_price), 0.5, 0.1)  # the weights 1, -1/2, -1/8
    # each from the first price of its window: 0.3 - 0.1 / 2 - 0 / 8, then 0.1 - 0.2 / 2 - 0 / 8
    assert value[1:].tolist() == pytest.approx([0.25, 0.0])
    assert np.isnan(value[0])


def test_it_is_that_of_the_labels_less_the_level_of_the_price(market: Market, features: pd.DataFrame) -> None:
    close = market.bars.loc[market.bars["symbol"] == "S01", "close"].to_numpy()
    plain = labels.fractional_difference(np.log(close), 0.4, threshold=1e-4)
    weights = difference_weights(0.4, 1e-4)
    level = np.append(np.full(weights.size - 1, np.nan), np.log(close)[: 1 - weights.size]) * weights.sum()
    mine = features.loc[features["symbol"] == "S01", "frac_diff_d40"]
    np.testing.assert_allclose(mine, plain - level, atol=1e-12)
    assert weights.size == 282


def test_hurst_exponent_and_variance_ratio_worked_by_hand() -> None:
    returns = np.array([0.01, 0.03, -0.02, 0.02])  # mean 0.01
    one = (0.00**2 + 0.02**2 + 0.03**2 + 0.01**2) / (4 - 1)
    # two-bar returns 0.04, 0.01, 0.00 less 0.02; m = q (n - q + 1) (1 - q / n) = 2 * 3 * 1/2
    two = (0.02**2 + 0.01**2 + 0.02**2) / 3
    hurst, (ratio,) = long_range.variance_growth(returns, 4, (1, 2))
    assert ratio[-1] == pytest.approx(two / one)
    assert ratio[-1] == pytest.approx(9 / 14)
    # the standard deviations sqrt(one) and sqrt(2 two) against ln 1 and ln 2
    assert hurst[-1] == pytest.approx((np.log(np.sqrt(2 * two)) - np.log(np.sqrt(one))) / np.log(2))
    assert hurst[-1] == pytest.approx(0.5 * np.log(9 / 7) / np.log(2))
    assert np.isnan(hurst[:3]).all()


def test_the_hurst_exponent_is_the_slope_of_a_regression() -> None:
    returns, steps = persistent(0.1, 300), (1, 2, 5, 10, 20)
    last = returns[-252:]
    deviations = []
    for step in steps:
        sums = np.convolve(last, np.ones(step), "valid") - step * last.mean()
        deviations.append(np.sqrt(step * np.sum(sums**2) / (step * (252 - step + 1) * (1 - step / 252))))
    expected = np.polyfit(np.log(steps), np.log(deviations), 1)[0]
    hurst, ratios = long_range.variance_growth(returns, 252, steps)
    assert hurst[-1] == pytest.approx(expected)
    assert [ratio[-1] for ratio in ratios] == pytest.approx(
        [deviation**2 / step / deviations[0] ** 2 for step, deviation in zip(steps[1:], deviations[1:], strict=True)]
    )


@pytest.mark.parametrize(("window", "step"), [(63, 5), (252, 5), (252, 10)])
def test_variance_ratios_of_all_windows_have_one_definition(
    market: Market, features: pd.DataFrame, window: int, step: int
) -> None:
    close = market.bars.loc[market.bars["symbol"] == "S02", "close"].to_numpy()
    r = np.diff(np.log(close))[-window:]
    sums = np.convolve(r, np.ones(step), "valid") - step * r.mean()
    ratio = np.sum(sums**2) / (step * (window - step + 1) * (1 - step / window)) / r.var(ddof=1)
    mine = features.loc[features["symbol"] == "S02", f"variance_ratio_{window}_{step}"].iloc[-1]
    assert mine == pytest.approx(ratio)


@pytest.mark.parametrize("end", [252, 400, 599])
def test_statistics_agree_with_statsmodels(market: Market, features: pd.DataFrame, end: int) -> None:
    close = market.bars.loc[market.bars["symbol"] == "S03", "close"].to_numpy()
    row, x = features[features["symbol"] == "S03"].iloc[end], np.log(close[: end + 1])
    r = np.diff(x)
    of_year, of_size = acf(r[-252:], nlags=10), acf(np.abs(r[-252:]), nlags=10)
    assert row[[f"autocorr_252_{k}" for k in (1, 5, 10)]].tolist() == pytest.approx(of_year[[1, 5, 10]].tolist())
    of_quarter = acf(r[-63:], nlags=10)
    assert row[[f"autocorr_63_{k}" for k in (1, 5, 10)]].tolist() == pytest.approx(of_quarter[[1, 5, 10]].tolist())
    assert row[[f"abs_autocorr_252_{k}" for k in (1, 10)]].tolist() == pytest.approx(of_size[[1, 10]].tolist())
    assert row["ljung_box_126_5"] == pytest.approx(acorr_ljungbox(r[-126:], lags=[5])["lb_stat"].iloc[0])
    assert row["runs_63"] == pytest.approx(runstest_1samp((r[-63:] > 0) * 1.0, cutoff=0.5, correction=False)[0])
    for window in (63, 252):
        assert row[f"dickey_fuller_{window}"] == pytest.approx(
            adfuller(x[-window - 1 :], maxlag=0, autolag=None, result_object=False)[0]
        )
        slope = np.polyfit(x[-window - 1 : -1], r[-window:], 1)[0]
        half_life = -np.log(2) / np.log(1 + slope) if slope < 0 else np.inf
        assert row[f"half_life_{window}"] == pytest.approx(min(half_life, window))


def test_a_half_life_worked_by_hand() -> None:
    log_price = np.array([0.08, 0.04, 0.02, 0.01])  # halves with every bar: the slope is -1/2, without a residual
    t, half_life = long_range.mean_reversion(np.exp(log_price), 3)
    assert half_life[-1] == pytest.approx(1.0)
    assert np.isnan(t[-1])


def test_a_price_that_runs_away_has_the_window_as_half_life() -> None:
    log_price = 0.01 * 1.1 ** np.arange(30)
    assert long_range.mean_reversion(np.exp(log_price), 10)[1][10:].tolist() == pytest.approx([10.0] * 20)


def test_a_price_that_overshoots_has_no_half_life() -> None:
    log_price = np.array([0.02, -0.01, 0.02, -0.01])  # falls by 0.03 from 0.02, rises by 0.03 from -0.01: slope -2
    with np.errstate(divide="ignore"):
        assert long_range.mean_reversion(np.exp(log_price), 3)[1][-1] == 0.0


def test_permutation_entropy_worked_by_hand_as_in_its_paper() -> None:
    # Bandt & Pompe: of 4, 7, 9, 10, 6, 11, 3 four of six pairs rise; of its triples two are 012, two 102 and one 120
    series = np.array([4.0, 7.0, 9.0, 10.0, 6.0, 11.0, 3.0])
    pairs = -(4 / 6) * np.log2(4 / 6) - (2 / 6) * np.log2(2 / 6)
    triples = -2 * (2 / 5) * np.log2(2 / 5) - (1 / 5) * np.log2(1 / 5)
    assert long_range.permutation_entropy(series, 2, 6)[-1] == pytest.approx(pairs)
    assert long_range.permutation_entropy(series, 3, 5)[-1] == pytest.approx(triples / np.log2(6))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 5), min_size=6, max_size=40), st.integers(2, 4), st.integers(1, 9))
def test_permutation_entropy_agrees_with_counting_sorted_windows(values: list[int], order: int, window: int) -> None:
    mine = long_range.permutation_entropy(np.array(values, np.float64), order, window)
    patterns = [tuple(np.argsort(values[i : i + order], kind="stable")) for i in range(len(values) - order + 1)]
    for t in range(window + order - 2, len(values)):
        stop = t - order + 2
        shares = np.array(list(Counter(patterns[stop - window : stop]).values())) / window
        most = np.log(float(np.prod(range(1, order + 1))))
        assert mine[t] == pytest.approx(-np.sum(shares * np.log(shares)) / most, abs=1e-9)


def test_entropy_of_signs_worked_by_hand() -> None:
    returns = np.array([1.0, 1.0, 1.0, -1.0, 1.0, 1.0])  # words 111, 110, 101, 011
    assert long_range.sign_entropy(returns, 4)[-1] == pytest.approx(np.log(4) / np.log(8))
    assert long_range.sign_entropy(np.ones(6), 4)[-1] == 0.0


def test_noise_has_nearly_all_the_entropy() -> None:
    returns = persistent(0.0)
    close = np.exp(np.cumsum(returns))
    assert np.nanmean(long_range.sign_entropy(returns, 126)) > 0.97
    assert (
        0.9
        < np.nanmean(long_range.permutation_entropy_4(close, 252))
        < np.nanmean(long_range.permutation_entropy(returns, 4, 252))
    )


def test_runs_worked_by_hand() -> None:
    returns = np.array([1.0, 1.0, -1.0, -1.0, 1.0, -1.0])  # 4 runs of 3 rises and 3 falls
    mean = 2 * 3 * 3 / 6 + 1
    variance = 2 * 3 * 3 * (2 * 3 * 3 - 6) / (6**2 * (6 - 1))
    assert long_range.runs_statistic(returns, 6)[-1] == pytest.approx((4 - mean) / np.sqrt(variance))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=12), st.integers(12, 40), st.integers(0, 999))
def test_weighted_sums_agree_with_a_convolution(weights: list[float], n: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=n)
    mine = weighted_sums(x, np.array(weights))
    np.testing.assert_allclose(mine[len(weights) - 1 :], np.convolve(x, weights, "valid"), atol=1e-12)
    assert np.isnan(mine[: len(weights) - 1]).all()


def test_kernels_give_the_same_bits_on_a_longer_series() -> None:
    x, weights = persistent(0.2, 3000), difference_weights(0.4, 1e-4)
    close = np.exp(np.cumsum(x))
    for short, long in pairwise((700, 1023, 1024, 1500, 3000)):
        for kernel in (
            lambda n: weighted_sums(x[:n], weights),
            lambda n: kernels.growth_variance(x[:n], 252, 10),
            lambda n: kernels.autocorrelations(x[:n], 126, np.array([1, 5])),
            lambda n: kernels.mean_reversions(close[:n], 63)[1],
        ):
            np.testing.assert_array_equal(kernel(short), kernel(long)[..., :short])
