"""Sizing: how much of what a strategy chose."""

from barograph.backtest.sizing.contract import Sizing
from barograph.backtest.sizing.optimised import HierarchicalRiskParity, MinimumVariance, RiskBudgeting
from barograph.backtest.sizing.probabilities import Confidence, FractionalKelly
from barograph.backtest.sizing.volatility import AsDecided, EqualWeights, InverseVolatility, VolatilityTarget

__all__ = [
    "AsDecided",
    "Confidence",
    "EqualWeights",
    "FractionalKelly",
    "HierarchicalRiskParity",
    "InverseVolatility",
    "MinimumVariance",
    "RiskBudgeting",
    "Sizing",
    "VolatilityTarget",
]
