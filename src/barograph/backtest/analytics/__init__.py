"""Performance figures of a series of simple returns, of round trips, and of what a portfolio's return consists of.

Conventions, the same everywhere: simple returns a period, in excess of the risk-free rate if the figure shall be; 252
periods a year unless said otherwise; standard deviations with ddof 1; wealth compounds from 1 before the first period,
drawdowns included; drawdowns, value at risk and losses are negative numbers. A figure that does not exist (too few
periods, nothing to divide by) is NaN. A return that is NaN, infinite or below -1 raises
:class:`~barograph.errors.InputError`.

They agree with empyrical-reloaded except where a docstring says so, and in two more cases: empyrical gives 0 or
infinity where a figure here is NaN, and its rolling figures of an array have no dates.
"""

from barograph.backtest.analytics.drawdown import drawdowns, max_drawdown
from barograph.backtest.analytics.months import monthly_returns
from barograph.backtest.analytics.ratios import (
    annual_volatility,
    cagr,
    calmar_ratio,
    omega_ratio,
    sharpe_ratio,
    sortino_ratio,
    tail_ratio,
)
from barograph.backtest.analytics.relative import (
    alpha_beta,
    down_capture,
    information_ratio,
    tracking_error,
    up_capture,
)
from barograph.backtest.analytics.rolling import (
    rolling_beta,
    rolling_max_drawdown,
    rolling_sharpe_ratio,
    rolling_volatility,
)
from barograph.backtest.analytics.series import PERIODS
from barograph.backtest.analytics.tails import conditional_value_at_risk, kurtosis, skew, value_at_risk
from barograph.backtest.analytics.trading import trade_figures

__all__ = [
    "PERIODS",
    "alpha_beta",
    "annual_volatility",
    "cagr",
    "calmar_ratio",
    "conditional_value_at_risk",
    "down_capture",
    "drawdowns",
    "information_ratio",
    "kurtosis",
    "max_drawdown",
    "monthly_returns",
    "omega_ratio",
    "rolling_beta",
    "rolling_max_drawdown",
    "rolling_sharpe_ratio",
    "rolling_volatility",
    "sharpe_ratio",
    "skew",
    "sortino_ratio",
    "tail_ratio",
    "tracking_error",
    "trade_figures",
    "up_capture",
    "value_at_risk",
]
