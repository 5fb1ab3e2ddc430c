"""The backtest engine: orders, accounts and fills, by a whole panel or by one callback per date."""

from barograph.backtest.engine.day import Day
from barograph.backtest.engine.orders import Order
from barograph.backtest.engine.result import Simulation
from barograph.backtest.engine.run import run
from barograph.backtest.engine.simulate import simulate

__all__ = ["Day", "Order", "Simulation", "run", "simulate"]
