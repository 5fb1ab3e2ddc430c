"""Portfolio simulation: strategies, execution, costs and performance figures."""

from barograph.backtest import analytics
from barograph.backtest.engine import Day, Order, Simulation, run, simulate
from barograph.backtest.execution import Execution
from barograph.backtest.performance import BacktestResult, backtest, metrics, net_returns
from barograph.backtest.significance import (
    deflated_sharpe_ratio,
    probabilistic_sharpe_ratio,
    probability_of_backtest_overfitting,
)
from barograph.backtest.strategy import Strategy, Threshold, TopK, equal_weight

__all__ = [
    "BacktestResult",
    "Day",
    "Execution",
    "Order",
    "Simulation",
    "Strategy",
    "Threshold",
    "TopK",
    "analytics",
    "backtest",
    "deflated_sharpe_ratio",
    "equal_weight",
    "metrics",
    "net_returns",
    "probabilistic_sharpe_ratio",
    "probability_of_backtest_overfitting",
    "run",
    "simulate",
]
