"""Where bars come from: sources that load and validate them, the panel, the trading calendar, the VIX estimate."""

from barograph.market.data import MarketData
from barograph.market.panel import Panel, to_panel
from barograph.market.sources.bundled import Bundled
from barograph.market.sources.files import Files
from barograph.market.sources.simulated import Simulated
from barograph.market.validation import validate
from barograph.market.volatility_index import estimate_vix

__all__ = ["Bundled", "Files", "MarketData", "Panel", "Simulated", "estimate_vix", "to_panel", "validate"]
