"""Volatility: how much the price moves, in which direction, how abruptly, and how that changes.

Standard deviations are a year's (times the square root of 252) unless said otherwise.
"""

import math
from functools import partial

import numpy as np
import talib

from barograph.features import registration
from barograph.features.registration import (
    HLC,
    NEGATIVE,
    POSITIVE,
    SHARE,
    SIGNED,
    Array,
    over_bars,
    over_changes,
    over_pairs,
)
from barograph.features.windows import (
    after_gap,
    window_correlation,
    window_mean,
    window_std,
    window_sum,
    window_variance,
)

feature = partial(registration.feature, family="volatility")
of_returns = partial(feature, inputs=("log_return",), lookback=over_changes)

_YEAR = 252.0
_OHLC = ("open", *HLC)


@of_returns("vol_{window}", windows=(5, 21, 63, 252), range=POSITIVE)
def volatility(log_return: Array, window: int) -> Array:
    """Sample standard deviation of the last {window} log returns, annualised."""
    return window_std(log_return, window) * math.sqrt(_YEAR)


@feature("ewm_vol_32", inputs=("log_return",), lookback=32, range=POSITIVE)
def exponential_volatility(log_return: Array) -> Array:
    """Root of the exponential mean (32 bars, decay 0.94) of squared log returns, annualised."""
    return np.sqrt(np.maximum(talib.EMA(log_return * log_return, 32), 0.0) * _YEAR)


@feature("vol_ratio_5_63", inputs=("vol_5", "vol_63"), lookback=63)
def volatility_ratio(short: Array, long: Array) -> Array:
    """ln(vol_5 / vol_63)."""
    return np.log(short / long)


@feature("vol_ratio_21_252", inputs=("vol_21", "vol_252"), lookback=252)
def yearly_volatility_ratio(short: Array, long: Array) -> Array:
    """ln(vol_21 / vol_252)."""
    return np.log(short / long)


@feature("shock_32", inputs=("log_return", "ewm_vol_32"), lookback=33)
def standardised_return(log_return: Array, vol: Array) -> Array:
    """r_t / the day's share of ewm_vol_32 one bar before."""
    return after_gap(log_return[1:] * math.sqrt(_YEAR) / vol[:-1], 1)


@feature(
    "vol_of_vol_{window}", inputs=("vol_21",), lookback=lambda window: window + 20, windows=(63, 252), range=POSITIVE
)
def volatility_of_volatility(vol: Array, window: int) -> Array:
    """Sample standard deviation / mean of the last {window} values of vol_21."""
    return window_std(vol, window) / window_mean(vol, window)


@of_returns("downside_share_{window}", windows=(63,), range=SHARE)
def downside_share(log_return: Array, window: int) -> Array:
    """Share of negative returns in the sum of the last {window} squared log returns."""
    squares = log_return * log_return
    share = window_sum(np.where(log_return < 0.0, squares, 0.0), window) / window_sum(squares, window)
    return np.minimum(share, 1.0)


@of_returns(
    "downside_vol_{window}",
    windows=(21,),
    range=POSITIVE,
    source="Sortino & van der Meer (1991), Journal of Portfolio Management 17(4)",
)
def downside_volatility(log_return: Array, window: int) -> Array:
    """Root of the mean of min(r, 0)^2 over {window} log returns, annualised."""
    return np.sqrt(window_mean(np.minimum(log_return, 0.0) ** 2, window) * _YEAR)


@of_returns(("skew_{window}", "kurt_{window}"), windows=(63, 252))
def skewness_and_kurtosis(log_return: Array, window: int) -> tuple[Array, Array]:
    """Skewness, or excess kurtosis, of the last {window} log returns (population moments)."""
    square = log_return * log_return
    powers = (log_return, square, square * log_return, square * square)
    mean, second, third, fourth = (window_mean(power, window) for power in powers)
    variance = window_variance(log_return, window, ddof=0)
    variance[variance == 0.0] = np.nan
    third_moment = third - 3.0 * mean * second + 2.0 * mean * mean * mean
    fourth_moment = fourth - mean * (4.0 * third - 6.0 * mean * second + 3.0 * mean * mean * mean)
    return third_moment / (variance * np.sqrt(variance)), fourth_moment / (variance * variance) - 3.0


@feature(
    "leverage_{window}",
    inputs=("log_return",),
    lookback=over_pairs,
    windows=(252,),
    range=SIGNED,
    source="Bouchaud, Matacz & Potters (2001), Physical Review Letters 87, 228701",
)
def leverage_effect(log_return: Array, window: int) -> Array:
    """Correlation over {window} bars of |r| with the r before it: negative where falls make the price restless."""
    return after_gap(window_correlation(log_return[:-1], np.abs(log_return[1:]), window), 1)


@feature(
    ("bb_{window}_position", "bb_{window}_width"),
    inputs=("close",),
    lookback=over_bars,
    windows=(20,),
    source="Bollinger (2001), Bollinger on Bollinger Bands",
)
def bollinger(close: Array, window: int) -> tuple[Array, Array]:
    """(C_t - mean) / (2 standard deviations) of {window} closes, or 4 standard deviations / mean."""
    mean, deviation = window_mean(close, window), window_std(close, window, ddof=0)
    return (close - mean) / (2.0 * deviation), 4.0 * deviation / mean


@feature("max_ret_21", inputs=("log_return",), lookback=21, source="TA-Lib MAX")
def largest_return(log_return: Array) -> Array:
    """Largest of the last 21 log returns (Bali, Cakici & Whitelaw 2011)."""
    return talib.MAX(log_return, 21)


@feature("min_ret_21", inputs=("log_return",), lookback=21, source="TA-Lib MIN")
def smallest_return(log_return: Array) -> Array:
    """Smallest of the last 21 log returns."""
    return talib.MIN(log_return, 21)


@feature(
    "jump_{window}",
    inputs=("log_return",),
    lookback=over_pairs,
    windows=(21, 63),
    range=(-math.inf, 1.0),
    source="Barndorff-Nielsen & Shephard (2004), Journal of Financial Econometrics 2(1)",
)
def jump_share(log_return: Array, window: int) -> Array:
    """1 - bipower / realised variance of {window} log returns: the share of variance due to jumps."""
    size = np.abs(log_return)
    bipower = window_sum(size[1:] * size[:-1], window) * math.pi / 2.0
    return after_gap(1.0 - bipower / window_sum(log_return[1:] ** 2, window), 1)


@feature(
    "ulcer_14",
    inputs=("close",),
    lookback=26,
    range=POSITIVE,
    source="Martin & McCann (1989), The Investor's Guide to Fidelity Funds",
)
def ulcer_index(close: Array) -> Array:
    """Root of the mean over 14 bars of the squared relative distance from the highest of 14 closes."""
    drawdown = close[13:] / talib.MAX(close, 14)[13:] - 1.0
    return after_gap(np.sqrt(window_mean(drawdown * drawdown, 14)), 13)


@feature("drawdown_252_depth", inputs=("high_dist_252", "vol_252"), lookback=252, range=NEGATIVE)
def drawdown_depth(distance: Array, vol: Array) -> Array:
    """ln(C_t / highest of 252 closes) / vol_252: how far below its high, in standard deviations of a year."""
    return distance / vol


@feature("drawdown_{window}_length", inputs=("close",), lookback=over_bars, windows=(252,), range=(0.0, 251.0))
def drawdown_length(close: Array, window: int) -> Array:
    """Bars since the highest of the last {window} closes, the latest of equal ones; 0 at a high."""
    from barograph.features import kernels

    return kernels.bars_since_highest(close, window)


@feature(
    "max_drawdown_{window}",
    inputs=("close",),
    lookback=over_bars,
    windows=(63, 252),
    range=NEGATIVE,
    source="Magdon-Ismail & Atiya (2004), Risk 17(10)",
)
def maximum_drawdown(close: Array, window: int) -> Array:
    """Deepest fall in {window} closes: ln of the least C_j / C_i with i <= j."""
    from barograph.features import kernels

    return np.log(kernels.deepest_falls(close, window))


@feature("natr_{window}", inputs=HLC, lookback=over_changes, windows=(14, 63), range=POSITIVE, source="TA-Lib NATR")
def normalised_range(high: Array, low: Array, close: Array, window: int) -> Array:
    """Average true range of Wilder ({window}) in percent of C_t."""
    return talib.NATR(high, low, close, window)


@feature(
    "parkinson_{window}",
    inputs=("high", "low"),
    lookback=over_bars,
    windows=(5, 21),
    range=POSITIVE,
    source="Parkinson (1980), Journal of Business 53(1)",
)
def parkinson(high: Array, low: Array, window: int) -> Array:
    """Root of the mean of ln(H/L)^2 / (4 ln 2) over {window} bars, annualised."""
    return np.sqrt(window_mean(np.log(high / low) ** 2, window) * _YEAR / (4.0 * math.log(2.0)))


@feature(
    "garman_klass_{window}",
    inputs=_OHLC,
    lookback=over_bars,
    windows=(21,),
    range=POSITIVE,
    source="Garman & Klass (1980), Journal of Business 53(1)",
)
def garman_klass(open_: Array, high: Array, low: Array, close: Array, window: int) -> Array:
    """Root of the mean of ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2 over {window} bars, annualised."""
    body = (2.0 * math.log(2.0) - 1.0) * np.log(close / open_) ** 2
    variance = window_mean(0.5 * np.log(high / low) ** 2 - body, window)
    return np.sqrt(np.maximum(variance, 0.0) * _YEAR)


@feature(
    "yang_zhang_{window}",
    inputs=_OHLC,
    lookback=over_changes,
    windows=(21, 63),
    range=POSITIVE,
    source="Yang & Zhang (2000), Journal of Business 73(3)",
)
def yang_zhang(open_: Array, high: Array, low: Array, close: Array, window: int) -> Array:
    """Root of V(overnight) + k V(intraday) + (1 - k) Rogers-Satchell variance over {window} bars, annualised."""
    weight = 0.34 / (1.34 + (window + 1.0) / (window - 1.0))
    overnight = window_variance(np.log(open_[1:] / close[:-1]), window)
    intraday = window_variance(np.log(close / open_)[1:], window)
    inside = window_mean(_rogers_satchell(open_, high, low, close)[1:], window)
    variance = overnight + weight * intraday + (1.0 - weight) * inside
    return after_gap(np.sqrt(np.maximum(variance, 0.0) * _YEAR), 1)


@feature("overnight_share_{window}", inputs=("open", "close"), lookback=over_changes, windows=(63,), range=SHARE)
def overnight_share(open_: Array, close: Array, window: int) -> Array:
    """V(overnight) / (V(overnight) + V(intraday)) over {window} bars, V the variance of ln(O/C_(t-1)), of ln(C/O)."""
    overnight = window_variance(np.log(open_[1:] / close[:-1]), window)
    return after_gap(overnight / (overnight + window_variance(np.log(close / open_)[1:], window)), 1)


@feature(
    "rogers_satchell_{window}",
    inputs=_OHLC,
    lookback=over_bars,
    windows=(21,),
    range=POSITIVE,
    source="Rogers & Satchell (1991), Annals of Applied Probability 1(4)",
)
def rogers_satchell(open_: Array, high: Array, low: Array, close: Array, window: int) -> Array:
    """Root of the mean of ln(H/C) ln(H/O) + ln(L/C) ln(L/O) over {window} bars, annualised."""
    return np.sqrt(np.maximum(window_mean(_rogers_satchell(open_, high, low, close), window), 0.0) * _YEAR)


@feature(
    "range_vol_ratio_{window}", inputs=("parkinson_{window}", "vol_{window}"), lookback=over_changes, windows=(21,)
)
def range_to_close(parkinson: Array, vol: Array) -> Array:
    """ln(parkinson_{window} / vol_{window}): above 0 where the price moves within the day and comes back."""
    return np.log(parkinson / vol)


@feature("range_ratio_5_63", inputs=("high", "low"), lookback=62)
def range_ratio(high: Array, low: Array) -> Array:
    """ln(mean of ln(H/L) over 5 bars / over 63 bars)."""
    spread = np.log(high / low)
    return np.log(window_mean(spread, 5) / window_mean(spread, 63))


@feature("chop_14", inputs=HLC, lookback=14, source="Dreiss, Choppiness Index")
def choppiness(high: Array, low: Array, close: Array) -> Array:
    """100 ln(sum of true ranges / (highest high - lowest low)) / ln 14, over 14 bars."""
    true_range = after_gap(window_sum(talib.TRANGE(high, low, close)[1:], 14), 1)
    return 100.0 / math.log(14.0) * np.log(true_range / (talib.MAX(high, 14) - talib.MIN(low, 14)))


@feature(
    ("keltner_{window}", "keltner_{window}_width"),
    inputs=HLC,
    lookback=over_changes,
    windows=(20,),
    source="TA-Lib EMA, ATR",
)
def keltner(high: Array, low: Array, close: Array, window: int) -> tuple[Array, Array]:
    """(C_t - exponential mean ({window}) of the close) / Wilder's true range ({window}), or 4 true ranges / mean."""
    middle, true_range = talib.EMA(close, window), talib.ATR(high, low, close, window)
    return (close - middle) / true_range, 4.0 * true_range / middle


@feature(
    "squeeze_20", inputs=("bb_20_width", "keltner_20_width"), lookback=20, source="Carter (2005), Mastering the Trade"
)
def squeeze(bollinger_width: Array, keltner_width: Array) -> Array:
    """ln(bb_20_width / keltner_20_width): low where the price coils up."""
    return np.log(bollinger_width / keltner_width)


@feature(
    "donchian_{window}_width",
    inputs=("high", "low"),
    lookback=over_bars,
    windows=(63, 252),
    range=POSITIVE,
    source="TA-Lib MAX, MIN",
)
def donchian_width(high: Array, low: Array, window: int) -> Array:
    """ln(highest high / lowest low) of {window} bars."""
    return np.log(talib.MAX(high, window) / talib.MIN(low, window))


@feature("close_location_1", inputs=HLC, lookback=0, range=SIGNED)
def close_location(high: Array, low: Array, close: Array) -> Array:
    """((C - L) - (H - C)) / (H - L): 1 where the bar closed at its high."""
    return np.clip(((close - low) - (high - close)) / (high - low), -1.0, 1.0)


def _rogers_satchell(open_: Array, high: Array, low: Array, close: Array) -> Array:
    variance: Array = np.log(high / close) * np.log(high / open_) + np.log(low / close) * np.log(low / open_)
    return variance
