"""The sources of market data; each has a ``load()`` that returns validated :class:`~barograph.market.MarketData`.

``load`` raises InputError if the span contains too little, or the data break a rule of
:func:`~barograph.market.validate`.
"""
