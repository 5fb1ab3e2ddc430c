"""Volume and microstructure: who pushes the price, and what trading it costs.

Volume enters only against its own past, so that neither share splits nor the unit of volume matter.
"""

import math

import numpy as np
import talib

from barograph.features.registration import Array, feature
from barograph.features.windows import (
    after_gap,
    window_correlation,
    window_covariance,
    window_mean,
    window_std,
    window_sum,
)

_HLC = ("high", "low", "close")


@feature("mfi_14", family="volume", inputs=(*_HLC, "volume"), lookback=14, range=(0.0, 100.0), source="TA-Lib MFI")
def money_flow(high: Array, low: Array, close: Array, volume: Array) -> Array:
    """Money flow index (14); 50 where the price did not move."""
    value = talib.MFI(high, low, close, volume, 14)
    typical = (high + low + close) / 3.0
    still = (value == 0.0) & (talib.MAX(typical, 15) == talib.MIN(typical, 15))
    return np.where(still, 50.0, value)


@feature(
    "cmf_20",
    family="volume",
    inputs=(*_HLC, "volume"),
    lookback=19,
    range=(-1.0, 1.0),
    source="Chaikin money flow",
)
def chaikin_money_flow(high: Array, low: Array, close: Array, volume: Array) -> Array:
    """Sum of V ((C - L) - (H - C)) / (H - L) / sum of V, over 20 bars."""
    span = high - low
    location = np.where(span > 0.0, (2.0 * close - low - high) / np.where(span > 0.0, span, 1.0), 0.0)
    return np.clip(window_sum(location * volume, 20) / window_sum(volume, 20), -1.0, 1.0)


@feature("adosc_3_10", family="volume", inputs=(*_HLC, "volume"), lookback=19, source="TA-Lib ADOSC")
def chaikin_oscillator(high: Array, low: Array, close: Array, volume: Array) -> Array:
    """Chaikin oscillator (3, 10) / mean volume of 20 bars."""
    return talib.ADOSC(high, low, close, volume, 3, 10) / window_mean(volume, 20)


@feature(
    "obv_{window}",
    family="volume",
    inputs=("log_return", "volume"),
    lookback=lambda window: window,
    windows=(10, 21),
    range=(-1.0, 1.0),
)
def on_balance_share(log_return: Array, volume: Array, window: int) -> Array:
    """Change of on-balance volume over {window} bars / sum of V."""
    return np.clip(window_sum(np.sign(log_return) * volume, window) / window_sum(volume, window), -1.0, 1.0)


@feature("volume_ratio_20", family="volume", inputs=("volume",), lookback=19)
def volume_ratio(volume: Array) -> Array:
    """ln(V_t / mean of 20 bars)."""
    return np.log(volume / window_mean(volume, 20))


@feature("volume_trend_5_63", family="volume", inputs=("volume",), lookback=62)
def volume_trend(volume: Array) -> Array:
    """ln(mean V of 5 bars / of 63 bars)."""
    return np.log(window_mean(volume, 5) / window_mean(volume, 63))


@feature("volume_cv_21", family="volume", inputs=("volume",), lookback=20, range=(0.0, math.inf))
def volume_variation(volume: Array) -> Array:
    """Sample standard deviation / mean of V over 21 bars."""
    return window_std(volume, 21) / window_mean(volume, 21)


@feature("volume_corr_21", family="volume", inputs=("log_return", "volume"), lookback=21, range=(-1.0, 1.0))
def volume_correlation(log_return: Array, volume: Array) -> Array:
    """Correlation of |r| and V over 21 bars."""
    return window_correlation(np.abs(log_return), volume, 21)


@feature("pvo_12_26", family="volume", inputs=("volume",), lookback=25, source="TA-Lib EMA")
def volume_oscillator(volume: Array) -> Array:
    """Exponential mean (12) of V / exponential mean (26) of V - 1."""
    return talib.EMA(volume, 12) / talib.EMA(volume, 26) - 1.0


@feature("force_13", family="volume", inputs=("log_return", "volume"), lookback=20, source="Elder (1993), TA-Lib EMA")
def force_index(log_return: Array, volume: Array) -> Array:
    """Exponential mean (13) of r V / mean V of 20 bars."""
    return talib.EMA(log_return * volume, 13) / window_mean(volume, 20)


@feature("vwap_dist_{window}", family="volume", inputs=(*_HLC, "volume"), lookback=lambda w: w - 1, windows=(5, 21))
def vwap_distance(high: Array, low: Array, close: Array, volume: Array, window: int) -> Array:
    """ln(C_t / volume-weighted mean of the typical price over {window} bars)."""
    typical = (high + low + close) / 3.0
    return np.log(close * window_sum(volume, window) / window_sum(typical * volume, window))


@feature(
    "amihud_21_252",
    family="volume",
    inputs=("log_return", "close", "volume"),
    lookback=252,
    source="Amihud (2002), Journal of Financial Markets 5(1)",
)
def illiquidity(log_return: Array, close: Array, volume: Array) -> Array:
    """ln(mean of |r| / (C V) over 21 bars / over 252 bars), bars without volume left out."""
    traded = volume > 0.0
    impact = np.where(traded, np.abs(log_return) / np.where(traded, close * volume, 1.0), 0.0)
    count = traded.astype(np.float64)
    short, long = (window_sum(impact, window) / window_sum(count, window) for window in (21, 252))
    return np.log(short / long)


@feature(
    "roll_spread_63",
    family="volume",
    inputs=("log_return",),
    lookback=64,
    range=(0.0, math.inf),
    source="Roll (1984), Journal of Finance 39(4)",
)
def roll_spread(log_return: Array) -> Array:
    """2 root of minus the covariance of 63 log returns with the ones before them; 0 where that is positive."""
    covariance = window_covariance(log_return[1:], log_return[:-1], 63)
    return after_gap(2.0 * np.sqrt(np.maximum(-covariance, 0.0)), 1)


@feature(
    "corwin_schultz_21",
    family="volume",
    inputs=("high", "low"),
    lookback=21,
    range=(0.0, 2.0),
    source="Corwin & Schultz (2012), Journal of Finance 67(2)",
)
def corwin_schultz(high: Array, low: Array) -> Array:
    """Mean over 21 bars of the relative spread implied by one-bar and two-bar ranges, negative ones counting 0."""
    scale = 3.0 - 2.0 * math.sqrt(2.0)
    single = np.log(high / low) ** 2
    beta = single[1:] + single[:-1]
    gamma = np.log(np.maximum(high[1:], high[:-1]) / np.minimum(low[1:], low[:-1])) ** 2
    alpha = (math.sqrt(2.0) - 1.0) * np.sqrt(beta) / scale - np.sqrt(gamma / scale)
    return after_gap(window_mean(np.maximum(2.0 * np.tanh(alpha / 2.0), 0.0), 21), 1)


@feature(
    "abdi_ranaldo_21",
    family="volume",
    inputs=_HLC,
    lookback=21,
    range=(0.0, math.inf),
    source="Abdi & Ranaldo (2017), Review of Financial Studies 30(12)",
)
def abdi_ranaldo(high: Array, low: Array, close: Array) -> Array:
    """Mean over 21 bars of the root of 4 (c - m)_(t-1) (c_(t-1) - m_t), c = ln C, m the mean of ln H and ln L."""
    to_same = np.log(close[:-1] / np.sqrt(high[:-1] * low[:-1]))
    to_next = np.log(close[:-1] / np.sqrt(high[1:] * low[1:]))
    return after_gap(window_mean(np.sqrt(np.maximum(4.0 * to_same * to_next, 0.0)), 21), 1)
