"""The tables of folds."""

from typing import Final

import pyarrow as pa

from barograph.tables import DATE, Table

TEST_WINDOWS: Final = Table(
    "data/test_windows.parquet",
    ("fold",),
    {"fold": pa.int32()} | dict.fromkeys(("train_end", "test_start", "test_end"), DATE),
    nullable=frozenset({"test_end"}),
)
FOLDS: Final = Table(
    "data/folds.parquet",
    ("fold",),
    {"fold": pa.int32(), "train_start": DATE} | {name: DATE for name in TEST_WINDOWS.columns if name != "fold"},
    nullable=TEST_WINDOWS.nullable,
)
