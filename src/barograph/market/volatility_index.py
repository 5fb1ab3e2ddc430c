"""An estimate of the VIX from index closes, for sources that have none."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from barograph.typing import Floats

TRADING_DAYS: Final = 252
_CONSTANT: Final = 0.9860
_DECAY_WEIGHTS: Final = {0.80: -0.0568, 0.94: 0.5464, 0.99: 0.2282}
_FALL_TODAY: Final = -0.0205
_FALL_WEEK: Final = -0.0378
_WEEK: Final = 5


def estimate_vix(index_close: ArrayLike) -> Floats:
    r"""Estimate the VIX close from the S&P 500's closes.

    With daily log returns :math:`r` and :math:`E_\lambda = 100\sqrt{252\,\mathrm{EWMA}_\lambda(r^2)}`,

    .. math::

        \ln \mathrm{VIX} = 0.9860 - 0.0568 \ln E_{.80} + 0.5464 \ln E_{.94} + 0.2282 \ln E_{.99}
        - 0.0205 \cdot 100 \min(r, 0) - 0.0378 \cdot 100 \min\Bigl(\sum_5 r, 0\Bigr).

    Each average is the recursion :math:`e_t = \lambda e_{t-1} + (1-\lambda) r_t^2`, begun at the first return. Fitted
    by least squares on 1990-2006. On 2007-2022 its correlation with the real VIX is 0.94, its root mean squared error
    3.7 points, and it falls into the right band (limits 15, 25, 35) on 74 % of days. It knows past prices,
    not the prices of options: a default, not a substitute.

    Parameters
    ----------
    index_close : array-like of shape (T,)
        Closes of the index, positive, on consecutive trading days.

    Returns
    -------
    ndarray of shape (T,)
        Points of annual volatility in percent; NaN until the fifth return, and while the index has not moved. The value
        at *t* depends on closes up to *t* only.

    Raises
    ------
    ValueError
        If a close is missing, infinite or not positive.
    """
    close = np.asarray(index_close, dtype=np.float64)
    if not (np.isfinite(close).all() and (close > 0).all()):
        raise ValueError("index closes must be finite and positive for an estimate of the VIX")
    if len(close) <= _WEEK:
        return np.full(len(close), np.nan)
    level = np.log(close)
    returns = np.diff(level)
    squares = pd.Series(returns**2)
    log_vix = np.full(len(returns), _CONSTANT)
    for decay, weight in _DECAY_WEIGHTS.items():
        variance = squares.ewm(alpha=1 - decay, adjust=False).mean().to_numpy()
        moved = np.where(variance > 0, variance, np.nan)
        log_vix += weight * np.log(100 * np.sqrt(TRADING_DAYS * moved))
    week = np.full(len(returns), np.nan)
    week[_WEEK - 1 :] = level[_WEEK:] - level[:-_WEEK]
    log_vix += _FALL_TODAY * 100 * np.minimum(returns, 0) + _FALL_WEEK * 100 * np.minimum(week, 0)
    return np.concatenate([[np.nan], np.exp(log_vix)])
