"""Overlays on target weights, each a cap, and brakes by the account's record."""

from barograph.backtest.risk.brakes import DrawdownBrake, EmergencyStop, VolatilityBrake
from barograph.backtest.risk.contract import Breach, Overlay
from barograph.backtest.risk.correlation import BetaLimit, ClusterLimit, CorrelationLimit
from barograph.backtest.risk.limits import (
    GrossLimit,
    LiquidityLimit,
    NetLimit,
    SectorLimit,
    SingleNameLimit,
    StrategyLimit,
)

__all__ = [
    "BetaLimit",
    "Breach",
    "ClusterLimit",
    "CorrelationLimit",
    "DrawdownBrake",
    "EmergencyStop",
    "GrossLimit",
    "LiquidityLimit",
    "NetLimit",
    "Overlay",
    "SectorLimit",
    "SingleNameLimit",
    "StrategyLimit",
    "VolatilityBrake",
]
