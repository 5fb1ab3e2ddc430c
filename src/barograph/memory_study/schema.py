"""The table of an option's predictions."""

from typing import Final

from barograph.tables import TEXT, Table
from barograph.training.schema import PREDICTIONS

ABLATION_PREDICTIONS: Final = Table(
    "studies/ablation/predictions/{option}.parquet", ("model", "symbol", "date"), {"model": TEXT, **PREDICTIONS.columns}
)
