"""The table of labels."""

from typing import Final

import pyarrow as pa

from barograph.names import LABEL_COLUMNS
from barograph.tables import DATE, FLOAT, TEXT, Table

LABELS: Final = Table(
    "data/labels.parquet",
    ("symbol", "date"),
    {"symbol": TEXT, "date": DATE} | dict(zip(LABEL_COLUMNS, (pa.int8(), DATE, TEXT, FLOAT, FLOAT), strict=True)),
)
