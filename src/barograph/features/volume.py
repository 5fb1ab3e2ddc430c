"""Volume and microstructure: who pushes the price, and what trading it costs.

Volume enters only against its own past, and so does its product with the price, so that neither share splits, nor
dividends paid later, nor the unit of volume matter.
"""

import math
from functools import partial

import numpy as np
import talib

from barograph.features import registration
from barograph.features.registration import HLC, PERCENT, POSITIVE, SIGNED, Array, over_bars, over_changes, over_pairs
from barograph.features.windows import (
    after_gap,
    window_correlation,
    window_covariance,
    window_mean,
    window_std,
    window_sum,
)

feature = partial(registration.feature, family="volume")

_AMIHUD = "Amihud (2002), Journal of Financial Markets 5(1)"
_LOU_POLK_SKOURAS = "Lou, Polk & Skouras (2019), Journal of Financial Economics 134(1)"


@feature(
    "mfi_{window}", inputs=(*HLC, "volume"), lookback=over_changes, windows=(14, 42), range=PERCENT, source="TA-Lib MFI"
)
def money_flow(high: Array, low: Array, close: Array, volume: Array, window: int) -> Array:
    """Money flow index ({window}); 50 where the price did not move or nothing was traded."""
    value = talib.MFI(high, low, close, volume, window)
    flow = np.where(np.diff((high + low + close) / 3.0) == 0.0, 0.0, volume[1:])
    return np.where(after_gap(talib.MAX(flow, window), 1) == 0.0, 50.0, value)


@feature("cmf_20", inputs=(*HLC, "volume"), lookback=19, range=SIGNED, source="Chaikin money flow")
def chaikin_money_flow(high: Array, low: Array, close: Array, volume: Array) -> Array:
    """Sum of V ((C - L) - (H - C)) / (H - L) / sum of V, over 20 bars."""
    flow = _close_location(high, low, close) * volume
    return np.clip(window_sum(flow, 20) / window_sum(volume, 20), -1.0, 1.0)


@feature(
    "ad_slope_{window}",
    inputs=(*HLC, "volume"),
    lookback=over_bars,
    windows=(63,),
    range=SIGNED,
    source="Chaikin accumulation/distribution line",
)
def accumulation_slope(high: Array, low: Array, close: Array, volume: Array, window: int) -> Array:
    """Least-squares slope of the accumulation/distribution line over {window} changes / slope of summed V."""
    return _slope_ratio(_close_location(high, low, close) * volume, volume, window)


@feature("adosc_3_10", inputs=(*HLC, "volume"), lookback=19, source="TA-Lib ADOSC")
def chaikin_oscillator(high: Array, low: Array, close: Array, volume: Array) -> Array:
    """Chaikin oscillator (3, 10) / mean volume of 20 bars."""
    return talib.ADOSC(high, low, close, volume, 3, 10) / window_mean(volume, 20)


@feature("obv_{window}", inputs=("log_return", "volume"), lookback=over_changes, windows=(10, 21), range=SIGNED)
def on_balance_share(log_return: Array, volume: Array, window: int) -> Array:
    """Change of on-balance volume over {window} bars / sum of V."""
    return np.clip(window_sum(np.sign(log_return) * volume, window) / window_sum(volume, window), -1.0, 1.0)


@feature(
    "obv_slope_{window}",
    inputs=("log_return", "volume"),
    lookback=over_changes,
    windows=(63,),
    range=SIGNED,
    source="Granville (1963), New Key to Stock Market Profits",
)
def on_balance_slope(log_return: Array, volume: Array, window: int) -> Array:
    """Least-squares slope of on-balance volume over {window} changes / slope of summed V."""
    return _slope_ratio(np.sign(log_return) * volume, volume, window)


@feature("volume_ratio_20", inputs=("volume",), lookback=19)
def volume_ratio(volume: Array) -> Array:
    """ln(V_t / mean of 20 bars)."""
    return np.log(volume / window_mean(volume, 20))


@feature("volume_trend_5_63", inputs=("volume",), lookback=62)
def volume_trend(volume: Array) -> Array:
    """ln(mean V of 5 bars / of 63 bars)."""
    return np.log(window_mean(volume, 5) / window_mean(volume, 63))


@feature("volume_cv_21", inputs=("volume",), lookback=20, range=POSITIVE)
def volume_variation(volume: Array) -> Array:
    """Sample standard deviation / mean of V over 21 bars."""
    return window_std(volume, 21) / window_mean(volume, 21)


@feature("volume_z_{window}", inputs=("volume",), lookback=over_bars, windows=(21, 63))
def volume_score(volume: Array, window: int) -> Array:
    """(V_t - mean) / sample standard deviation of V over {window} bars."""
    return (volume - window_mean(volume, window)) / window_std(volume, window)


@feature("volume_corr_{window}", inputs=("log_return", "volume"), lookback=over_changes, windows=(21, 63), range=SIGNED)
def volume_correlation(log_return: Array, volume: Array, window: int) -> Array:
    """Correlation of |r| and V over {window} bars."""
    return window_correlation(np.abs(log_return), volume, window)


@feature(
    "volume_ret_corr_{window}", inputs=("log_return", "volume"), lookback=over_changes, windows=(21,), range=SIGNED
)
def volume_return_correlation(log_return: Array, volume: Array, window: int) -> Array:
    """Correlation of r and V over {window} bars."""
    return window_correlation(log_return, volume, window)


@feature("volume_price_corr_{window}", inputs=("close", "volume"), lookback=over_bars, windows=(21, 63), range=SIGNED)
def volume_price_correlation(close: Array, volume: Array, window: int) -> Array:
    """Correlation of ln C and V over {window} bars."""
    return window_correlation(np.log(close / close[0]), volume, window)


@feature("dollar_volume_21_252", inputs=("close", "volume"), lookback=251)
def dollar_volume_trend(close: Array, volume: Array) -> Array:
    """ln(mean of C V over 21 bars / over 252 bars)."""
    value = close * volume
    return np.log(window_mean(value, 21) / window_mean(value, 252))


@feature("pvo_12_26", inputs=("volume",), lookback=25, source="TA-Lib EMA")
def volume_oscillator(volume: Array) -> Array:
    """Exponential mean (12) of V / exponential mean (26) of V - 1."""
    return talib.EMA(volume, 12) / talib.EMA(volume, 26) - 1.0


@feature("force_13", inputs=("log_return", "volume"), lookback=20, source="Elder (1993), TA-Lib EMA")
def force_index(log_return: Array, volume: Array) -> Array:
    """Exponential mean (13) of r V / mean V of 20 bars."""
    return talib.EMA(log_return * volume, 13) / window_mean(volume, 20)


@feature("vwap_dist_{window}", inputs=(*HLC, "volume"), lookback=over_bars, windows=(5, 21))
def vwap_distance(high: Array, low: Array, close: Array, volume: Array, window: int) -> Array:
    """ln(C_t / volume-weighted mean of the typical price over {window} bars)."""
    typical = (high + low + close) / 3.0
    return np.log(close * window_sum(volume, window) / window_sum(typical * volume, window))


def amihud(log_return: Array, close: Array, volume: Array, window: int) -> Array:
    """Take the mean of |r| / (C V) over a window, bars without volume left out.

    Amihud (2002), Journal of Financial Markets 5(1), eq. 1, for log returns. Per unit of money, so that it is no
    feature: only ratios of it are free of splits and dividends.
    """
    traded = volume > 0.0
    impact = np.where(traded, np.abs(log_return) / np.where(traded, close * volume, 1.0), 0.0)
    return window_sum(impact, window) / window_sum(traded.astype(np.float64), window)


@feature("amihud_21_252", inputs=("log_return", "close", "volume"), lookback=252, source=_AMIHUD)
def illiquidity(log_return: Array, close: Array, volume: Array) -> Array:
    """ln(mean of |r| / (C V) over 21 bars / over 252 bars), bars without volume left out."""
    return np.log(amihud(log_return, close, volume, 21) / amihud(log_return, close, volume, 252))


@feature("amihud_5_63", inputs=("log_return", "close", "volume"), lookback=63, source=_AMIHUD)
def short_illiquidity(log_return: Array, close: Array, volume: Array) -> Array:
    """ln(mean of |r| / (C V) over 5 bars / over 63 bars), bars without volume left out."""
    return np.log(amihud(log_return, close, volume, 5) / amihud(log_return, close, volume, 63))


def kyle_lambda(log_return: Array, close: Array, volume: Array, window: int) -> Array:
    r"""Regress returns on the signed root of money traded, without a constant, over a window.

    .. math:: \lambda = \frac{\sum r S}{\sum S^2}, \quad S = \operatorname{sgn}(r) \sqrt{C V}

    The sign of a bar's trading is taken to be that of its return. Per root of a unit of money, so that it is no
    feature: only ratios of it are free of splits and dividends.

    References
    ----------
    Hasbrouck, J. (2009), "Trading costs and returns for U.S. equities", Journal of Finance 64(3); Goyenko, R. Y.,
    Holden, C. W. & Trzcinka, C. A. (2009), "Do liquidity measures measure liquidity?", Journal of Financial Economics
    92(2). Both on five-minute bars.
    """
    root = np.where(log_return == 0.0, 0.0, np.sqrt(close * volume))
    return window_sum(np.abs(log_return) * root, window) / window_sum(root * root, window)


@feature(
    "kyle_lambda_21_252",
    inputs=("log_return", "close", "volume"),
    lookback=252,
    source="Kyle (1985), Econometrica 53(6); Hasbrouck (2009), Journal of Finance 64(3)",
)
def price_impact(log_return: Array, close: Array, volume: Array) -> Array:
    """ln(slope of r on sgn(r) root of C V over 21 bars / over 252 bars)."""
    return np.log(kyle_lambda(log_return, close, volume, 21) / kyle_lambda(log_return, close, volume, 252))


@feature(
    "roll_spread_{window}",
    inputs=("log_return",),
    lookback=over_pairs,
    windows=(21, 63),
    range=POSITIVE,
    source="Roll (1984), Journal of Finance 39(4)",
)
def roll_spread(log_return: Array, window: int) -> Array:
    """2 root of minus the covariance of {window} log returns with the ones before them; 0 where that is positive."""
    covariance = window_covariance(log_return[1:], log_return[:-1], window)
    return after_gap(2.0 * np.sqrt(np.maximum(-covariance, 0.0)), 1)


@feature(
    "corwin_schultz_{window}",
    inputs=HLC,
    lookback=over_changes,
    windows=(21, 63),
    range=(0.0, 2.0),
    source="Corwin & Schultz (2012), Journal of Finance 67(2)",
)
def corwin_schultz(high: Array, low: Array, close: Array, window: int) -> Array:
    """Mean over {window} bars of the relative spread implied by one-bar and two-bar ranges, negative ones counting 0.

    As on page 726 of the paper, where a bar lies wholly above or below the close before it, the second bar of a pair is
    first moved by the gap: the price went there while the market was closed.
    """
    gap = np.maximum(low[1:] - close[:-1], 0.0) + np.minimum(high[1:] - close[:-1], 0.0)
    moved_high, moved_low = high[1:] - gap, low[1:] - gap
    scale = 3.0 - 2.0 * math.sqrt(2.0)
    beta = np.log(high[:-1] / low[:-1]) ** 2 + np.log(moved_high / moved_low) ** 2
    gamma = np.log(np.maximum(moved_high, high[:-1]) / np.minimum(moved_low, low[:-1])) ** 2
    alpha = (math.sqrt(2.0) - 1.0) * np.sqrt(beta) / scale - np.sqrt(gamma / scale)
    return after_gap(window_mean(np.maximum(2.0 * np.tanh(alpha / 2.0), 0.0), window), 1)


@feature(
    "abdi_ranaldo_{window}",
    inputs=HLC,
    lookback=over_changes,
    windows=(21,),
    range=POSITIVE,
    source="Abdi & Ranaldo (2017), Review of Financial Studies 30(12)",
)
def abdi_ranaldo(high: Array, low: Array, close: Array, window: int) -> Array:
    """Mean over {window} bars of the root of 4 (c - m)_(t-1) (c_(t-1) - m_t), c = ln C, m the mean of ln H and ln L."""
    to_same = np.log(close[:-1] / np.sqrt(high[:-1] * low[:-1]))
    to_next = np.log(close[:-1] / np.sqrt(high[1:] * low[1:]))
    return after_gap(window_mean(np.sqrt(np.maximum(4.0 * to_same * to_next, 0.0)), window), 1)


@feature(
    "tug_of_war_{window}", inputs=("open", "close"), lookback=over_changes, windows=(63,), source=_LOU_POLK_SKOURAS
)
def tug_of_war(open_: Array, close: Array, window: int) -> Array:
    """Sum over {window} bars of the overnight log return ln(O_t / C_(t-1)) less the intraday one ln(C_t / O_t)."""
    return after_gap(window_sum(np.log(open_[1:] / close[:-1]) - np.log(close / open_)[1:], window), 1)


@feature(
    "overnight_corr_{window}",
    inputs=("open", "close"),
    lookback=over_changes,
    windows=(63,),
    range=SIGNED,
    source=_LOU_POLK_SKOURAS,
)
def overnight_correlation(open_: Array, close: Array, window: int) -> Array:
    """Correlation over {window} bars of ln(O_t / C_(t-1)) with the ln(C_t / O_t) that follows it."""
    return after_gap(window_correlation(np.log(open_[1:] / close[:-1]), np.log(close / open_)[1:], window), 1)


def _close_location(high: Array, low: Array, close: Array) -> Array:
    span = high - low
    return np.where(span > 0.0, (2.0 * close - low - high) / np.where(span > 0.0, span, 1.0), 0.0)


def _slope_ratio(flow: Array, volume: Array, window: int) -> Array:
    """Divide the least-squares slopes of two cumulated series, each a mean of its changes with parabolic weights."""
    from barograph.differencing import weighted_sums

    place = np.arange(1.0, window + 1.0)
    weights = place * (window + 1.0 - place)
    return np.clip(weighted_sums(flow, weights) / weighted_sums(volume, weights), -1.0, 1.0)
