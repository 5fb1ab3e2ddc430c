"""Performance figures of a series of simple returns.

Conventions, the same everywhere: simple returns a period, in excess of the risk-free rate if the figure shall be; 252
periods a year unless said otherwise; standard deviations with ddof 1; wealth compounds from 1 before the first period,
drawdowns included; drawdowns, value at risk and losses are negative numbers. A figure that does not exist (too few
periods, nothing to divide by) is NaN. A return that is NaN, infinite or below -1 raises
:class:`~barograph.errors.InputError`.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from barograph.errors import InputError
from barograph.typing import Floats

Returns: TypeAlias = "pd.Series | npt.ArrayLike"

PERIODS = 252


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
    r = _values(returns)
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
    return _deviation(_values(returns)) * float(np.sqrt(periods))


def sharpe_ratio(returns: Returns, *, periods: int = PERIODS) -> float:
    """Mean over standard deviation (ddof 1), times the square root of `periods`; parameters as in :func:`cagr`.

    References
    ----------
    Sharpe, W. F. (1994). The Sharpe ratio. Journal of Portfolio Management 21(1), 49-58.
    """
    return _sharpe(_values(returns), periods)


def sortino_ratio(returns: Returns, *, periods: int = PERIODS) -> float:
    """Mean over downside deviation, times the square root of `periods`; parameters as in :func:`cagr`.

    The downside deviation is the root of the mean, over all periods, of squared losses (returns above 0 count as 0).

    References
    ----------
    Sortino, F. A., & Price, L. N. (1994). Performance measurement in a downside risk framework. Journal of Investing
    3(3), 59-64.
    """
    r = _values(returns)
    if not len(r):
        return np.nan
    return _ratio(r.mean(), float(np.sqrt(np.mean(np.minimum(r, 0.0) ** 2)))) * float(np.sqrt(periods))


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
    return _ratio(cagr(returns, periods=periods), -max_drawdown(returns))


def max_drawdown(returns: Returns) -> float:
    """Largest loss of compounded wealth from its running maximum.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns.

    Returns
    -------
    float
        In [-1, 0], a share of the maximum; wealth before the first period, which is 1, counts.

    References
    ----------
    Magdon-Ismail, M., & Atiya, A. (2004). Maximum drawdown. Risk 17(10), 99-102.
    """
    depth = _underwater(_values(returns))
    return float(depth.min()) if len(depth) else np.nan


def omega_ratio(returns: Returns) -> float:
    """Sum of the gains over the sum of the losses.

    References
    ----------
    Keating, C., & Shadwick, W. F. (2002). A universal performance measure. Journal of Performance Measurement 6(3).
    """
    r = _values(returns)
    return _ratio(float(r[r > 0.0].sum()), float(-r[r < 0.0].sum()))


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
    r = _values(returns)
    return _ratio(abs(_quantile(r, 0.95)), abs(_quantile(r, 0.05)))


def value_at_risk(returns: Returns, *, cutoff: float = 0.05) -> float:
    """Historical value at risk: the `cutoff` quantile of the returns.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns.
    cutoff : float
        Share of the worst returns, in [0, 1].

    Returns
    -------
    float
        A simple return a period, a loss negative; interpolated linearly.

    References
    ----------
    Jorion, P. (2006). Value at risk, 3rd ed. McGraw-Hill.
    """
    return _quantile(_values(returns), cutoff)


def conditional_value_at_risk(returns: Returns, *, cutoff: float = 0.05) -> float:
    """Mean of the worst returns: the ``floor((T - 1) * cutoff) + 1`` smallest, those up to the value at risk.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns.
    cutoff : float
        Share of the worst returns, in [0, 1].

    Returns
    -------
    float
        A simple return a period, a loss negative; at most :func:`value_at_risk`.

    References
    ----------
    Rockafellar, R. T., & Uryasev, S. (2000). Optimization of conditional value-at-risk. Journal of Risk 2(3), 21-41.
    """
    r = np.sort(_values(returns))
    return float(r[: int((len(r) - 1) * cutoff) + 1].mean()) if len(r) else np.nan


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
    r, b = _pair(returns, benchmark)
    if len(r) < 2:
        return np.nan, np.nan
    deviation = b - b.mean()
    beta = _ratio(float(deviation @ (r - r.mean())), float(deviation @ deviation) if np.ptp(b) else 0.0)
    return float((1.0 + r.mean() - beta * b.mean()) ** periods - 1.0), beta


def information_ratio(returns: Returns, benchmark: Returns, *, periods: int = PERIODS) -> float:
    """Sharpe ratio, annualised, of the returns minus the benchmark's; parameters as in :func:`alpha_beta`.

    References
    ----------
    Grinold, R. C., & Kahn, R. N. (1999). Active portfolio management, 2nd ed., ch. 5. McGraw-Hill.
    """
    r, b = _pair(returns, benchmark)
    return _sharpe(r - b, periods)


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
    r, b = _pair(returns, benchmark)
    return _ratio(cagr(r[b > 0.0], periods=periods), cagr(b[b > 0.0], periods=periods))


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
    r, b = _pair(returns, benchmark)
    return _ratio(cagr(r[b < 0.0], periods=periods), cagr(b[b < 0.0], periods=periods))


def drawdowns(returns: Returns) -> pd.DataFrame:
    """List every drawdown, the deepest first.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns; the index of a series names the periods, an array's are counted from 0.

    Returns
    -------
    DataFrame
        ``start`` (the first period below the running maximum), ``trough`` (the deepest), ``end`` (the first period
        back at the maximum; missing where wealth has not recovered), ``depth`` (negative) and ``periods`` (below the
        maximum).
    """
    depth = _underwater(_values(returns))
    index = returns.index if isinstance(returns, pd.Series) else pd.RangeIndex(len(depth))
    below = np.concatenate([[False], depth < 0.0, [False]])
    starts = np.flatnonzero(below[1:] & ~below[:-1])
    ends = np.flatnonzero(below[:-1] & ~below[1:])
    troughs = np.array([s + int(np.argmin(depth[s:e])) for s, e in zip(starts, ends, strict=True)], dtype=np.int64)
    table = pd.DataFrame(
        {
            "start": index.take(starts),
            "trough": index.take(troughs),
            "end": pd.Series(index).reindex(ends).array,
            "depth": depth[troughs],
            "periods": ends - starts,
        }
    )
    return table.sort_values("depth", kind="stable", ignore_index=True)


def monthly_returns(returns: pd.Series) -> pd.Series:
    """Compound returns within calendar months.

    Parameters
    ----------
    returns : Series of shape (T,)
        Simple returns with dates as index.

    Returns
    -------
    Series
        By ``year`` and ``month``, in order; months without a return are absent.

    Raises
    ------
    InputError
        If the index does not consist of dates.
    """
    if not isinstance(returns.index, pd.DatetimeIndex):
        raise InputError(f"returns: the index is {returns.index.dtype}; monthly returns need dates")
    wealth = pd.Series(1.0 + _values(returns), returns.index)
    months = [returns.index.year.rename("year"), returns.index.month.rename("month")]
    return (wealth.groupby(months).prod() - 1.0).rename("return")


def _values(returns: Returns) -> Floats:
    values: Floats = np.asarray(returns, dtype=np.float64)
    if values.ndim != 1:
        raise InputError(f"returns: an array of shape {values.shape}; one dimension is required")
    bad = ~(np.isfinite(values) & (values >= -1.0))
    if bad.any():
        place = int(np.argmax(bad))
        where = returns.index[place] if isinstance(returns, pd.Series) else place
        raise InputError(f"returns: {values[place]} at {where}; finite numbers of at least -1 are required")
    return values


def _pair(returns: Returns, benchmark: Returns) -> tuple[Floats, Floats]:
    r, b = _values(returns), _values(benchmark)
    if len(r) != len(b):
        raise InputError(f"returns: {len(r)} periods against the benchmark's {len(b)}; they must be the same")
    indexes = [series.index for series in (returns, benchmark) if isinstance(series, pd.Series)]
    if len(indexes) == 2 and not indexes[0].equals(indexes[1]):
        raise InputError("returns: the index differs from the benchmark's; both must cover the same periods")
    return r, b


def _sharpe(values: Floats, periods: int) -> float:
    return _ratio(values.mean() if len(values) else np.nan, _deviation(values)) * float(np.sqrt(periods))


def _deviation(values: Floats) -> float:
    if len(values) < 2:
        return np.nan
    return float(values.std(ddof=1)) if np.ptp(values) else 0.0


def _quantile(values: Floats, q: float) -> float:
    return float(np.quantile(values, q)) if len(values) else np.nan


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator else np.nan


def _underwater(values: Floats) -> Floats:
    wealth = np.concatenate([[1.0], np.cumprod(1.0 + values)])
    depth: Floats = (wealth / np.maximum.accumulate(wealth) - 1.0)[1:]
    return depth
