"""A limit-order book with random traders, to study what a schedule costs; the backtest does not use it."""

from barograph.backtest.orderbook.book import OrderBook, Trade
from barograph.backtest.orderbook.flow import Flow, Traders
from barograph.backtest.orderbook.study import Exponent, impact_exponent, impact_of_sizes, schedule_costs, shortfall

__all__ = [
    "Exponent",
    "Flow",
    "OrderBook",
    "Trade",
    "Traders",
    "impact_exponent",
    "impact_of_sizes",
    "schedule_costs",
    "shortfall",
]
