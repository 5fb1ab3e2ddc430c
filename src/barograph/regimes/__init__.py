"""Market regimes: the regime of each date, from data known at its close."""

from barograph.regimes.vix_price import VixPriceRegimes

__all__ = ["VixPriceRegimes"]
