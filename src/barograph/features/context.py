"""Context: the index, its implied volatility, rates and the dollar, the regime, and how a symbol moves with the index.

Release lags are applied before these functions see a series.
"""

import math

import numpy as np
import talib

from barograph.features.registration import Array, feature
from barograph.features.windows import (
    lag,
    window_correlation,
    window_covariance,
    window_mean,
    window_rank,
    window_std,
    window_variance,
)
from barograph.tables import REGIMES

_YEAR = 252.0
_CRASH = float(REGIMES.index("crash"))


@feature(
    "index_ret_{window}",
    family="context",
    inputs=("index_close",),
    lookback=lambda window: window,
    windows=(1, 5, 21, 63),
    scope="date",
    range=(-1.0, math.inf),
    source="TA-Lib ROCP",
)
def index_return(index_close: Array, window: int) -> Array:
    """Return of the index over {window} days."""
    return talib.ROCP(index_close, window)


@feature(
    "index_vol_21",
    family="context",
    inputs=("index_log_return",),
    lookback=21,
    scope="date",
    range=(0.0, math.inf),
)
def index_volatility(index_log_return: Array) -> Array:
    """Sample standard deviation of the last 21 log returns of the index, annualised."""
    return window_std(index_log_return, 21) * math.sqrt(_YEAR)


@feature(
    "index_drawdown_252",
    family="context",
    inputs=("index_close",),
    lookback=251,
    scope="date",
    range=(-math.inf, 0.0),
)
def index_drawdown(index_close: Array) -> Array:
    """ln(index / its highest of the last 252 closes)."""
    return np.log(index_close / talib.MAX(index_close, 252))


@feature("index_sma_dist_200", family="context", inputs=("index_close",), lookback=199, scope="date")
def index_distance(index_close: Array) -> Array:
    """ln(index / mean of its last 200 closes)."""
    return np.log(index_close / window_mean(index_close, 200))


@feature("vix_level", family="context", inputs=("vix",), lookback=0, scope="date", range=(0.0, math.inf))
def vix_level(vix: Array) -> Array:
    """VIX / 100: the volatility that option prices imply, annualised."""
    return vix / 100.0


@feature("vix_change_5", family="context", inputs=("vix",), lookback=5, scope="date")
def vix_change(vix: Array) -> Array:
    """ln(VIX_t / VIX_(t-5))."""
    return np.log(vix / lag(vix, 5))


@feature("vix_z_63", family="context", inputs=("vix",), lookback=62, scope="date")
def vix_z_score(vix: Array) -> Array:
    """(ln VIX - mean) / standard deviation of the last 63 values."""
    level = np.log(vix)
    return (level - window_mean(level, 63)) / window_std(level, 63)


@feature("vix_rank_252", family="context", inputs=("vix",), lookback=251, scope="date", range=(0.0, 1.0))
def vix_rank(vix: Array) -> Array:
    """Share of the last 252 values of the VIX that lie below today's, ties counting half."""
    return window_rank(vix, 252)


@feature(
    "vix_premium_21",
    family="context",
    inputs=("vix", "index_log_return"),
    lookback=21,
    scope="date",
    source="Carr & Wu (2009), Review of Financial Studies 22(3)",
)
def volatility_premium(vix: Array, index_log_return: Array) -> Array:
    """ln(VIX / 100 / index_vol_21): implied against realised volatility."""
    return np.log(vix / 100.0 / index_volatility(index_log_return))


@feature("us10y_change_21", family="context", inputs=("us10y",), lookback=21, scope="date")
def yield_change(us10y: Array) -> Array:
    """Change of the ten-year yield over 21 days, in percentage points."""
    return us10y - lag(us10y, 21)


@feature("term_slope", family="context", inputs=("us10y", "us2y"), lookback=0, scope="date")
def term_slope(us10y: Array, us2y: Array) -> Array:
    """Ten-year less two-year yield, in percentage points."""
    return us10y - us2y


@feature("term_slope_change_21", family="context", inputs=("us10y", "us2y"), lookback=21, scope="date")
def term_slope_change(us10y: Array, us2y: Array) -> Array:
    """Change of the ten-year less two-year yield over 21 days, in percentage points."""
    return us10y - us2y - lag(us10y - us2y, 21)


@feature(
    "usd_ret_{window}",
    family="context",
    inputs=("usd_broad",),
    lookback=lambda window: window,
    windows=(21, 63),
    scope="date",
    range=(-1.0, math.inf),
    source="TA-Lib ROCP",
)
def dollar_return(usd_broad: Array, window: int) -> Array:
    """Return of the broad dollar index over {window} days."""
    return talib.ROCP(usd_broad, window)


@feature(
    ("beta_63", "idio_vol_63"),
    family="context",
    inputs=("log_return", "index_log_return"),
    lookback=63,
    source="Ang, Hodrick, Xing & Zhang (2006), Journal of Finance 61(1)",
)
def beta(log_return: Array, index_log_return: Array) -> tuple[Array, Array]:
    """Regression of 63 log returns on the index's: its slope, or the annualised standard deviation of its residual."""
    covariance = window_covariance(log_return, index_log_return, 63)
    variance = window_variance(index_log_return, 63)
    residual = np.maximum(window_variance(log_return, 63) - covariance**2 / variance, 0.0)
    return covariance / variance, np.sqrt(residual * _YEAR * 62.0 / 61.0)


@feature(
    "index_corr_63",
    family="context",
    inputs=("log_return", "index_log_return"),
    lookback=63,
    range=(-1.0, 1.0),
)
def index_correlation(log_return: Array, index_log_return: Array) -> Array:
    """Correlation of the last 63 log returns with the index's."""
    return window_correlation(log_return, index_log_return, 63)


@feature("index_excess_21", family="context", inputs=("close", "index_close"), lookback=21)
def index_excess(close: Array, index_close: Array) -> Array:
    """Return over 21 bars less the index's over the same bars."""
    return talib.ROCP(close, 21) - talib.ROCP(index_close, 21)


@feature(
    [f"regime_{name}" for name in REGIMES],
    family="context",
    inputs=("regime",),
    lookback=0,
    scope="date",
    range=(0.0, 1.0),
)
def regime_indicators(regime: Array) -> tuple[Array, ...]:
    """1 on dates of that regime, else 0."""
    return tuple((regime == code).astype(np.float64) for code in range(len(REGIMES)))


@feature("regime_age", family="context", inputs=("regime",), lookback=0, scope="date", range=(0.0, math.inf))
def regime_age(regime: Array) -> Array:
    """ln(number of days that the present regime has lasted)."""
    day = np.arange(regime.size)
    changed = np.diff(regime, prepend=np.nan) != 0.0
    age: Array = np.log(day - np.maximum.accumulate(np.where(changed, day, 0)) + 1.0)
    return age


@feature("crash_memory_63", family="context", inputs=("regime",), lookback=0, scope="date", range=(0.0, 1.0))
def crash_memory(regime: Array) -> Array:
    """exp(-days since the last date of regime crash / 63); 0 before the first."""
    day = np.arange(regime.size, dtype=np.float64)
    last = np.maximum.accumulate(np.where(regime == _CRASH, day, -np.inf))
    memory: Array = np.exp((last - day) / 63.0)
    return memory


@feature("regime_drawdown", family="context", inputs=("drawdown",), lookback=0, scope="date")
def regime_drawdown(drawdown: Array) -> Array:
    """Drawdown of the index, as in the table of regimes."""
    return drawdown
