"""Trend: where the price is against its past, and how steadily it got there.

The directional indicators compare the rise of the high with the fall of the low. Where the two are equal to the cent,
the rounding of adjusted prices decides, in TA-Lib as everywhere, so that they are free of the price's unit up to that.
"""

from functools import partial

import numpy as np
import talib

from barograph.features import registration
from barograph.features.registration import HLC, NEGATIVE, PERCENT, POSITIVE, SHARE, Array, over_bars, over_changes
from barograph.features.windows import after_gap, lag, window_mean, window_sum, window_variance

feature = partial(registration.feature, family="trend")

_HOSODA = "Hosoda (1969), Ichimoku Kinko Hyo"


@feature("sma_dist_{window}", inputs=("close",), lookback=over_bars, windows=(10, 20, 50, 200))
def sma_distance(close: Array, window: int) -> Array:
    """ln(C_t / mean of the last {window} closes)."""
    return np.log(close / window_mean(close, window))


@feature("ema_dist_{window}", inputs=("close",), lookback=over_bars, windows=(100,), source="TA-Lib EMA")
def ema_distance(close: Array, window: int) -> Array:
    """ln(C_t / exponential mean ({window}) of the close)."""
    return np.log(close / talib.EMA(close, window))


@feature("wma_dist_{window}", inputs=("close",), lookback=over_bars, windows=(5,), source="TA-Lib WMA")
def wma_distance(close: Array, window: int) -> Array:
    """ln(C_t / mean of the last {window} closes, weighted {window} for the newest down to 1)."""
    return np.log(close / talib.WMA(close, window))


@feature("kama_dist_{window}", inputs=("close",), lookback=over_changes, windows=(10, 30), source="TA-Lib KAMA")
def kama_distance(close: Array, window: int) -> Array:
    """ln(C_t / Kaufman's adaptive mean ({window}) of the close)."""
    return np.log(close / talib.KAMA(close, window))


@feature("dema_dist_20", inputs=("close",), lookback=38, source="TA-Lib DEMA")
def dema_distance(close: Array) -> Array:
    """1 - double exponential mean (20) / C_t; no logarithm, as the mean overshoots and may fall below 0."""
    return 1.0 - talib.DEMA(close, 20) / close


@feature("tema_dist_50", inputs=("close",), lookback=147, source="TA-Lib TEMA")
def tema_distance(close: Array) -> Array:
    """1 - triple exponential mean (50) / C_t; no logarithm, as the mean overshoots and may fall below 0."""
    return 1.0 - talib.TEMA(close, 50) / close


@feature("sma_cross_5_20", inputs=("close",), lookback=19)
def sma_cross_of_weeks(close: Array) -> Array:
    """ln(mean of the last 5 closes / mean of the last 20)."""
    return np.log(window_mean(close, 5) / window_mean(close, 20))


@feature("sma_cross_20_50", inputs=("close",), lookback=49)
def sma_cross_of_months(close: Array) -> Array:
    """ln(mean of the last 20 closes / mean of the last 50)."""
    return np.log(window_mean(close, 20) / window_mean(close, 50))


@feature("sma_cross_50_200", inputs=("close",), lookback=199)
def sma_cross(close: Array) -> Array:
    """ln(mean of the last 50 closes / mean of the last 200)."""
    return np.log(window_mean(close, 50) / window_mean(close, 200))


@feature(("macd_12_26_9_line_pct", "macd_12_26_9_hist_pct"), inputs=("close",), lookback=33, source="TA-Lib MACD")
def macd(close: Array) -> tuple[Array, Array]:
    """MACD line, or its distance from the signal line, as a share of C_t."""
    line, _, histogram = talib.MACD(close, 12, 26, 9)
    return line / close, histogram / close


@feature("macd_19_39_9_hist_pct", inputs=("close",), lookback=46, source="TA-Lib MACD")
def slow_macd(close: Array) -> Array:
    """Distance of the slower MACD line (19, 39) from its signal line (9), as a share of C_t."""
    return talib.MACD(close, 19, 39, 9)[2] / close


@feature(
    ("slope_{window}", "r2_{window}", "linreg_dist_{window}"),
    inputs=("close",),
    lookback=over_bars,
    windows=(20, 60, 120),
)
def log_price_regression(close: Array, window: int) -> tuple[Array, Array, Array]:
    """Least-squares line through the last {window} log closes: slope a bar, R2 in [0, 1], or ln C_t less its end."""
    y = np.log(close / close[0])
    mean = window_mean(y, window)
    slope = (talib.WMA(y, window) - mean) * 6.0 / (window - 1)
    variance = window_variance(y, window, ddof=0)
    variance[variance == 0.0] = np.nan
    r2 = np.clip(slope * slope * (window * window - 1) / 12.0 / variance, 0.0, 1.0)
    return slope, r2, y - (mean + slope * (window - 1) / 2.0)


@feature(
    "efficiency_{window}",
    inputs=("log_return",),
    lookback=over_changes,
    windows=(20, 60),
    range=SHARE,
    source="Kaufman (1995), Smarter Trading",
)
def efficiency_ratio(log_return: Array, window: int) -> Array:
    """|sum of r| / sum of |r| over {window} log returns: 1 for a straight path."""
    path = window_sum(np.abs(log_return), window)
    return np.minimum(np.abs(window_sum(log_return, window)) / path, 1.0)


@feature("high_dist_{window}", inputs=("close",), lookback=over_bars, windows=(63, 252), range=NEGATIVE)
def high_distance(close: Array, window: int) -> Array:
    """ln(C_t / highest of the last {window} closes)."""
    return np.log(close / talib.MAX(close, window))


@feature("low_dist_{window}", inputs=("close",), lookback=over_bars, windows=(63, 252), range=POSITIVE)
def low_distance(close: Array, window: int) -> Array:
    """ln(C_t / lowest of the last {window} closes)."""
    return np.log(close / talib.MIN(close, window))


@feature("trix_15", inputs=("close",), lookback=43, source="TA-Lib TRIX")
def trix(close: Array) -> Array:
    """One-bar change of the triple exponential mean (15) of the close, in percent."""
    return talib.TRIX(close, 15)


@feature(
    "adx_{window}",
    inputs=HLC,
    lookback=lambda window: 2 * window - 1,
    windows=(14, 50),
    range=PERCENT,
    source="TA-Lib ADX",
)
def adx(high: Array, low: Array, close: Array, window: int) -> Array:
    """Average directional index of Wilder ({window}): the strength of a trend of either sign."""
    return talib.ADX(high, low, close, window)


@feature(("di_14_plus", "di_14_minus"), inputs=HLC, lookback=14, range=PERCENT, source="TA-Lib PLUS_DI, MINUS_DI")
def directional_indicators(high: Array, low: Array, close: Array) -> tuple[Array, Array]:
    """Positive, or negative, directional indicator of Wilder (14): the share of the true range that is new ground."""
    return talib.PLUS_DI(high, low, close, 14), talib.MINUS_DI(high, low, close, 14)


@feature(
    "di_14_diff",
    inputs=("di_14_plus", "di_14_minus"),
    lookback=14,
    range=(-100.0, 100.0),
    source="TA-Lib PLUS_DI, MINUS_DI",
)
def directional_difference(plus: Array, minus: Array) -> Array:
    """Positive minus negative directional indicator of Wilder (14)."""
    return plus - minus


@feature(
    ("aroon_{window}_up", "aroon_{window}_down"),
    inputs=("high", "low"),
    lookback=over_changes,
    windows=(25, 100),
    range=PERCENT,
    source="TA-Lib AROON",
)
def aroon(high: Array, low: Array, window: int) -> tuple[Array, Array]:
    """100 (1 - bars since the highest high, or the lowest low, of {window} + 1 bars / {window})."""
    down, up = talib.AROON(high, low, window)
    return up, down


@feature(
    "aroon_25_osc",
    inputs=("aroon_25_up", "aroon_25_down"),
    lookback=25,
    range=(-100.0, 100.0),
    source="TA-Lib AROONOSC",
)
def aroon_oscillator(up: Array, down: Array) -> Array:
    """aroon_25_up - aroon_25_down."""
    return up - down


@feature("sar_dist_2_20", inputs=HLC, lookback=1, source="TA-Lib SAR")
def sar_distance(high: Array, low: Array, close: Array) -> Array:
    """ln(C_t / parabolic stop-and-reverse of Wilder with acceleration 0.02 up to 0.20)."""
    return np.log(close / talib.SAR(high, low, 0.02, 0.2))


@feature("donchian_{window}", inputs=HLC, lookback=over_bars, windows=(20, 55, 252), range=SHARE)
def donchian_position(high: Array, low: Array, close: Array, window: int) -> Array:
    """Place of C_t between the lowest low (0) and the highest high (1) of {window} bars."""
    lowest = talib.MIN(low, window)
    return np.clip((close - lowest) / (talib.MAX(high, window) - lowest), 0.0, 1.0)


@feature("ichimoku_9_26", inputs=("high", "low"), lookback=25)
def ichimoku(high: Array, low: Array) -> Array:
    """ln(middle of the range of 9 bars / middle of the range of 26 bars): conversion against base line."""
    return np.log(_middle(high, low, 9) / _middle(high, low, 26))


@feature("ichimoku_9_conversion", inputs=HLC, lookback=8, source=_HOSODA)
def conversion_distance(high: Array, low: Array, close: Array) -> Array:
    """ln(C_t / middle of the range of 9 bars): distance from the conversion line."""
    return np.log(close / _middle(high, low, 9))


@feature("ichimoku_26_base", inputs=HLC, lookback=25, source=_HOSODA)
def base_distance(high: Array, low: Array, close: Array) -> Array:
    """ln(C_t / middle of the range of 26 bars): distance from the base line."""
    return np.log(close / _middle(high, low, 26))


@feature("ichimoku_26_span_a", inputs=HLC, lookback=51, source=_HOSODA)
def span_a_distance(high: Array, low: Array, close: Array) -> Array:
    """ln(C_t / mean of conversion and base line 26 bars ago): distance from leading span A as the chart shows it."""
    return np.log(close / _span_a(high, low))


@feature("ichimoku_52_span_b", inputs=HLC, lookback=77, source=_HOSODA)
def span_b_distance(high: Array, low: Array, close: Array) -> Array:
    """ln(C_t / middle of the range of 52 bars 26 bars ago): distance from leading span B as the chart shows it."""
    return np.log(close / lag(_middle(high, low, 52), 26))


@feature("ichimoku_52_cloud", inputs=("high", "low"), lookback=77, source=_HOSODA)
def cloud_thickness(high: Array, low: Array) -> Array:
    """ln(leading span A / leading span B), both as the chart shows them at t: the cloud's thickness and sign."""
    return np.log(_span_a(high, low) / lag(_middle(high, low, 52), 26))


@feature("vortex_14", inputs=HLC, lookback=14, source="Botes & Siepman (2010), The Vortex Indicator")
def vortex(high: Array, low: Array, close: Array) -> Array:
    """(sum of |H_t - L_(t-1)| - sum of |L_t - H_(t-1)|) / sum of true ranges, over 14 bars."""
    movement = np.abs(high[1:] - low[:-1]) - np.abs(low[1:] - high[:-1])
    true_range = talib.TRANGE(high, low, close)[1:]
    return after_gap(window_sum(movement, 14) / window_sum(true_range, 14), 1)


def _middle(high: Array, low: Array, window: int) -> Array:
    middle: Array = (talib.MAX(high, window) + talib.MIN(low, window)) / 2.0
    return middle


def _span_a(high: Array, low: Array) -> Array:
    return lag((_middle(high, low, 9) + _middle(high, low, 26)) / 2.0, 26)
