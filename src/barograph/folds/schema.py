"""The table of folds."""

from typing import Final

import pyarrow as pa

from barograph.tables import DATE, Table

FOLDS: Final = Table(
    "data/folds.parquet",
    ("fold",),
    {"fold": pa.int32()} | dict.fromkeys(("train_start", "train_end", "test_start", "test_end"), DATE),
    nullable=frozenset({"test_end"}),
)
