"""Strategies: target weights of all signals at once, or decisions day by day; some wrap others."""

from barograph.backtest.strategies.breakout import Breakout
from barograph.backtest.strategies.buy_and_hold import BuyAndHold
from barograph.backtest.strategies.choice import due, places, top
from barograph.backtest.strategies.combination import Combination
from barograph.backtest.strategies.contract import ByWeights, Strategy, View, decide_weights
from barograph.backtest.strategies.grid import WalkForwardGrid, choices
from barograph.backtest.strategies.mean_reversion import MeanReversion
from barograph.backtest.strategies.momentum import Momentum
from barograph.backtest.strategies.pairs import Pairs
from barograph.backtest.strategies.regime_switch import RegimeSwitch
from barograph.backtest.strategies.scores import equal_weight
from barograph.backtest.strategies.stop_loss import StopLoss
from barograph.backtest.strategies.switch import Switch
from barograph.backtest.strategies.threshold import Threshold
from barograph.backtest.strategies.top_k import TopK
from barograph.backtest.strategies.vix_guard import VixGuard

__all__ = [
    "Breakout",
    "BuyAndHold",
    "ByWeights",
    "Combination",
    "MeanReversion",
    "Momentum",
    "Pairs",
    "RegimeSwitch",
    "StopLoss",
    "Strategy",
    "Switch",
    "Threshold",
    "TopK",
    "View",
    "VixGuard",
    "WalkForwardGrid",
    "choices",
    "decide_weights",
    "due",
    "equal_weight",
    "places",
    "top",
]
