"""Volatility: how much the price moves, in which direction, how abruptly, and how that changes.

Standard deviations are a year's (times the square root of 252) unless said otherwise.
"""

import math

import numpy as np
import talib

from barograph.features.registration import Array, feature
from barograph.features.windows import (
    after_gap,
    window_mean,
    window_std,
    window_sum,
    window_variance,
)

_YEAR = 252.0


@feature(
    "vol_{window}",
    family="volatility",
    inputs=("log_return",),
    lookback=lambda window: window,
    windows=(5, 21, 63, 252),
    range=(0.0, math.inf),
)
def volatility(log_return: Array, window: int) -> Array:
    """Sample standard deviation of the last {window} log returns, annualised."""
    return window_std(log_return, window) * math.sqrt(_YEAR)


@feature("ewm_vol_32", family="volatility", inputs=("log_return",), lookback=32, range=(0.0, math.inf))
def exponential_volatility(log_return: Array) -> Array:
    """Root of the exponential mean (32 bars, decay 0.94) of squared log returns, annualised."""
    return np.sqrt(np.maximum(talib.EMA(log_return * log_return, 32), 0.0) * _YEAR)


@feature("vol_ratio_5_63", family="volatility", inputs=("vol_5", "vol_63"), lookback=63)
def volatility_ratio(short: Array, long: Array) -> Array:
    """ln(vol_5 / vol_63)."""
    return np.log(short / long)


@feature("vol_of_vol_63", family="volatility", inputs=("vol_21",), lookback=83, range=(0.0, math.inf))
def volatility_of_volatility(vol: Array) -> Array:
    """Sample standard deviation / mean of the last 63 values of vol_21."""
    return window_std(vol, 63) / window_mean(vol, 63)


@feature("downside_share_63", family="volatility", inputs=("log_return",), lookback=63, range=(0.0, 1.0))
def downside_share(log_return: Array) -> Array:
    """Share of negative returns in the sum of the last 63 squared log returns."""
    squares = log_return * log_return
    share = window_sum(np.where(log_return < 0.0, squares, 0.0), 63) / window_sum(squares, 63)
    return np.minimum(share, 1.0)


@feature(("skew_63", "kurt_63"), family="volatility", inputs=("log_return",), lookback=63)
def skewness_and_kurtosis(log_return: Array) -> tuple[Array, Array]:
    """Skewness, or excess kurtosis, of the last 63 log returns (population moments)."""
    square = log_return * log_return
    powers = (log_return, square, square * log_return, square * square)
    mean, second, third, fourth = (window_mean(power, 63) for power in powers)
    variance = window_variance(log_return, 63, ddof=0)
    variance[variance == 0.0] = np.nan
    third_moment = third - 3.0 * mean * second + 2.0 * mean * mean * mean
    fourth_moment = fourth - mean * (4.0 * third - 6.0 * mean * second + 3.0 * mean * mean * mean)
    return third_moment / (variance * np.sqrt(variance)), fourth_moment / (variance * variance) - 3.0


@feature(
    ("bb_20_position", "bb_20_width"),
    family="volatility",
    inputs=("close",),
    lookback=19,
    source="Bollinger (2001), Bollinger on Bollinger Bands",
)
def bollinger(close: Array) -> tuple[Array, Array]:
    """(C_t - mean) / (2 standard deviations) of 20 closes, or 4 standard deviations / mean."""
    mean, deviation = window_mean(close, 20), window_std(close, 20, ddof=0)
    return (close - mean) / (2.0 * deviation), 4.0 * deviation / mean


@feature("max_ret_21", family="volatility", inputs=("log_return",), lookback=21, source="TA-Lib MAX")
def largest_return(log_return: Array) -> Array:
    """Largest of the last 21 log returns (Bali, Cakici & Whitelaw 2011)."""
    return talib.MAX(log_return, 21)


@feature("min_ret_21", family="volatility", inputs=("log_return",), lookback=21, source="TA-Lib MIN")
def smallest_return(log_return: Array) -> Array:
    """Smallest of the last 21 log returns."""
    return talib.MIN(log_return, 21)


@feature(
    "jump_21",
    family="volatility",
    inputs=("log_return",),
    lookback=22,
    range=(-math.inf, 1.0),
    source="Barndorff-Nielsen & Shephard (2004), Journal of Financial Econometrics 2(1)",
)
def jump_share(log_return: Array) -> Array:
    """1 - bipower / realised variance of 21 log returns: the share of variance due to jumps."""
    size = np.abs(log_return)
    bipower = window_sum(size[1:] * size[:-1], 21) * math.pi / 2.0
    return after_gap(1.0 - bipower / window_sum(log_return[1:] ** 2, 21), 1)


@feature(
    "ulcer_14",
    family="volatility",
    inputs=("close",),
    lookback=26,
    range=(0.0, math.inf),
    source="Martin & McCann (1989), The Investor's Guide to Fidelity Funds",
)
def ulcer_index(close: Array) -> Array:
    """Root of the mean over 14 bars of the squared relative distance from the highest of 14 closes."""
    drawdown = close[13:] / talib.MAX(close, 14)[13:] - 1.0
    return after_gap(np.sqrt(window_mean(drawdown * drawdown, 14)), 13)


@feature(
    "natr_14",
    family="volatility",
    inputs=("high", "low", "close"),
    lookback=14,
    range=(0.0, math.inf),
    source="TA-Lib NATR",
)
def normalised_range(high: Array, low: Array, close: Array) -> Array:
    """Average true range of Wilder (14) in percent of C_t."""
    return talib.NATR(high, low, close, 14)


@feature(
    "parkinson_{window}",
    family="volatility",
    inputs=("high", "low"),
    lookback=lambda window: window - 1,
    windows=(5, 21),
    range=(0.0, math.inf),
    source="Parkinson (1980), Journal of Business 53(1)",
)
def parkinson(high: Array, low: Array, window: int) -> Array:
    """Root of the mean of ln(H/L)^2 / (4 ln 2) over {window} bars, annualised."""
    return np.sqrt(window_mean(np.log(high / low) ** 2, window) * _YEAR / (4.0 * math.log(2.0)))


@feature(
    "garman_klass_21",
    family="volatility",
    inputs=("open", "high", "low", "close"),
    lookback=20,
    range=(0.0, math.inf),
    source="Garman & Klass (1980), Journal of Business 53(1)",
)
def garman_klass(open_: Array, high: Array, low: Array, close: Array) -> Array:
    """Root of the mean of ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2 over 21 bars, annualised."""
    body = (2.0 * math.log(2.0) - 1.0) * np.log(close / open_) ** 2
    variance = window_mean(0.5 * np.log(high / low) ** 2 - body, 21)
    return np.sqrt(np.maximum(variance, 0.0) * _YEAR)


@feature(
    "yang_zhang_21",
    family="volatility",
    inputs=("open", "high", "low", "close"),
    lookback=21,
    range=(0.0, math.inf),
    source="Yang & Zhang (2000), Journal of Business 73(3)",
)
def yang_zhang(open_: Array, high: Array, low: Array, close: Array) -> Array:
    """Root of V(overnight) + k V(intraday) + (1 - k) Rogers-Satchell variance over 21 bars, annualised."""
    weight = 0.34 / (1.34 + 22.0 / 20.0)
    overnight = np.log(open_[1:] / close[:-1])
    intraday = np.log(close / open_)[1:]
    rogers_satchell = window_mean(_rogers_satchell(open_, high, low, close)[1:], 21)
    variance = (
        window_variance(overnight, 21) + weight * window_variance(intraday, 21) + (1.0 - weight) * rogers_satchell
    )
    return after_gap(np.sqrt(np.maximum(variance, 0.0) * _YEAR), 1)


@feature(
    "rogers_satchell_21",
    family="volatility",
    inputs=("open", "high", "low", "close"),
    lookback=20,
    range=(0.0, math.inf),
    source="Rogers & Satchell (1991), Annals of Applied Probability 1(4)",
)
def rogers_satchell(open_: Array, high: Array, low: Array, close: Array) -> Array:
    """Root of the mean of ln(H/C) ln(H/O) + ln(L/C) ln(L/O) over 21 bars, annualised."""
    return np.sqrt(np.maximum(window_mean(_rogers_satchell(open_, high, low, close), 21), 0.0) * _YEAR)


@feature("range_ratio_5_63", family="volatility", inputs=("high", "low"), lookback=62)
def range_ratio(high: Array, low: Array) -> Array:
    """ln(mean of ln(H/L) over 5 bars / over 63 bars)."""
    spread = np.log(high / low)
    return np.log(window_mean(spread, 5) / window_mean(spread, 63))


@feature(
    "chop_14",
    family="volatility",
    inputs=("high", "low", "close"),
    lookback=14,
    source="Dreiss, Choppiness Index",
)
def choppiness(high: Array, low: Array, close: Array) -> Array:
    """100 ln(sum of true ranges / (highest high - lowest low)) / ln 14, over 14 bars."""
    true_range = after_gap(window_sum(talib.TRANGE(high, low, close)[1:], 14), 1)
    return 100.0 / math.log(14.0) * np.log(true_range / (talib.MAX(high, 14) - talib.MIN(low, 14)))


@feature("keltner_20", family="volatility", inputs=("high", "low", "close"), lookback=20, source="TA-Lib EMA, ATR")
def keltner_position(high: Array, low: Array, close: Array) -> Array:
    """(C_t - exponential mean (20) of the close) / average true range of Wilder (20)."""
    return (close - talib.EMA(close, 20)) / talib.ATR(high, low, close, 20)


@feature("close_location_1", family="volatility", inputs=("high", "low", "close"), lookback=0, range=(-1.0, 1.0))
def close_location(high: Array, low: Array, close: Array) -> Array:
    """((C - L) - (H - C)) / (H - L): 1 where the bar closed at its high."""
    return np.clip(((close - low) - (high - close)) / (high - low), -1.0, 1.0)


def _rogers_satchell(open_: Array, high: Array, low: Array, close: Array) -> Array:
    variance: Array = np.log(high / close) * np.log(high / open_) + np.log(low / close) * np.log(low / open_)
    return variance
