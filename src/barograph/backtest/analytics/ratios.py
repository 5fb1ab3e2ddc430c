"""Return, risk, and return over risk."""

import numpy as np

from barograph.backtest.analytics.drawdown import max_drawdown
from barograph.backtest.analytics.series import (
    PERIODS,
    Returns,
    deviation_of,
    quantile_of,
    ratio_of,
    sharpe_of,
    values_of,
)


def cagr(returns: Returns, *, periods: int = PERIODS) -> float:
    """Compound annual growth rate.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns.
    periods : int
        Periods a year.

    Returns
    -------
    float
        Final wealth to the power of periods / T, minus 1.
    """
    r = values_of(returns)
    return float(np.prod(1.0 + r) ** (periods / len(r)) - 1.0) if len(r) else np.nan


def annual_volatility(returns: Returns, *, periods: int = PERIODS) -> float:
    """Annualised volatility.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns.
    periods : int
        Periods a year.

    Returns
    -------
    float
        Standard deviation (ddof 1) times the square root of `periods`; NaN for fewer than two periods.
    """
    return deviation_of(values_of(returns)) * float(np.sqrt(periods))


def sharpe_ratio(returns: Returns, *, periods: int = PERIODS) -> float:
    """Mean over standard deviation (ddof 1), times the square root of `periods`; parameters as in :func:`cagr`.

    References
    ----------
    Sharpe, W. F. (1994). The Sharpe ratio. Journal of Portfolio Management 21(1), 49-58.
    """
    return sharpe_of(values_of(returns), periods)


def sortino_ratio(returns: Returns, *, periods: int = PERIODS) -> float:
    """Mean over downside deviation, times the square root of `periods`; parameters as in :func:`cagr`.

    The downside deviation is the root of the mean, over all periods, of squared losses (returns above 0 count as 0).

    References
    ----------
    Sortino, F. A., & Price, L. N. (1994). Performance measurement in a downside risk framework. Journal of Investing
    3(3), 59-64.
    """
    r = values_of(returns)
    if not len(r):
        return np.nan
    return ratio_of(r.mean(), float(np.sqrt(np.mean(np.minimum(r, 0.0) ** 2)))) * float(np.sqrt(periods))


def calmar_ratio(returns: Returns, *, periods: int = PERIODS) -> float:
    """Compound annual growth rate over the depth of the largest drawdown, of the whole series.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns.
    periods : int
        Periods a year.

    Returns
    -------
    float
        Of the sign of :func:`cagr`; NaN without a drawdown.

    References
    ----------
    Young, T. W. (1991). Calmar ratio: a smoother tool. Futures 20(1), 40.
    """
    return ratio_of(cagr(returns, periods=periods), -max_drawdown(returns))


def omega_ratio(returns: Returns) -> float:
    """Sum of the gains over the sum of the losses.

    References
    ----------
    Keating, C., & Shadwick, W. F. (2002). A universal performance measure. Journal of Performance Measurement 6(3).
    """
    r = values_of(returns)
    return ratio_of(float(r[r > 0.0].sum()), float(-r[r < 0.0].sum()))


def tail_ratio(returns: Returns) -> float:
    """Absolute 95th percentile of the returns over their absolute 5th percentile.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns.

    Returns
    -------
    float
        Not negative; percentiles are interpolated linearly. NaN where the 5th percentile is 0.

    Notes
    -----
    The formula is that of Quantopian's empyrical.
    """
    r = values_of(returns)
    return ratio_of(abs(quantile_of(r, 0.95)), abs(quantile_of(r, 0.05)))
