"""Reading every predictor's out-of-sample predictions."""

import pandas as pd

from barograph import tables
from barograph.stages.stage import Stage


def read_predictors(stage: Stage) -> pd.DataFrame:
    """Give the predictions of the configured models, the ensemble and the baselines as one frame.

    Files of models that are no longer configured are left alone.
    """
    models = [stage.read(tables.PREDICTIONS, model=model).assign(predictor=model) for model in stage.settings["models"]]
    return pd.concat([*models, stage.read(tables.ENSEMBLE_PREDICTIONS)], ignore_index=True)
