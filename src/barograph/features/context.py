"""Context: the index, its implied volatility, rates and the dollar, the regime, and how a symbol moves with the index.

Release lags are applied before these functions see a series.
"""

import math
from functools import partial

import numpy as np
import talib

from barograph.features import registration
from barograph.features.registration import NEGATIVE, POSITIVE, RETURN, SHARE, SIGNED, Array, over_changes
from barograph.features.trend import log_price_regression
from barograph.features.windows import (
    lag,
    window_correlation,
    window_deviations,
    window_mean,
    window_rank,
    window_std,
    window_sum,
)
from barograph.names import REGIMES

feature = partial(registration.feature, family="context")
dated = partial(feature, scope="date")

_YEAR = 252.0
_CRASH = float(REGIMES.index("crash"))


@dated(
    "index_ret_{window}",
    inputs=("index_close",),
    lookback=over_changes,
    windows=(1, 5, 21, 63, 126, 252),
    range=RETURN,
    source="TA-Lib ROCP",
)
def index_return(index_close: Array, window: int) -> Array:
    """Return of the index over {window} days."""
    return talib.ROCP(index_close, window)


@dated("index_vol_{window}", inputs=("index_log_return",), lookback=over_changes, windows=(5, 21, 63), range=POSITIVE)
def index_volatility(index_log_return: Array, window: int) -> Array:
    """Sample standard deviation of the last {window} log returns of the index, annualised."""
    return window_std(index_log_return, window) * math.sqrt(_YEAR)


@dated("index_drawdown_252", inputs=("index_close",), lookback=251, range=NEGATIVE)
def index_drawdown(index_close: Array) -> Array:
    """ln(index / its highest of the last 252 closes)."""
    return np.log(index_close / talib.MAX(index_close, 252))


@dated("index_sma_dist_200", inputs=("index_close",), lookback=199)
def index_distance(index_close: Array) -> Array:
    """ln(index / mean of its last 200 closes)."""
    return np.log(index_close / window_mean(index_close, 200))


@dated("index_cross_50_200", inputs=("index_close",), lookback=199)
def index_cross(index_close: Array) -> Array:
    """ln(mean of the index's last 50 closes / mean of its last 200)."""
    return np.log(window_mean(index_close, 50) / window_mean(index_close, 200))


@dated(("index_slope_63", "index_r2_63"), inputs=("index_close",), lookback=62)
def index_regression(index_close: Array) -> tuple[Array, Array]:
    """Least-squares line through the last 63 log closes of the index: its slope a day, or its R2 in [0, 1]."""
    slope, r2, _ = log_price_regression(index_close, 63)
    return slope, r2


@dated("vix_level", inputs=("vix",), lookback=0, range=POSITIVE)
def vix_level(vix: Array) -> Array:
    """VIX / 100: the volatility that option prices imply, annualised."""
    return vix / 100.0


@dated("vix_change_{window}", inputs=("vix",), lookback=over_changes, windows=(1, 5, 21))
def vix_change(vix: Array, window: int) -> Array:
    """ln(VIX_t / VIX_(t-{window}))."""
    return np.log(vix / lag(vix, window))


@dated("vix_vol_21", inputs=("vix",), lookback=21, range=POSITIVE)
def vix_volatility(vix: Array) -> Array:
    """Sample standard deviation of the last 21 daily log changes of the VIX, annualised."""
    return window_std(vix_change(vix, 1), 21) * math.sqrt(_YEAR)


@dated("vix_range", inputs=("vix_high", "vix_low"), lookback=0)
def vix_range(vix_high: Array, vix_low: Array) -> Array:
    """ln(VIX's high / its low) of the day."""
    return np.log(vix_high / vix_low)


@dated(
    "vix_term",
    inputs=("vix", "vix3m"),
    lookback=0,
    source="Johnson (2017), Journal of Financial and Quantitative Analysis 52(6)",
)
def vix_term(vix: Array, vix3m: Array) -> Array:
    """ln(VIX / VIX3M): one month's implied volatility against three months', above 0 under stress."""
    return np.log(vix / vix3m)


@dated("vix_term_short", inputs=("vix9d", "vix"), lookback=0)
def vix_term_short(vix9d: Array, vix: Array) -> Array:
    """ln(VIX9D / VIX): nine days' implied volatility against one month's."""
    return np.log(vix9d / vix)


@dated(
    "index_vix_corr_63",
    inputs=("index_close", "vix"),
    lookback=63,
    range=SIGNED,
    source="Whaley (2000), Journal of Portfolio Management 26(3)",
)
def index_vix_correlation(index_close: Array, vix: Array) -> Array:
    """Correlation of the last 63 daily log changes of the index with those of the VIX."""
    return window_correlation(np.log(index_close / lag(index_close, 1)), vix_change(vix, 1), 63)


@dated("vix_z_63", inputs=("vix",), lookback=62)
def vix_z_score(vix: Array) -> Array:
    """(ln VIX - mean) / standard deviation of the last 63 values."""
    level = np.log(vix)
    return (level - window_mean(level, 63)) / window_std(level, 63)


@dated("vix_rank_252", inputs=("vix",), lookback=251, range=SHARE)
def vix_rank(vix: Array) -> Array:
    """Share of the last 252 values of the VIX that lie below today's, ties counting half."""
    return window_rank(vix, 252)


@dated(
    "vix_premium_21",
    inputs=("vix", "index_log_return"),
    lookback=21,
    source="Carr & Wu (2009), Review of Financial Studies 22(3)",
)
def volatility_premium(vix: Array, index_log_return: Array) -> Array:
    """ln(VIX / 100 / index_vol_21): implied against realised volatility."""
    return np.log(vix / 100.0 / index_volatility(index_log_return, 21))


@dated("us10y_level", inputs=("us10y",), lookback=0)
def yield_level(us10y: Array) -> Array:
    """Ten-year yield, in percent."""
    return us10y


@dated("us10y_change_{window}", inputs=("us10y",), lookback=over_changes, windows=(5, 21, 63))
def yield_change(us10y: Array, window: int) -> Array:
    """Change of the ten-year yield over {window} days, in percentage points."""
    return us10y - lag(us10y, window)


@dated(
    "stock_bond_corr_126",
    inputs=("index_close", "us10y"),
    lookback=130,
    range=SIGNED,
    source="Connolly, Stivers & Sun (2005), Journal of Financial and Quantitative Analysis 40(1)",
)
def stock_bond_correlation(index_close: Array, us10y: Array) -> Array:
    """Correlation of the last 126 five-day log returns of the index with the five-day changes of the ten-year yield.

    Five days, since the yield is known later than the close: of one-day changes none would fall on the same day. Above
    0 where bonds rise as stocks fall.
    """
    return window_correlation(np.log(index_close / lag(index_close, 5)), yield_change(us10y, 5), 126)


@dated("term_slope", inputs=("us10y", "us2y"), lookback=0)
def term_slope(us10y: Array, us2y: Array) -> Array:
    """Ten-year less two-year yield, in percentage points."""
    return us10y - us2y


@dated("term_slope_change_21", inputs=("us10y", "us2y"), lookback=21)
def term_slope_change(us10y: Array, us2y: Array) -> Array:
    """Change of the ten-year less two-year yield over 21 days, in percentage points."""
    return us10y - us2y - lag(us10y - us2y, 21)


@dated(
    "usd_ret_{window}",
    inputs=("usd_broad",),
    lookback=over_changes,
    windows=(21, 63),
    range=RETURN,
    source="TA-Lib ROCP",
)
def dollar_return(usd_broad: Array, window: int) -> Array:
    """Return of the broad dollar index over {window} days."""
    return talib.ROCP(usd_broad, window)


@dated(
    "usd_index_ret_{window}",
    inputs=("usd_index",),
    lookback=over_changes,
    windows=(21, 63),
    range=RETURN,
    source="TA-Lib ROCP",
)
def dollar_index_return(usd_index: Array, window: int) -> Array:
    """Return of the ICE dollar index over {window} days."""
    return talib.ROCP(usd_index, window)


@dated("wti_ret_{window}", inputs=("wti",), lookback=over_changes, windows=(21, 63), range=RETURN, source="TA-Lib ROCP")
def oil_return(wti: Array, window: int) -> Array:
    """Return of crude oil over {window} days; NaN where a price is not positive, as on 2020-04-20."""
    return talib.ROCP(np.where(wti > 0.0, wti, np.nan), window)


@feature(
    ("beta_{window}", "idio_vol_{window}", "index_corr_{window}"),
    inputs=("log_return", "index_log_return"),
    lookback=over_changes,
    windows=(63, 252),
    source="Ang, Hodrick, Xing & Zhang (2006), Journal of Finance 61(1)",
)
def beta(log_return: Array, index_log_return: Array, window: int) -> tuple[Array, Array, Array]:
    """Slope of the regression of {window} log returns on the index's, the residual's annualised volatility, or R."""
    variation, market, product = window_deviations(log_return, index_log_return, window)
    slope = product / market
    residual = np.maximum(variation - slope * product, 0.0)
    correlation = product / np.where((variation > 0.0) & (market > 0.0), np.sqrt(variation * market), np.nan)
    return slope, np.sqrt(residual * _YEAR / (window - 2.0)), np.clip(correlation, -1.0, 1.0)


@feature(
    "down_beta_252",
    inputs=("log_return", "index_log_return"),
    lookback=252,
    source="Ang, Chen & Xing (2006), Review of Financial Studies 19(4)",
)
def downside_beta(log_return: Array, index_log_return: Array) -> Array:
    """Slope of the regression on the index over those of the last 252 log returns on which the index fell."""
    from barograph.features.kernels import block_comoments

    fell = index_log_return < 0.0
    days = window_sum(fell.astype(np.float64), 252)
    returns, market_returns = np.where(fell, log_return, 0.0), np.where(fell, index_log_return, 0.0)
    total, market, _, squares, products = block_comoments(returns, market_returns, 252)
    slope: Array = (products - total * market / days) / (squares - market * market / days)
    return np.where(days >= 30.0, slope, np.nan)


@feature(
    "residual_mom_252_21",
    inputs=("log_return", "index_log_return"),
    lookback=504,
    source="Blitz, Huij & Martens (2011), Journal of Empirical Finance 18(3)",
)
def residual_momentum(log_return: Array, index_log_return: Array) -> Array:
    """Mean / standard deviation of a year's residuals without the last month's, of the regression on the index.

    The regression with intercept takes the last 504 log returns (the paper: 36 months and three factors), its
    residuals are those of the returns t-251 to t-21.
    """
    from barograph.features.kernels import block_comoments

    long, kept = 504, 231
    total, market, _, _, _ = block_comoments(log_return, index_log_return, long)
    _, variance, product = window_deviations(log_return, index_log_return, long)
    slope = product / variance
    intercept = (total - slope * market) / long
    total, market, _, _, _ = (lag(sums, 21) for sums in block_comoments(log_return, index_log_return, kept))
    squares, of_market, product = (lag(sums, 21) for sums in window_deviations(log_return, index_log_return, kept))
    mean: Array = (total - slope * market) / kept - intercept
    spread = np.sqrt(np.maximum(squares - 2.0 * slope * product + slope * slope * of_market, 0.0) / (kept - 1.0))
    return mean / np.where(spread > 0.0, spread, np.nan)


@feature("index_excess_21", inputs=("close", "index_close"), lookback=21)
def index_excess(close: Array, index_close: Array) -> Array:
    """Return over 21 bars less the index's over the same bars."""
    return talib.ROCP(close, 21) - talib.ROCP(index_close, 21)


@dated([f"regime_{name}" for name in REGIMES], inputs=("regime",), lookback=0, range=SHARE)
def regime_indicators(regime: Array) -> tuple[Array, ...]:
    """1 on dates of that regime, else 0."""
    return tuple((regime == code).astype(np.float64) for code in range(len(REGIMES)))


@dated("regime_age", inputs=("regime",), lookback=0, range=POSITIVE)
def regime_age(regime: Array) -> Array:
    """ln(number of days that the present regime has lasted)."""
    day = np.arange(regime.size)
    changed = np.diff(regime, prepend=np.nan) != 0.0
    age: Array = np.log(day - np.maximum.accumulate(np.where(changed, day, 0)) + 1.0)
    return age


@dated("crash_memory_63", inputs=("regime",), lookback=0, range=SHARE)
def crash_memory(regime: Array) -> Array:
    """exp(-days since the last date of regime crash / 63); 0 before the first."""
    day = np.arange(regime.size, dtype=np.float64)
    last = np.maximum.accumulate(np.where(regime == _CRASH, day, -np.inf))
    memory: Array = np.exp((last - day) / 63.0)
    return memory


@dated("regime_drawdown", inputs=("drawdown",), lookback=0)
def regime_drawdown(drawdown: Array) -> Array:
    """Drawdown of the index, as in the table of regimes."""
    return drawdown
