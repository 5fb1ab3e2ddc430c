"""Cross-section: a symbol against the others on the same date, and the state of the whole universe.

Sums over symbols run one symbol after the other and skip those without a value, so that a symbol listed later changes
no bit of an earlier date.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.features.registration import Array, feature
from barograph.features.windows import window_variance

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


def rank(values: Array) -> Array:
    """(rank of {input} among the N symbols that have it - 1/2) / N, ties sharing their mean rank.

    Parameters
    ----------
    values : ndarray of shape (T, N)

    Returns
    -------
    ndarray of shape (T, N)
        In (0, 1); NaN where `values` is NaN.
    """
    rows = np.ascontiguousarray(values)
    order = np.argsort(rows, axis=1)
    ordered = np.take_along_axis(rows, order, axis=1)
    position = np.broadcast_to(np.arange(rows.shape[1], dtype=np.float64), rows.shape)
    tied = ordered[:, 1:] == ordered[:, :-1]
    if tied.any():
        position = _mean_positions(tied)
    count = np.count_nonzero(~np.isnan(ordered), axis=1)[:, None]
    result = np.empty(rows.shape)
    np.put_along_axis(result, order, np.where(np.isnan(ordered), np.nan, (position + 0.5) / count), axis=1)
    return result


def _mean_positions(tied: NDArray[np.bool_]) -> Array:
    """Give each place in sorted rows the mean place of its ties; `tied` compares it with the place before."""
    n = tied.shape[1] + 1
    place = np.arange(n)
    opens = np.pad(~tied, ((0, 0), (1, 0)), constant_values=True)
    closes = np.pad(~tied, ((0, 0), (0, 1)), constant_values=True)
    first = np.maximum.accumulate(np.where(opens, place, 0), axis=1)
    last = np.minimum.accumulate(np.where(closes, place, n)[:, ::-1], axis=1)[:, ::-1]
    return (first + last) / 2.0


for _name, _lookback in _RANKED.items():
    feature(
        f"rank_{_name}",
        family="cross_section",
        inputs=(_name,),
        lookback=_lookback,
        scope="panel",
        range=(0.0, 1.0),
    )(rank)


@feature(
    "excess_ret_{window}",
    family="cross_section",
    inputs=("ret_{window}",),
    lookback=lambda window: window,
    windows=(5, 21),
    scope="panel",
)
def excess_return(returns: Array) -> Array:
    """ret_{window} - its mean over the symbols."""
    return returns - _mean(returns)[:, None]


@feature(
    "sector_excess_ret_{window}",
    family="cross_section",
    inputs=("ret_{window}", "gics_sector"),
    lookback=lambda window: window,
    windows=(5, 21, 63),
    scope="panel",
)
def sector_excess_return(returns: Array, sector: NDArray[np.intp]) -> Array:
    """ret_{window} - its mean over the symbols of the same sector, itself included."""
    return returns - _sector_means(returns, sector)


@feature(
    "sector_ret_21",
    family="cross_section",
    inputs=("ret_21", "gics_sector"),
    lookback=21,
    scope="panel",
    source="Moskowitz & Grinblatt (1999), Journal of Finance 54(4)",
)
def sector_return(returns: Array, sector: NDArray[np.intp]) -> Array:
    """Mean of ret_21 over the symbols of the same sector - its mean over all symbols."""
    return _sector_means(returns, sector) - _mean(returns)[:, None]


@feature(
    "breadth_{window}",
    family="cross_section",
    inputs=("sma_dist_{window}",),
    lookback=lambda window: window - 1,
    windows=(50, 200),
    scope="panel",
    range=(0.0, 1.0),
)
def breadth(distance: Array) -> Array:
    """Share of the symbols that close above their mean of {window} closes."""
    return _mean(np.where(np.isnan(distance), np.nan, distance > 0.0))


@feature(
    "dispersion_21",
    family="cross_section",
    inputs=("ret_21",),
    lookback=21,
    scope="panel",
    range=(0.0, math.inf),
)
def dispersion(returns: Array) -> Array:
    """Sample standard deviation of ret_21 over the symbols; NaN for fewer than two."""
    deviation = returns - _mean(returns)[:, None]
    count = np.count_nonzero(~np.isnan(returns), axis=1)
    return np.sqrt(_sum(deviation * deviation) / np.where(count > 1, count - 1.0, np.nan))


@feature("avg_corr_63", family="cross_section", inputs=("log_return", "vol_63"), lookback=63, scope="panel")
def average_correlation(log_return: Array, volatility: Array) -> Array:
    """(V(mean r) - sum w^2 V(r)) / ((sum w s(r))^2 - sum w^2 V(r)), 63 bars, w = 1 / N: mean correlation."""
    count = np.count_nonzero(~np.isnan(volatility), axis=1).astype(np.float64)
    daily = volatility / math.sqrt(252.0)
    own = _sum(daily * daily) / count**2
    ratio: Array = (window_variance(_mean(log_return), 63) - own) / ((_sum(daily) / count) ** 2 - own)
    return ratio


def _sum(values: Array) -> Array:
    total = np.zeros(values.shape[0])
    for column in values.T:
        total += np.where(np.isnan(column), 0.0, column)
    return total


def _mean(values: Array) -> Array:
    mean: Array = _sum(values) / np.count_nonzero(~np.isnan(values), axis=1)
    return mean


def _sector_means(values: Array, sector: NDArray[np.intp]) -> Array:
    means = np.full(values.shape, np.nan, order="F")
    for code in np.unique(sector[sector >= 0]).tolist():
        members = np.flatnonzero(sector == code)
        means[:, members] = _mean(values[:, members])[:, None]
    return means
