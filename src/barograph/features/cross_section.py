"""Cross-section: a symbol against the others on the same date, and the state of the whole universe.

Sums over symbols run one symbol after the other and skip those without a value, so that a symbol listed later changes
no bit of an earlier date.
"""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from barograph.features import registration
from barograph.features.registration import POSITIVE, SHARE, SIGNED, Array, over_bars, over_changes
from barograph.features.windows import window_correlation, window_deviations, window_mean, window_std, window_variance

feature = partial(registration.feature, family="cross_section", scope="panel")

_YEAR: Final = 252
_SINGULAR: Final = 1e-10
_Index = NDArray[np.intp]

_RANKED: Final = {
    "ret_5": 5,
    "ret_21": 21,
    "ret_63": 63,
    "ret_252": 252,
    "mom_252_21": 252,
    "vol_21": 21,
    "rsi_14": 14,
    "high_dist_252": 251,
    "volume_trend_5_63": 62,
}
"""Features that are ranked among the symbols, with their lookback."""

_RANKED_IN_SECTOR: Final = ("ret_21", "ret_63", "mom_252_21", "vol_21")
"""Those of them that are ranked among the symbols of the same sector too."""


def rank(values: Array) -> Array:
    """(rank of {input} among the N symbols that have it - 1/2) / N, ties sharing their mean rank.

    In (0, 1); NaN where `values`, of shape (T, N), is NaN.
    """
    return sector_rank(values, np.zeros(values.shape[1], np.intp))


def sector_rank(values: Array, sector: NDArray[np.intp]) -> Array:
    """(rank of {input} among the N symbols of the same sector - 1/2) / N, ties sharing their mean rank.

    In (0, 1), 1/2 for the only symbol of its sector; NaN where `values`, of shape (T, N), is NaN or there is no sector,
    whose code is -1.
    """
    from barograph.features.kernels import shared_ranks

    rows = np.ascontiguousarray(values)
    return shared_ranks(rows, np.argsort(rows, axis=1), sector)


for _name, _lookback in _RANKED.items():
    feature(f"rank_{_name}", inputs=(_name,), lookback=_lookback, range=SHARE)(rank)

for _name in _RANKED_IN_SECTOR:
    feature(f"sector_rank_{_name}", inputs=(_name, "gics_sector"), lookback=_RANKED[_name], range=SHARE)(sector_rank)


@feature("excess_ret_{window}", inputs=("ret_{window}",), lookback=over_changes, windows=(5, 21))
def excess_return(returns: Array) -> Array:
    """ret_{window} - its mean over the symbols."""
    return returns - _mean(returns)[:, None]


@feature(
    "sector_excess_ret_{window}", inputs=("ret_{window}", "gics_sector"), lookback=over_changes, windows=(5, 21, 63)
)
def sector_excess_return(returns: Array, sector: NDArray[np.intp]) -> Array:
    """ret_{window} - its mean over the symbols of the same sector, itself included."""
    return returns - _by_sector(_mean, returns, sector)


@feature(
    "sector_ret_{window}",
    inputs=("ret_{window}", "gics_sector"),
    lookback=over_changes,
    windows=(21, 63, 126),
    source="Moskowitz & Grinblatt (1999), Journal of Finance 54(4)",
)
def sector_return(returns: Array, sector: NDArray[np.intp]) -> Array:
    """Mean of ret_{window} over the symbols of the same sector - its mean over all symbols."""
    return _by_sector(_mean, returns, sector) - _mean(returns)[:, None]


@feature("breadth_{window}", inputs=("sma_dist_{window}",), lookback=over_bars, windows=(20, 50, 200), range=SHARE)
def breadth(distance: Array) -> Array:
    """Share of the symbols that close above their mean of {window} closes."""
    return _mean(np.where(np.isnan(distance), np.nan, distance > 0.0))


@feature("advances_{window}", inputs=("ret_1",), lookback=over_changes, windows=(1, 10), range=SIGNED)
def advances(returns: Array, window: int) -> Array:
    """Share of the symbols that rose - share that fell, mean of the last {window} dates."""
    return window_mean(_mean(np.sign(returns)), window)


@feature("new_highs_252", inputs=("high_dist_252", "low_dist_252"), lookback=251, range=SIGNED)
def new_highs(below_high: Array, above_low: Array) -> Array:
    """Share of the symbols at the highest of their last 252 closes - share at the lowest."""
    return _mean(np.where(np.isnan(below_high), np.nan, (below_high == 0.0) * 1.0 - (above_low == 0.0)))


@feature("dispersion_{window}", inputs=("ret_{window}",), lookback=over_changes, windows=(1, 21), range=POSITIVE)
def dispersion(returns: Array) -> Array:
    """Sample standard deviation of ret_{window} over the symbols; NaN for fewer than two."""
    deviation = returns - _mean(returns)[:, None]
    count = np.count_nonzero(~np.isnan(returns), axis=1)
    return np.sqrt(_sum(deviation * deviation) / np.where(count > 1, count - 1.0, np.nan))


@feature("sector_dispersion_21", inputs=("ret_21", "gics_sector"), lookback=21, range=POSITIVE)
def sector_dispersion(returns: Array, sector: NDArray[np.intp]) -> Array:
    """Sample standard deviation of ret_21 over the symbols of the same sector; NaN for fewer than two."""
    return _by_sector(dispersion, returns, sector)


@feature("sector_corr_63", inputs=("log_return", "gics_sector"), lookback=63, range=SIGNED)
def sector_correlation(log_return: Array, sector: NDArray[np.intp]) -> Array:
    """Correlation of 63 log returns with the mean of the sector's others on the same date; NaN without others."""
    total = _by_sector(_sum, log_return, sector)
    others = _by_sector(_count, log_return, sector) - 1.0
    mean = (total - log_return) / np.where(others > 0.0, others, np.nan)
    result = np.full(log_return.shape, np.nan, order="F")
    for column in range(log_return.shape[1]):
        result[:, column] = window_correlation(log_return[:, column], mean[:, column], 63)
    return result


@feature("avg_corr_63", inputs=("log_return", "vol_63"), lookback=63, scope="panel")
def average_correlation(log_return: Array, volatility: Array) -> Array:
    """(V(mean r) - sum w^2 V(r)) / ((sum w s(r))^2 - sum w^2 V(r)), 63 bars, w = 1 / N: mean correlation."""
    count = np.count_nonzero(~np.isnan(volatility), axis=1).astype(np.float64)
    daily = volatility / math.sqrt(252.0)
    variances = _sum(daily * daily) / count**2
    ratio: Array = (window_variance(_mean(log_return), 63) - variances) / ((_sum(daily) / count) ** 2 - variances)
    return ratio


@feature(
    "absorption_252",
    inputs=("log_return", "gics_sector"),
    lookback=252,
    range=SHARE,
    source="Kritzman, Li, Page & Rigobon (2011), Journal of Portfolio Management 37(4)",
)
def absorption_ratio(log_return: Array, sector: NDArray[np.intp]) -> Array:
    """Share of the variance of the sectors' mean returns (252 dates) that a fifth of their eigenvectors explain.

    A sector's return is the mean over its symbols; sectors without a return on each of the dates do not count. The
    number of eigenvectors is a fifth of the sectors', rounded, at least one. NaN for fewer than two sectors.
    """
    share = np.full(log_return.shape[0], np.nan)
    for dates, _, _, covariance in _sector_covariances(_sector_returns(log_return, sector)):
        with threadpool_limits(1):
            variances = np.linalg.eigvalsh(covariance)
        first = max(1, round(variances.shape[1] / 5.0))
        share[dates] = np.minimum(variances[:, -first:].sum(axis=1) / variances.sum(axis=1), 1.0)
    return share


@feature(
    "absorption_shift",
    inputs=("log_return", "gics_sector"),
    lookback=503,
    source="Kritzman, Li, Page & Rigobon (2011), Journal of Portfolio Management 37(4)",
)
def absorption_shift(log_return: Array, sector: NDArray[np.intp]) -> Array:
    """(mean of the last 15 absorption_252 - mean of the last 252) / standard deviation of the last 252."""
    share = absorption_ratio(log_return, sector)
    return (window_mean(share, 15) - window_mean(share, 252)) / window_std(share, 252)


@feature(
    "turbulence_252",
    inputs=("log_return", "gics_sector"),
    lookback=253,
    range=POSITIVE,
    source="Kritzman & Li (2010), Financial Analysts Journal 66(5)",
)
def turbulence(log_return: Array, sector: NDArray[np.intp]) -> Array:
    """Squared Mahalanobis distance of the sectors' mean returns from those of the 252 dates before / their number.

    Directions in which these dates did not vary are left out.
    """
    returns = _sector_returns(log_return, sector)
    distance = np.full(log_return.shape[0] + 1, np.nan)
    after = np.vstack([returns[1:], np.full(returns.shape[1], np.nan)])
    for dates, members, means, covariance in _sector_covariances(returns):
        with threadpool_limits(1):
            variances, vectors = np.linalg.eigh(covariance)
        along = ((after[np.ix_(dates, members)] - means)[:, :, None] * vectors).sum(axis=1)
        varies = variances > _SINGULAR * variances[:, -1:]
        terms = np.where(varies, along * along / variances, 0.0)
        distance[dates + 1] = terms.sum(axis=1) / np.count_nonzero(varies, axis=1)
    return distance[:-1]


def _sector_returns(log_return: Array, sector: NDArray[np.intp]) -> Array:
    """Give the mean return of each sector, in (T, S)."""
    codes = np.unique(sector[sector >= 0]).tolist()
    means = [_mean(log_return[:, sector == code]) for code in codes]
    return np.array(means).reshape(len(codes), log_return.shape[0]).T


def _sector_covariances(returns: Array) -> Iterator[tuple[_Index, _Index, Array, Array]]:
    """Group the dates by the sectors that have all of the last 252 returns, where these are at least two.

    Yields the dates, the sectors, and their means and covariances (divided by 252), (n, s) and (n, s, s). Each matrix
    is to have its own decomposition, by one thread, so that neither dates nor sectors that come later change it.
    """
    n_dates, n = returns.shape
    means, covariance = np.empty((n_dates, n)), np.empty((n_dates, n, n))
    for i in range(n):
        means[:, i] = window_mean(returns[:, i], _YEAR)
        for j in range(i + 1):
            products = window_deviations(returns[:, i], returns[:, j], _YEAR)[2]
            covariance[:, i, j] = covariance[:, j, i] = products / _YEAR
    complete = ~np.isnan(means)
    patterns, pattern = np.unique(complete, axis=0, return_inverse=True)
    for number, present in enumerate(patterns):
        dates, members = np.flatnonzero(pattern.reshape(-1) == number), np.flatnonzero(present)
        if members.size > 1:
            yield dates, members, means[np.ix_(dates, members)], covariance[np.ix_(dates, members, members)]


def _sum(values: Array) -> Array:
    total = np.zeros(values.shape[0])
    for column in values.T:
        total += np.where(np.isnan(column), 0.0, column)
    return total


def _count(values: Array) -> Array:
    count: Array = np.count_nonzero(~np.isnan(values), axis=1).astype(np.float64)
    return count


def _mean(values: Array) -> Array:
    mean: Array = _sum(values) / _count(values)
    return mean


def _by_sector(function: Callable[[Array], Array], values: Array, sector: NDArray[np.intp]) -> Array:
    """Give every symbol what the function, from (T, n) to (T,), makes of its sector; NaN where there is none."""
    result = np.full(values.shape, np.nan, order="F")
    for code in np.unique(sector[sector >= 0]).tolist():
        members = np.flatnonzero(sector == code)
        result[:, members] = function(values[:, members])[:, None]
    return result
