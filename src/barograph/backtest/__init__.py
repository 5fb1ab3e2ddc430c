"""Portfolio simulation: strategies, execution, costs and performance figures."""

from barograph.backtest import analytics
from barograph.backtest.almgren_chriss import almgren_chriss
from barograph.backtest.analysis import Analysis
from barograph.backtest.comparison import compare_sizing
from barograph.backtest.conventions import rerun
from barograph.backtest.engine import Day, Order, Simulation, run, simulate
from barograph.backtest.execution import Execution
from barograph.backtest.management import Management, managed
from barograph.backtest.performance import BacktestResult, backtest, metrics, net_returns
from barograph.backtest.portfolios import Portfolios, known_context, trade_strategies
from barograph.backtest.shortable import read_shortable
from barograph.backtest.significance import (
    deflated_sharpe_ratio,
    minimum_track_record_length,
    probabilistic_sharpe_ratio,
    probability_of_backtest_overfitting,
)
from barograph.backtest.strategies import ByWeights, Strategy, Threshold, TopK, equal_weight
from barograph.backtest.track_record import TrackRecord, record_metrics, track_record

__all__ = [
    "Analysis",
    "BacktestResult",
    "ByWeights",
    "Day",
    "Execution",
    "Management",
    "Order",
    "Portfolios",
    "Simulation",
    "Strategy",
    "Threshold",
    "TopK",
    "TrackRecord",
    "almgren_chriss",
    "analytics",
    "backtest",
    "compare_sizing",
    "deflated_sharpe_ratio",
    "equal_weight",
    "known_context",
    "managed",
    "metrics",
    "minimum_track_record_length",
    "net_returns",
    "probabilistic_sharpe_ratio",
    "probability_of_backtest_overfitting",
    "read_shortable",
    "record_metrics",
    "rerun",
    "run",
    "simulate",
    "track_record",
    "trade_strategies",
]
