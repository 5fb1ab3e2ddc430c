"""The sources of market data; each has a ``load()`` that returns validated :class:`~barograph.market.MarketData`."""
