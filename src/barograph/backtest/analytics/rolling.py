"""Figures over windows of the last periods: at each period of the window that ends there."""

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from barograph.backtest.analytics.series import PERIODS, Returns, index_of, pair_of, values_of
from barograph.errors import InputError
from barograph.typing import Floats


def rolling_volatility(returns: Returns, window: int, *, periods: int = PERIODS) -> pd.Series:
    """Annualised volatility of every window; see :func:`rolling_sharpe_ratio` and ``annual_volatility``."""
    seen = _windows(values_of(returns), window)
    return _dated(_deviation(seen) * np.sqrt(periods), returns, window)


def rolling_sharpe_ratio(returns: Returns, window: int, *, periods: int = PERIODS) -> pd.Series:
    """Sharpe ratio of every window.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns; the index of a series names the periods, an array's are counted from 0.
    window : int
        Periods of a window, at least 2.
    periods : int
        Periods a year.

    Returns
    -------
    Series of shape (T - window + 1,)
        By the last period of each window; empty where there are fewer periods than `window`. Each value is the
        :func:`~barograph.backtest.analytics.sharpe_ratio` of its window; NaN where the window never varies.

    Raises
    ------
    InputError
        If the window is shorter than two periods.
    """
    seen = _windows(values_of(returns), window)
    deviation = _deviation(seen)
    ratio = seen.mean(axis=1) / np.where(deviation > 0.0, deviation, np.nan) * np.sqrt(periods)
    return _dated(ratio, returns, window)


def rolling_max_drawdown(returns: Returns, window: int) -> pd.Series:
    """Largest drawdown of every window, from wealth 1 before it; see :func:`rolling_sharpe_ratio`."""
    values = values_of(returns)
    steps = _windows(values, window)
    wealth = np.ones((len(steps), window + 1))
    np.cumprod(1.0 + steps, axis=1, out=wealth[:, 1:])
    return _dated((wealth / np.maximum.accumulate(wealth, axis=1) - 1.0).min(axis=1), returns, window)


def rolling_beta(returns: Returns, benchmark: Returns, window: int) -> pd.Series:
    """Beta of every window against a benchmark; see :func:`rolling_sharpe_ratio` and ``alpha_beta``."""
    r, b = (_windows(values, window) for values in pair_of(returns, benchmark))
    moved = b - b.mean(axis=1, keepdims=True)
    spread = np.where(np.ptp(b, axis=1) > 0.0, (moved**2).sum(axis=1), np.nan)
    return _dated((moved * r).sum(axis=1) / spread, returns, window)


def _windows(values: Floats, window: int) -> Floats:
    if window < 2:
        raise InputError(f"window: {window} periods given; at least 2 are needed")
    if len(values) < window:
        return np.empty((0, window))
    return sliding_window_view(values, window)


def _deviation(seen: Floats) -> Floats:
    deviation: Floats = np.where(np.ptp(seen, axis=1) > 0.0, seen.std(axis=1, ddof=1), 0.0)
    return deviation


def _dated(values: Floats, returns: Returns, window: int) -> pd.Series:
    index = index_of(returns, len(values) + window - 1)
    return pd.Series(values, index[window - 1 :] if len(values) else index[:0])
