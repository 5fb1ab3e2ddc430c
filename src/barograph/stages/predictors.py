"""Reading every predictor's out-of-sample predictions."""

import pandas as pd

from barograph.ensemble.schema import ENSEMBLE_PREDICTIONS
from barograph.stages.stage import Stage
from barograph.training.schema import PREDICTIONS


def read_predictors(stage: Stage) -> pd.DataFrame:
    """Give the predictions of the configured models, the ensemble and the baselines as one frame.

    Files of models that are no longer configured are left alone.
    """
    models = [stage.read(PREDICTIONS, model=model).assign(predictor=model) for model in stage.settings["model_names"]]
    return pd.concat([*models, stage.read(ENSEMBLE_PREDICTIONS)], ignore_index=True)
