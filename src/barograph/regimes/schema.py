"""The table of regimes."""

from typing import Final

from barograph.names import REGIME_COLUMNS
from barograph.tables import DATE, FLOAT, TEXT, Table

REGIME_SERIES: Final = Table(
    "data/regimes.parquet",
    ("date",),
    {"date": DATE} | dict(zip(REGIME_COLUMNS, (TEXT, TEXT, FLOAT, FLOAT, FLOAT), strict=True)),
    nullable=frozenset({"index_return_10"}),
)
