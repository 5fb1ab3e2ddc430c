"""The table of features."""

from typing import Final

import pyarrow as pa

from barograph.tables import DATE, TEXT, Table

FEATURES: Final = Table("data/features.parquet", ("symbol", "date"), {"symbol": TEXT, "date": DATE}, extra=pa.float32())
