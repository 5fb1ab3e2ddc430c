"""The table of an option's predictions, for each seed of the study."""

from typing import Final

import pyarrow as pa

from barograph.tables import TEXT, Table
from barograph.training.schema import PREDICTIONS

ABLATION_PREDICTIONS: Final = Table(
    "studies/ablation/predictions/{option}.parquet",
    ("model", "seed", "symbol", "date"),
    {"model": TEXT, "seed": pa.int64(), **PREDICTIONS.columns},
)
