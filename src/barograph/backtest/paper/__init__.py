"""The paper run: a strategy driven one day at a time, from a journal that survives whatever stops the program."""

from barograph.backtest.paper.days import Tables
from barograph.backtest.paper.journal import Event, append, locked, read
from barograph.backtest.paper.orders import order_file
from barograph.backtest.paper.steps import Comparison, begin, compare, releases, stopped_on, take_over, tick

__all__ = [
    "Comparison",
    "Event",
    "Tables",
    "append",
    "begin",
    "compare",
    "locked",
    "order_file",
    "read",
    "releases",
    "stopped_on",
    "take_over",
    "tick",
]
