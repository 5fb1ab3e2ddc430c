"""Market regimes: one a date, from what was known at that date's close."""

from barograph.regimes.vix_price import VixPriceRegimes

__all__ = ["VixPriceRegimes"]
