"""Long range: whether prices remember, trend or return, and how orderly they are.

Of a series without memory a Hurst exponent is about 0.5, a variance ratio about 1, an autocorrelation about 0 and an
entropy about 1. On a price that does not move they are NaN, but for the entropies, which are 0, and the half-life.
"""

import math
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.features import registration
from barograph.features.registration import POSITIVE, SHARE, SIGNED, Array, over_changes, over_pairs
from barograph.features.windows import after_gap, window_sum

feature = partial(registration.feature, family="long_range")
of_returns = partial(feature, inputs=("log_return",), lookback=over_changes)

_LOPEZ_DE_PRADO = "López de Prado (2018), Advances in Financial Machine Learning, ch. 5.5"
_LO_MACKINLAY = "Lo & MacKinlay (1988), Review of Financial Studies 1(1)"
_BANDT_POMPE = "Bandt & Pompe (2002), Physical Review Letters 88, 174102"

_THRESHOLD = 1e-4
_STEPS: Final = (1, 2, 5, 10, 20)


def fractional_difference(log_return: Array, d: float, threshold: float) -> Array:
    r"""Difference log prices to the order `d`, each measured from the first one of its window of K.

    .. math:: \sum_{k=0}^{K-1} w_k \ln \frac{C_{t-k}}{C_{t-K+1}} = \sum_{k=0}^{K-2} (w_0 + \dots + w_k) r_{t-k}

    The weights (`barograph.differencing.difference_weights`) of a window that is cut do not quite sum to zero, so that
    without this origin the level of the price, and with it every later split and dividend, would shine through. NaN in
    the first K - 2 rows.
    """
    from barograph.differencing import difference_weights, weighted_sums

    return weighted_sums(log_return, np.cumsum(difference_weights(d, threshold))[:-1])


@feature("frac_diff_d40", inputs=("log_return",), lookback=281, source=_LOPEZ_DE_PRADO)
def fractional_difference_40(log_return: Array) -> Array:
    """Sum of w_k ln(C_(t-k) / first C of 282) with the weights of order 0.4 that are at least 0.0001."""
    return fractional_difference(log_return, 0.4, _THRESHOLD)


def variance_growth(log_return: Array, window: int, steps: tuple[int, ...]) -> tuple[Array, list[Array]]:
    """Compare the variances of log returns over several numbers of bars, of which the first is 1, in a window.

    Gives Hurst's exponent, the least-squares slope of the log standard deviation of k-bar returns on ln k, and for each
    step after the first the variance a bar of k-bar returns over that of one-bar ones. All overlapping returns in the
    window count; variances are unbiased as in Lo & MacKinlay (1988), Review of Financial Studies 1(1), eq. 12-13.
    """
    from barograph.features import kernels

    variances = [kernels.growth_variance(log_return, window, step) for step in steps]
    variances[0][variances[0] == 0.0] = np.nan
    logs = np.log(steps)
    slopes = (logs - logs.mean()) / np.sum((logs - logs.mean()) ** 2)
    hurst = np.full(log_return.size, 0.5)
    for slope, variance in zip(slopes, variances, strict=True):
        hurst += 0.5 * slope * np.log(variance)
    return hurst, [variance / variances[0] for variance in variances[1:]]


@of_returns(
    ("hurst_{window}", "variance_ratio_{window}_5", "variance_ratio_{window}_10"), windows=(252,), source=_LO_MACKINLAY
)
def hurst_and_variance_ratios(log_return: Array, window: int) -> tuple[Array, ...]:
    """Slope of ln standard deviation of k-bar returns on ln k (k = 1 to 20), or variance ratios, over {window} bars."""
    hurst, ratios = variance_growth(log_return, window, _STEPS)
    return hurst, ratios[1], ratios[2]


@of_returns("variance_ratio_{window}_5", windows=(63,), range=POSITIVE, source=_LO_MACKINLAY)
def variance_ratio(log_return: Array, window: int) -> Array:
    """Variance a bar of 5-bar log returns / that of one-bar ones, over {window} bars: above 1 where moves persist."""
    _, (ratio,) = variance_growth(log_return, window, (1, 5))
    return ratio


@of_returns(
    ("autocorr_{window}_1", "autocorr_{window}_5", "autocorr_{window}_10"),
    windows=(63, 252),
    range=SIGNED,
    source="Box & Jenkins (1970), Time Series Analysis",
)
def autocorrelation(log_return: Array, window: int) -> tuple[Array, ...]:
    """Sample autocorrelation of {window} log returns at lag 1, 5 or 10."""
    from barograph.features import kernels

    return tuple(kernels.autocorrelations(log_return, window, np.array([1, 5, 10])))


@of_returns(
    ("abs_autocorr_{window}_1", "abs_autocorr_{window}_10"),
    windows=(252,),
    range=SIGNED,
    source="Ding, Granger & Engle (1993), Journal of Empirical Finance 1(1)",
)
def volatility_memory(log_return: Array, window: int) -> tuple[Array, ...]:
    """Sample autocorrelation of {window} absolute log returns at lag 1 or 10: how volatility clusters."""
    from barograph.features import kernels

    return tuple(kernels.autocorrelations(np.abs(log_return), window, np.array([1, 10])))


@of_returns("ljung_box_{window}_5", windows=(126,), range=POSITIVE, source="Ljung & Box (1978), Biometrika 65(2)")
def ljung_box(log_return: Array, window: int) -> Array:
    """Q = n (n + 2) sum over k = 1 to 5 of (autocorrelation at lag k)^2 / (n - k), of n = {window} log returns."""
    from barograph.features import kernels

    lags = np.arange(1, 6)
    total = np.zeros(log_return.size)
    for lag, values in zip(lags.tolist(), kernels.autocorrelations(log_return, window, lags), strict=True):
        total += values * values / (window - lag)
    return window * (window + 2.0) * total


@of_returns("runs_{window}", windows=(63,), source="Wald & Wolfowitz (1940), Annals of Mathematical Statistics 11(2)")
def runs_statistic(log_return: Array, window: int) -> Array:
    """Wald-Wolfowitz z of the number of runs of rising and of other bars in {window}: below 0 where moves persist."""
    up = (log_return > 0.0).astype(np.float64)
    risen = window_sum(up, window)
    runs = after_gap(window_sum(np.abs(np.diff(up)), window - 1), 1) + 1.0
    mean = 2.0 * risen * (window - risen) / window + 1.0
    return (runs - mean) / np.sqrt((mean - 1.0) * (mean - 2.0) / (window - 1.0))


def permutation_entropy(x: Array, order: int, window: int) -> Array:
    """Measure, in [0, 1], how evenly the orders occur in which `order` successive values follow each other.

    Shannon's entropy over that of `order`! equally frequent patterns (Bandt & Pompe, 2002). Of equal values the earlier
    ranks lower. The window counts patterns, so that it covers ``window + order - 1`` values.
    """
    n = x.size - order + 1
    compared = [x[i : i + n] <= x[j : j + n] for i in range(order) for j in range(i + 1, order)]
    return after_gap(_entropy(compared, math.factorial(order), window), order - 1)


@feature(
    "perm_entropy_{window}_3", inputs=("close",), lookback=over_pairs, windows=(63,), range=SHARE, source=_BANDT_POMPE
)
def permutation_entropy_3(close: Array, window: int) -> Array:
    """Entropy of the rank orders of 3 successive closes, {window} of them, over its greatest value."""
    return permutation_entropy(close, 3, window)


@feature(
    "perm_entropy_{window}_4",
    inputs=("close",),
    lookback=lambda window: window + 2,
    windows=(252,),
    range=SHARE,
    source=_BANDT_POMPE,
)
def permutation_entropy_4(close: Array, window: int) -> Array:
    """Entropy of the rank orders of 4 successive closes, {window} of them, over its greatest value."""
    return permutation_entropy(close, 4, window)


@feature(
    "sign_entropy_{window}_3",
    inputs=("log_return",),
    lookback=lambda window: window + 2,
    windows=(126,),
    range=SHARE,
    source="Shannon (1948), Bell System Technical Journal 27(3)",
)
def sign_entropy(log_return: Array, window: int) -> Array:
    """Entropy of the words of 3 successive signs (rise or not), {window} of them, over ln 8."""
    up = log_return > 0.0
    return after_gap(_entropy([up[:-2], up[1:-1], up[2:]], 8, window), 2)


@feature(
    ("dickey_fuller_{window}", "half_life_{window}"),
    inputs=("close",),
    lookback=over_changes,
    windows=(63, 252),
    source="Dickey & Fuller (1979), Journal of the American Statistical Association 74(366)",
)
def mean_reversion(close: Array, window: int) -> tuple[Array, Array]:
    """Slope b of {window} r on the ln C before: its t-statistic, or the half-life min(-ln 2 / ln(1 + b), {window})."""
    from barograph.features import kernels

    slope, ratio = kernels.mean_reversions(np.log(close / close[0]), window)
    decay = np.abs(np.log1p(np.clip(slope, -1.0, 0.0)))
    return ratio, math.log(2.0) / np.maximum(decay, math.log(2.0) / window)


def _entropy(bits: list[NDArray[np.bool_]], kinds: int, window: int) -> Array:
    from barograph.features import kernels

    words = np.zeros(bits[0].size, np.int64)
    for bit in bits:
        words = (words << 1) | bit
    return np.clip(kernels.word_entropies(words, 2 ** len(bits), window) / math.log(kinds), 0.0, 1.0)
