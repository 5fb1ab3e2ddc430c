"""The table of the ensemble's and the baselines' predictions."""

from typing import Final

from barograph.tables import TEXT, Table
from barograph.training.schema import PREDICTIONS

ENSEMBLE_PREDICTIONS: Final = Table(
    "data/ensemble/predictions.parquet", ("predictor", "symbol", "date"), {"predictor": TEXT, **PREDICTIONS.columns}
)
