"""Trend: where the price stands against its own past, and how steadily it got there.

The directional indicators compare the rise of the high with the fall of the low. Where the two are equal to the cent,
the rounding of adjusted prices decides, in TA-Lib as everywhere, so that they are free of the price's unit up to that.
"""

import math

import numpy as np
import talib

from barograph.features.registration import Array, feature
from barograph.features.windows import after_gap, window_mean, window_sum, window_variance


@feature(
    "sma_dist_{window}",
    family="trend",
    inputs=("close",),
    lookback=lambda window: window - 1,
    windows=(10, 20, 50, 200),
)
def sma_distance(close: Array, window: int) -> Array:
    """ln(C_t / mean of the last {window} closes)."""
    return np.log(close / window_mean(close, window))


@feature("sma_cross_50_200", family="trend", inputs=("close",), lookback=199)
def sma_cross(close: Array) -> Array:
    """ln(mean of the last 50 closes / mean of the last 200)."""
    return np.log(window_mean(close, 50) / window_mean(close, 200))


@feature(
    ("macd_12_26_9_line_pct", "macd_12_26_9_hist_pct"),
    family="trend",
    inputs=("close",),
    lookback=33,
    source="TA-Lib MACD",
)
def macd(close: Array) -> tuple[Array, Array]:
    """MACD line, or its distance from the signal line, as a share of C_t."""
    line, _, histogram = talib.MACD(close, 12, 26, 9)
    return line / close, histogram / close


@feature(
    ("slope_{window}", "r2_{window}"),
    family="trend",
    inputs=("close",),
    lookback=lambda window: window - 1,
    windows=(20, 60),
)
def log_price_regression(close: Array, window: int) -> tuple[Array, Array]:
    """Least-squares line through the last {window} log closes: its slope a bar, or its R2 in [0, 1]."""
    y = np.log(close / close[0])
    slope = (talib.WMA(y, window) - window_mean(y, window)) * 6.0 / (window - 1)
    variance = window_variance(y, window, ddof=0)
    variance[variance == 0.0] = np.nan
    return slope, np.clip(slope * slope * (window * window - 1) / 12.0 / variance, 0.0, 1.0)


@feature(
    "efficiency_{window}",
    family="trend",
    inputs=("log_return",),
    lookback=lambda window: window,
    windows=(20,),
    range=(0.0, 1.0),
    source="Kaufman (1995), Smarter Trading",
)
def efficiency_ratio(log_return: Array, window: int) -> Array:
    """|sum of r| / sum of |r| over {window} log returns: 1 for a straight path."""
    path = window_sum(np.abs(log_return), window)
    return np.minimum(np.abs(window_sum(log_return, window)) / path, 1.0)


@feature(
    "high_dist_{window}",
    family="trend",
    inputs=("close",),
    lookback=lambda window: window - 1,
    windows=(63, 252),
    range=(-math.inf, 0.0),
)
def high_distance(close: Array, window: int) -> Array:
    """ln(C_t / highest of the last {window} closes)."""
    return np.log(close / talib.MAX(close, window))


@feature(
    "low_dist_{window}",
    family="trend",
    inputs=("close",),
    lookback=lambda window: window - 1,
    windows=(252,),
    range=(0.0, math.inf),
)
def low_distance(close: Array, window: int) -> Array:
    """ln(C_t / lowest of the last {window} closes)."""
    return np.log(close / talib.MIN(close, window))


@feature("trix_15", family="trend", inputs=("close",), lookback=43, source="TA-Lib TRIX")
def trix(close: Array) -> Array:
    """One-bar change of the triple exponential mean (15) of the close, in percent."""
    return talib.TRIX(close, 15)


@feature("kama_dist_10", family="trend", inputs=("close",), lookback=10, source="TA-Lib KAMA")
def kama_distance(close: Array) -> Array:
    """ln(C_t / Kaufman's adaptive mean (10) of the close)."""
    return np.log(close / talib.KAMA(close, 10))


@feature(
    "adx_14",
    family="trend",
    inputs=("high", "low", "close"),
    lookback=27,
    range=(0.0, 100.0),
    source="TA-Lib ADX",
)
def adx(high: Array, low: Array, close: Array) -> Array:
    """Average directional index of Wilder (14): the strength of a trend of either sign."""
    return talib.ADX(high, low, close, 14)


@feature(
    "di_14_diff",
    family="trend",
    inputs=("high", "low", "close"),
    lookback=14,
    range=(-100.0, 100.0),
    source="TA-Lib PLUS_DI, MINUS_DI",
)
def directional_difference(high: Array, low: Array, close: Array) -> Array:
    """Positive minus negative directional indicator of Wilder (14)."""
    return talib.PLUS_DI(high, low, close, 14) - talib.MINUS_DI(high, low, close, 14)


@feature(
    ("aroon_25_up", "aroon_25_down"),
    family="trend",
    inputs=("high", "low"),
    lookback=25,
    range=(0.0, 100.0),
    source="TA-Lib AROON",
)
def aroon(high: Array, low: Array) -> tuple[Array, Array]:
    """100 (25 - bars since the highest high, or the lowest low, of 26 bars) / 25."""
    down, up = talib.AROON(high, low, 25)
    return up, down


@feature("sar_dist_2_20", family="trend", inputs=("high", "low", "close"), lookback=1, source="TA-Lib SAR")
def sar_distance(high: Array, low: Array, close: Array) -> Array:
    """ln(C_t / parabolic stop-and-reverse of Wilder with acceleration 0.02 up to 0.20)."""
    return np.log(close / talib.SAR(high, low, 0.02, 0.2))


@feature(
    "donchian_{window}",
    family="trend",
    inputs=("high", "low", "close"),
    lookback=lambda window: window - 1,
    windows=(20, 55),
    range=(0.0, 1.0),
)
def donchian_position(high: Array, low: Array, close: Array, window: int) -> Array:
    """Place of C_t between the lowest low (0) and the highest high (1) of {window} bars."""
    lowest = talib.MIN(low, window)
    return np.clip((close - lowest) / (talib.MAX(high, window) - lowest), 0.0, 1.0)


@feature("ichimoku_9_26", family="trend", inputs=("high", "low"), lookback=25)
def ichimoku(high: Array, low: Array) -> Array:
    """ln(middle of the range of 9 bars / middle of the range of 26 bars): conversion against base line."""
    return np.log((talib.MAX(high, 9) + talib.MIN(low, 9)) / (talib.MAX(high, 26) + talib.MIN(low, 26)))


@feature(
    "vortex_14",
    family="trend",
    inputs=("high", "low", "close"),
    lookback=14,
    source="Botes & Siepman (2010), The Vortex Indicator",
)
def vortex(high: Array, low: Array, close: Array) -> Array:
    """(sum of |H_t - L_(t-1)| - sum of |L_t - H_(t-1)|) / sum of true ranges, over 14 bars."""
    movement = np.abs(high[1:] - low[:-1]) - np.abs(low[1:] - high[:-1])
    true_range = talib.TRANGE(high, low, close)[1:]
    return after_gap(window_sum(movement, 14) / window_sum(true_range, 14), 1)
