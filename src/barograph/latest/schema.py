"""The tables of the newest predictions: each final model's, and those of the ensemble and the baselines."""

from typing import Final

from barograph.names import PROBABILITIES
from barograph.tables import DATE, FLOAT, TEXT, Table

LATEST_MODEL: Final = Table(
    "data/latest/models/{model}.parquet",
    ("symbol", "date"),
    {"symbol": TEXT, "date": DATE} | dict.fromkeys(PROBABILITIES, FLOAT),
)
LATEST: Final = Table(
    "data/latest/predictions.parquet", ("predictor", "symbol", "date"), {"predictor": TEXT, **LATEST_MODEL.columns}
)
