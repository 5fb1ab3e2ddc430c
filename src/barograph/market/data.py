"""What every market source returns."""

from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class MarketData:
    """Validated bars, context and universe, and what is known besides.

    Attributes
    ----------
    bars : pandas.DataFrame
        One row a symbol and day: symbol, date, open, high, low, close, volume; adjusted prices, shares. Sorted by
        symbol and date. All but close may be null.
    context : pandas.DataFrame
        One row a trading day: date, index_close, vix (points, may be null), vix_estimated, and further columns as the
        source has them. Sorted by date; may begin before the bars and end after them.
    universe : pandas.DataFrame
        One row a traded symbol: symbol, name, gics_sector. Sorted by symbol.
    facts : pandas.DataFrame or None
        Point-in-time fundamentals and sentiment: symbol, field, available_from, value; None where the source has none.
    signals : pandas.DataFrame or None
        Signals of others: symbol, name, date, value, available_from; None where the source has none.
    notes : list of str
        One-line remarks for the user: what was left out, estimated or found incomplete.
    """

    bars: pd.DataFrame
    context: pd.DataFrame
    universe: pd.DataFrame
    facts: pd.DataFrame | None = None
    signals: pd.DataFrame | None = None
    notes: list[str] = field(default_factory=list)
