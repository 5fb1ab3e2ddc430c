"""The tables that training writes for each model."""

from typing import Final

import pyarrow as pa

from barograph.names import PROBABILITIES
from barograph.tables import DATE, FLOAT, TEXT, Table

REPLAY: Final = Table(
    "data/replay/{model}.parquet",
    ("fold", "symbol", "date"),
    {"fold": pa.int32(), "symbol": TEXT, "date": DATE, "loss": FLOAT, "exit_date": DATE},
)
PREDICTIONS: Final = Table(
    "data/predictions/{model}.parquet",
    ("symbol", "date"),
    {"symbol": TEXT, "date": DATE, "fold": pa.int32()} | dict.fromkeys(PROBABILITIES, FLOAT),
)
UNREPLAYED: Final = Table("data/unreplayed/{model}.parquet", PREDICTIONS.key, PREDICTIONS.columns)
IMPORTANCE: Final = Table(
    "data/importance/{model}.parquet",
    ("fold", "feature"),
    {"fold": pa.int32(), "feature": TEXT, "importance": FLOAT, "kind": TEXT},
)
EXAM_PREDICTIONS: Final = Table(
    "data/exam/{model}.parquet",
    ("exam", "symbol", "date"),
    {"exam": TEXT, "symbol": TEXT, "date": DATE} | dict.fromkeys(PROBABILITIES, FLOAT),
)
