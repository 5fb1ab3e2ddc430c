"""Momentum: how far and how evenly the price moved.

On a price that does not move, oscillators are at their middle (WILLR -50, STOCH 50, ULTOSC 50), returns 0 and
ratios of two vanishing quantities are NaN; TA-Lib would give 0, or what rounding leaves, which says "oversold". An RSI
whose price stops keeps its last value, since Wilder's means of the rises and of the falls then shrink alike; it is 50
only before the price first moves. The stochastic of an RSI that rests goes to 50.
"""

from functools import partial

import numpy as np
import talib

from barograph.features import registration
from barograph.features.registration import HLC, PERCENT, RETURN, SHARE, SIGNED, Array, over_bars, over_changes
from barograph.features.windows import after_gap, window_mean, window_std, window_sum

feature = partial(registration.feature, family="momentum")

_ROUNDING = 1e-9
"""Differences of an RSI, which runs from 0 to 100, that are mere rounding."""


@feature(
    "ret_{window}",
    inputs=("close",),
    lookback=over_changes,
    windows=(1, 2, 5, 10, 21, 63, 126, 252),
    range=RETURN,
    source="TA-Lib ROCP",
)
def simple_return(close: Array, window: int) -> Array:
    """C_t / C_(t-{window}) - 1."""
    return talib.ROCP(close, window)


@feature(
    "mom_{window}_21",
    inputs=("close",),
    lookback=over_changes,
    windows=(126, 252),
    range=RETURN,
    source="Jegadeesh & Titman (1993), Journal of Finance 48(1)",
)
def skipped_momentum(close: Array, window: int) -> Array:
    """C_(t-21) / C_(t-{window}) - 1: the return of {window} bars without the last month."""
    return after_gap(close[window - 21 : -21] / close[:-window] - 1.0, window)


@feature(
    "mom_252_126",
    inputs=("close",),
    lookback=252,
    range=RETURN,
    source="Novy-Marx (2012), Journal of Financial Economics 103(3)",
)
def intermediate_momentum(close: Array) -> Array:
    """C_(t-126) / C_(t-252) - 1: the return of the first half of the last year."""
    return after_gap(close[126:-126] / close[:-252] - 1.0, 252)


@feature(
    "seasonal_252_21",
    inputs=("close",),
    lookback=252,
    range=RETURN,
    source="Heston & Sadka (2008), Journal of Financial Economics 87(2)",
)
def seasonal_return(close: Array) -> Array:
    """C_(t-231) / C_(t-252) - 1: the return of the month that followed the same day a year ago."""
    return after_gap(close[21:-231] / close[:-252] - 1.0, 252)


@feature(
    "acceleration_{window}",
    inputs=("close",),
    lookback=lambda window: 2 * window,
    windows=(21, 126),
    source="Gettleman & Marks (2006), Acceleration Strategies",
)
def acceleration(close: Array, window: int) -> Array:
    """C_t / C_(t-{window}) less the same {window} bars earlier: the gain in momentum."""
    growth = close[window:] / close[:-window]
    return after_gap(growth[window:] - growth[:-window], 2 * window)


@feature(
    "discreteness_252_21",
    inputs=("log_return",),
    lookback=252,
    range=SIGNED,
    source="Da, Gurun & Warachka (2014), Review of Financial Studies 27(7)",
)
def information_discreteness(log_return: Array) -> Array:
    """sign(ln(C_(t-21) / C_(t-252))) (share of falling - share of rising bars): -1 where all rose, or all fell."""
    past = log_return[:-21]
    direction = np.sign(window_sum(past, 231))
    return after_gap(-direction * window_mean(np.sign(past), 231), 21)


@feature(
    "rsi_{window}", inputs=("close",), lookback=over_changes, windows=(2, 7, 14, 28), range=PERCENT, source="TA-Lib RSI"
)
def rsi(close: Array, window: int) -> Array:
    """Relative strength index of Wilder ({window}); 50 before the price first moves."""
    row = np.arange(close.size)
    moved = np.maximum.accumulate(np.where(np.diff(close, prepend=close[:1]) == 0.0, 0, row))
    value = talib.RSI(close, window)[np.maximum(moved, np.minimum(row, window))]
    return np.where((moved == 0) & (row >= window), 50.0, value)


@feature(
    ("stochrsi_14_14_3_k", "stochrsi_14_14_3_d"),
    inputs=("rsi_14",),
    lookback=29,
    range=PERCENT,
    source="TA-Lib STOCHRSI",
)
def stochastic_rsi(rsi_14: Array) -> tuple[Array, Array]:
    """Place of rsi_14 in its range of 14 bars, or the mean of 3 such places; 50 where it did not move."""
    lowest = talib.MIN(rsi_14, 14)[13:]
    k = _place(rsi_14[13:] - lowest, talib.MAX(rsi_14, 14)[13:] - lowest, _ROUNDING)
    d = window_mean(k, 3)
    return after_gap(k[2:], 15), after_gap(d, 13)


@feature(
    "cmo_20",
    inputs=("close",),
    lookback=20,
    range=(-100.0, 100.0),
    source="Chande & Kroll (1994), The New Technical Trader",
)
def chande_momentum(close: Array) -> Array:
    """100 (C_t - C_(t-20)) / sum of |C_t - C_(t-1)| over 20 bars; 0 where the price did not move.

    Chande's sums. TA-Lib's CMO smooths them as Wilder does, which gives 2 RSI - 100.
    """
    path = window_sum(np.abs(np.diff(close)), 20)[19:]
    value = np.zeros(path.size)
    np.divide(close[20:] - close[:-20], path / 100.0, out=value, where=path > 0.0)
    return after_gap(np.clip(value, -100.0, 100.0), 20)


@feature("ppo_20_100", inputs=("close",), lookback=99, source="TA-Lib PPO")
def price_oscillator(close: Array) -> Array:
    """Distance of the exponential mean (20) of the close from the slow one (100), in percent of the slow one."""
    return 100.0 * (talib.EMA(close, 20) / talib.EMA(close, 100) - 1.0)


@feature("tsi_25_13", inputs=("close",), lookback=37, range=SIGNED, source="Blau (1991), True Strength Index")
def true_strength(close: Array) -> Array:
    """Twice smoothed (EMA 25, EMA 13) one-bar change of the close, over the same of its absolute value."""
    change = np.diff(close)
    smooth = talib.EMA(talib.EMA(change, 25), 13)
    return after_gap(np.clip(smooth / talib.EMA(talib.EMA(np.abs(change), 25), 13), -1.0, 1.0), 1)


@feature("sharpe_{window}", inputs=("log_return",), lookback=over_changes, windows=(63, 252))
def rolling_sharpe(log_return: Array, window: int) -> Array:
    """Mean / standard deviation of the last {window} log returns, not annualised."""
    return window_mean(log_return, window) / window_std(log_return, window)


@feature("up_share_{window}", inputs=("log_return",), lookback=over_changes, windows=(21, 63, 252), range=SHARE)
def up_share(log_return: Array, window: int) -> Array:
    """Share of the last {window} bars that closed higher, unchanged ones counting half."""
    return window_mean(0.5 + 0.5 * np.sign(log_return), window)


@feature("streak", inputs=("log_return",), lookback=1)
def streak(log_return: Array) -> Array:
    """Count of consecutive bars that closed higher (positive) or lower (negative)."""
    sign = np.sign(log_return)
    row = np.arange(sign.size)
    turned = np.diff(sign, prepend=np.nan) != 0
    return sign * (row - np.maximum.accumulate(np.where(turned, row, 0)) + 1)


@feature("willr_14", inputs=HLC, lookback=13, range=(-100.0, 0.0), source="TA-Lib WILLR")
def williams_r(high: Array, low: Array, close: Array) -> Array:
    """-100 (highest high - C_t) / (highest high - lowest low) over 14 bars; -50 where the price did not move."""
    return np.where(talib.MAX(high, 14) == talib.MIN(low, 14), -50.0, talib.WILLR(high, low, close, 14))


@feature(("stoch_14_3_3_k", "stoch_14_3_3_d"), inputs=HLC, lookback=17, range=PERCENT, source="TA-Lib STOCH")
def stochastic(high: Array, low: Array, close: Array) -> tuple[Array, Array]:
    """Slow stochastic oscillator: mean of 3 places in the range of 14 bars (%K), or mean of 3 %K (%D).

    A place is 50 where the price did not move. TA-Lib makes it 0, and its running means do not come back to it.
    """
    lowest = talib.MIN(low, 14)[13:]
    k = window_mean(_place(close[13:] - lowest, talib.MAX(high, 14)[13:] - lowest), 3)
    d = window_mean(k[2:], 3)
    return np.clip(after_gap(k[4:], 17), 0.0, 100.0), np.clip(after_gap(d[2:], 17), 0.0, 100.0)


@feature("cci_20", inputs=HLC, lookback=19, source="TA-Lib CCI")
def commodity_channel(high: Array, low: Array, close: Array) -> Array:
    """Distance of the typical price from its mean over 20 bars, in 0.015 mean absolute deviations."""
    return talib.CCI(high, low, close, 20)


@feature("ultosc_7_14_28", inputs=HLC, lookback=28, range=PERCENT, source="TA-Lib ULTOSC")
def ultimate_oscillator(high: Array, low: Array, close: Array) -> Array:
    """(4 p_7 + 2 p_14 + p_28) / 7, p_n = 100 sum of (C - true low) / sum of true ranges, 50 where these are 0."""
    true_range = talib.TRANGE(high, low, close)[1:]
    pressure = close[1:] - np.minimum(low[1:], close[:-1])
    total = np.zeros(true_range.size)
    for weight, window in ((4.0, 7), (2.0, 14), (1.0, 28)):
        total += weight / 7.0 * _place(window_sum(pressure, window), window_sum(true_range, window))
    return after_gap(np.clip(total[27:], 0.0, 100.0), 28)


@feature("bop_14", inputs=("open", "high", "low", "close"), lookback=13, range=SIGNED, source="TA-Lib BOP")
def balance_of_power(open_: Array, high: Array, low: Array, close: Array) -> Array:
    """Mean over 14 bars of (C - O) / (H - L)."""
    return np.clip(window_mean(talib.BOP(open_, high, low, close), 14), -1.0, 1.0)


@feature("gap_1", inputs=("open", "close"), lookback=1)
def overnight_gap(open_: Array, close: Array) -> Array:
    """ln(O_t / C_(t-1))."""
    return after_gap(np.log(open_[1:] / close[:-1]), 1)


@feature("overnight_21", inputs=("open", "close"), lookback=21)
def overnight_return(open_: Array, close: Array) -> Array:
    """Sum over 21 bars of the overnight log returns ln(O_t / C_(t-1))."""
    return after_gap(window_sum(np.log(open_[1:] / close[:-1]), 21), 1)


@feature("intraday_{window}", inputs=("open", "close"), lookback=over_bars, windows=(1, 21))
def intraday_return(open_: Array, close: Array, window: int) -> Array:
    """Sum over {window} bars of the intraday log returns ln(C_t / O_t)."""
    return window_sum(np.log(close / open_), window)


@feature("ao_5_34", inputs=HLC, lookback=33, source="Williams (1998)")
def awesome_oscillator(high: Array, low: Array, close: Array) -> Array:
    """(mean of (H + L) / 2 over 5 bars - over 34 bars) / C_t."""
    middle = (high + low) / 2.0
    return (window_mean(middle, 5) - window_mean(middle, 34)) / close


def _place(above: Array, span: Array, rounding: float = 0.0) -> Array:
    """Give the place within a span in percent, 50 where the span is mere rounding."""
    place = np.full(span.size, 0.5)
    np.divide(above, span, out=place, where=span > rounding)
    return 100.0 * place
