"""The tables of market data."""

from typing import Final

from barograph.tables import BOOL, DATE, FLOAT, TEXT, Table

BARS: Final = Table(
    "data/market/bars.parquet",
    ("symbol", "date"),
    {"symbol": TEXT, "date": DATE} | dict.fromkeys(("open", "high", "low", "close", "volume"), FLOAT),
    nullable=frozenset({"open", "high", "low", "volume"}),
)
CONTEXT: Final = Table(
    "data/market/context.parquet",
    ("date",),
    {"date": DATE, "index_close": FLOAT, "vix": FLOAT, "vix_estimated": BOOL},
    nullable=frozenset({"vix"}),
    extra=FLOAT,
)
UNIVERSE: Final = Table(
    "data/market/universe.parquet", ("symbol",), {"symbol": TEXT, "name": TEXT, "gics_sector": TEXT}
)
FACTS: Final = Table(
    "data/market/facts.parquet",
    ("symbol", "field", "available_from"),
    {"symbol": TEXT, "field": TEXT, "available_from": DATE, "value": FLOAT},
)
SIGNALS: Final = Table(
    "data/market/signals.parquet",
    ("symbol", "name", "date"),
    {"symbol": TEXT, "name": TEXT, "date": DATE, "value": FLOAT, "available_from": DATE},
)
