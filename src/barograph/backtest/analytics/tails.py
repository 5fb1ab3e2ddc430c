"""The shape of the distribution of returns, and its left tail by three methods."""

from math import sqrt
from statistics import NormalDist
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np

from barograph.backtest.analytics.series import Returns, deviation_of, quantile_of, values_of
from barograph.errors import InputError
from barograph.typing import Floats

Method: TypeAlias = Literal["historical", "gaussian", "cornish_fisher"]
METHODS: Final[tuple[Method, ...]] = ("historical", "gaussian", "cornish_fisher")
_NORMAL: Final = NormalDist()


def skew(returns: Returns) -> float:
    """Third central moment over the standard deviation cubed, both with ddof 0; parameters as in :func:`kurtosis`."""
    return _moments(values_of(returns)).skew


def kurtosis(returns: Returns) -> float:
    """Fourth central moment over the variance squared, both with ddof 0: 3 for a normal distribution.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns.

    Returns
    -------
    float
        Pearson's kurtosis, not the excess over 3; NaN for returns that never vary.
    """
    return _moments(values_of(returns)).kurtosis


def value_at_risk(returns: Returns, *, cutoff: float = 0.05, method: Method = "historical") -> float:
    r"""Value at risk: the `cutoff` quantile of the returns.

    With z the `cutoff` quantile of the standard normal, S the skew and K the kurtosis less 3, the quantiles are

    .. math:: \mu + \sigma z, \qquad \mu + \sigma \left( z + \tfrac{z^2 - 1}{6} S + \tfrac{z^3 - 3z}{24} K
        - \tfrac{2z^3 - 5z}{36} S^2 \right)

    for ``gaussian`` and ``cornish_fisher``.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns.
    cutoff : float
        Share of the worst returns, in [0, 1]; in (0, 1) for a method other than ``historical``.
    method : {"historical", "gaussian", "cornish_fisher"}
        The quantile of the returns themselves, interpolated linearly; of the normal distribution with their mean and
        standard deviation (ddof 1); or of its expansion by their skew and kurtosis.

    Returns
    -------
    float
        A simple return per period, a loss negative. NaN for ``cornish_fisher`` outside its domain: where the expansion
        does not increase in z, it is no quantile function [2]_. The fat tails of daily returns often lie outside.

    Raises
    ------
    InputError
        If `cutoff` or `method` is none of these.

    References
    ----------
    .. [1] Jorion, P. (2006). Value at risk, 3rd ed. McGraw-Hill.
    .. [2] Maillard, D. (2012). A user's guide to the Cornish Fisher expansion. SSRN 1997178.
    """
    values = values_of(returns)
    if _checked(cutoff, method) == "historical":
        return quantile_of(values, cutoff)
    mean, deviation, skewed, kurtotic = _moments(values)
    z = _NORMAL.inv_cdf(cutoff)
    if method == "gaussian":
        return mean + deviation * z
    return mean + deviation * _expansion(z, z**2, z**3, skewed, kurtotic - 3.0)


def conditional_value_at_risk(returns: Returns, *, cutoff: float = 0.05, method: Method = "historical") -> float:
    """Mean of the returns up to the value at risk.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns.
    cutoff : float
        Share of the worst returns, as in :func:`value_at_risk`.
    method : {"historical", "gaussian", "cornish_fisher"}
        ``historical`` takes the mean of the ``floor((T - 1) * cutoff) + 1`` smallest returns; the others take the mean
        of the distribution of :func:`value_at_risk` below its quantile, in closed form.

    Returns
    -------
    float
        A simple return per period, a loss negative; at most :func:`value_at_risk`. NaN as there.

    Raises
    ------
    InputError
        As :func:`value_at_risk`.

    References
    ----------
    Rockafellar, R. T., & Uryasev, S. (2000). Optimization of conditional value-at-risk. Journal of Risk 2(3), 21-41.
    Boudt, K., Peterson, B., & Croux, C. (2008). Estimation and decomposition of downside risk for portfolios with
    non-normal returns. Journal of Risk 11(2), 79-103.
    """
    values = values_of(returns)
    if _checked(cutoff, method) == "historical":
        worst = np.sort(values)
        return float(worst[: int((len(worst) - 1) * cutoff) + 1].mean()) if len(worst) else np.nan
    mean, deviation, skewed, kurtotic = _moments(values)
    z = _NORMAL.inv_cdf(cutoff)
    hazard = _NORMAL.pdf(z) / cutoff
    if method == "gaussian":
        return mean - deviation * hazard
    # The mean of the first three powers of a normal number below z.
    below = -hazard, 1.0 - z * hazard, -(z**2 + 2.0) * hazard
    return mean + deviation * _expansion(*below, skewed, kurtotic - 3.0)


class _Moments(NamedTuple):
    mean: float
    deviation: float
    skew: float
    kurtosis: float


def _moments(values: Floats) -> _Moments:
    deviation = deviation_of(values)
    mean = float(values.mean()) if len(values) else np.nan
    if not deviation > 0.0:
        return _Moments(mean, deviation, np.nan, np.nan)
    scaled = (values - mean) / (deviation * sqrt(1.0 - 1.0 / len(values)))
    return _Moments(mean, deviation, float(np.mean(scaled**3)), float(np.mean(scaled**4)))


def _expansion(first: float, second: float, third: float, skewed: float, excess: float) -> float:
    """Give the Cornish-Fisher expansion of z, z squared and z cubed; NaN outside its domain."""
    # Its derivative is a quadratic in z, which must be positive throughout.
    square, constant = excess / 8.0 - skewed**2 / 6.0, 1.0 - excess / 8.0 + 5.0 * skewed**2 / 36.0
    if not (constant > 0.0 and square >= 0.0 and (skewed / 3.0) ** 2 <= 4.0 * square * constant):
        return np.nan
    moved = (second - 1.0) * skewed / 6.0 + (third - 3.0 * first) * excess / 24.0
    return first + moved - (2.0 * third - 5.0 * first) * skewed**2 / 36.0


def _checked(cutoff: float, method: str) -> str:
    if method not in METHODS:
        raise InputError(f"method: {method!r} given; allowed are {', '.join(METHODS)}")
    edges = (0.0, 1.0) if method == "historical" else ()
    if not (0.0 < cutoff < 1.0 or cutoff in edges):
        raise InputError(f"cutoff: {cutoff} given; it must lie between 0 and 1")
    return method
