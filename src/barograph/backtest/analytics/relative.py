"""A portfolio beside a benchmark."""

import numpy as np

from barograph.backtest.analytics.ratios import cagr
from barograph.backtest.analytics.series import PERIODS, Returns, deviation_of, pair_of, ratio_of, sharpe_of


def alpha_beta(returns: Returns, benchmark: Returns, *, periods: int = PERIODS) -> tuple[float, float]:
    """Alpha and beta of a regression of the returns on a benchmark's.

    Parameters
    ----------
    returns, benchmark : Series or array of shape (T,)
        Simple returns of the same periods; two series must have the same index.
    periods : int
        Periods a year.

    Returns
    -------
    alpha : float
        The regression's intercept, compounded over a year.
    beta : float
        Covariance with the benchmark over the benchmark's variance.

    References
    ----------
    Jensen, M. C. (1968). The performance of mutual funds in the period 1945-1964. Journal of Finance 23(2), 389-416.
    """
    r, b = pair_of(returns, benchmark)
    if len(r) < 2:
        return np.nan, np.nan
    deviation = b - b.mean()
    beta = ratio_of(float(deviation @ (r - r.mean())), float(deviation @ deviation) if np.ptp(b) else 0.0)
    return float((1.0 + r.mean() - beta * b.mean()) ** periods - 1.0), beta


def information_ratio(returns: Returns, benchmark: Returns, *, periods: int = PERIODS) -> float:
    """Sharpe ratio, annualised, of the returns minus the benchmark's; parameters as in :func:`alpha_beta`.

    empyrical's ``excess_sharpe`` is this ratio per period, not annualised.

    References
    ----------
    Grinold, R. C., & Kahn, R. N. (1999). Active portfolio management, 2nd ed., ch. 5. McGraw-Hill.
    """
    r, b = pair_of(returns, benchmark)
    return sharpe_of(r - b, periods)


def tracking_error(returns: Returns, benchmark: Returns, *, periods: int = PERIODS) -> float:
    """Annualised standard deviation (ddof 1) of the returns minus the benchmark's; parameters as in :func:`alpha_beta`.

    References
    ----------
    Grinold, R. C., & Kahn, R. N. (1999). Active portfolio management, 2nd ed., ch. 3. McGraw-Hill.
    """
    r, b = pair_of(returns, benchmark)
    return deviation_of(r - b) * float(np.sqrt(periods))


def up_capture(returns: Returns, benchmark: Returns, *, periods: int = PERIODS) -> float:
    """Portfolio's CAGR over the benchmark's CAGR, both over the periods in which the benchmark rose.

    Parameters
    ----------
    returns, benchmark : Series or array of shape (T,)
        Simple returns of the same periods; two series must have the same index.
    periods : int
        Periods a year.

    Returns
    -------
    float
        Above 1 where the portfolio gained more; NaN where the benchmark never rose.
    """
    r, b = pair_of(returns, benchmark)
    return ratio_of(cagr(r[b > 0.0], periods=periods), cagr(b[b > 0.0], periods=periods))


def down_capture(returns: Returns, benchmark: Returns, *, periods: int = PERIODS) -> float:
    """Portfolio's CAGR over the benchmark's CAGR, both over the periods in which the benchmark fell.

    Parameters
    ----------
    returns, benchmark : Series or array of shape (T,)
        Simple returns of the same periods; two series must have the same index.
    periods : int
        Periods a year.

    Returns
    -------
    float
        Above 1 where the portfolio lost more, negative where it gained; NaN where the benchmark never fell.
    """
    r, b = pair_of(returns, benchmark)
    return ratio_of(cagr(r[b < 0.0], periods=periods), cagr(b[b < 0.0], periods=periods))
