"""Where bars come from: sources that load and validate them, the panel, the trading calendar, the VIX estimate."""

from barograph.market.data import MarketData
from barograph.market.panel import Panel, to_panel
from barograph.market.sources.bundled import Bundled
from barograph.market.sources.files import Files, read_signals
from barograph.market.sources.simulated import Simulated
from barograph.market.sources.simulated_preset import SimulatedPreset
from barograph.market.sources.yahoo import Yahoo
from barograph.market.validation import validate
from barograph.market.volatility_index import estimate_vix

__all__ = [
    "Bundled",
    "Files",
    "MarketData",
    "Panel",
    "Simulated",
    "SimulatedPreset",
    "Yahoo",
    "estimate_vix",
    "read_signals",
    "to_panel",
    "validate",
]
