"""The tables of a market, as every source returns them and features are computed from them."""

from dataclasses import dataclass, field

import pandas as pd

from barograph.dates import refuse_time_zones


@dataclass(frozen=True)
class MarketData:
    """The tables of a market.

    A source gives bars, context and universe, validated, and facts and signals where it has them; regimes follow from
    the context. Features are computed from whichever tables there are.

    Attributes
    ----------
    bars : pandas.DataFrame
        One row a symbol and day: symbol, date, open, high, low, close, volume; adjusted prices, shares. Sorted by
        symbol and date. All but close may be null.
    context : pandas.DataFrame or None
        One row a trading day: date, index_close, vix (points, may be null), vix_estimated, and further columns as the
        source has them. Sorted by date; may begin before the bars and end after them.
    universe : pandas.DataFrame or None
        One row a traded symbol: symbol, name, gics_sector. Sorted by symbol.
    regimes : pandas.DataFrame or None
        One row a date of the context: its regime and the rule that fired; see `barograph.regimes`.
    facts : pandas.DataFrame or None
        Point-in-time fundamentals and sentiment: symbol, field, available_from, value.
    signals : pandas.DataFrame or None
        Signals of others: symbol, name, date, value, available_from.
    notes : list of str
        One-line remarks for the user: on rows left out, values estimated, tables found incomplete.
    """

    bars: pd.DataFrame
    context: pd.DataFrame | None = None
    universe: pd.DataFrame | None = None
    regimes: pd.DataFrame | None = None
    facts: pd.DataFrame | None = None
    signals: pd.DataFrame | None = None
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse dates with a time zone."""
        refuse_time_zones(**vars(self))
