"""Ensemble: the baselines and the vote of the models, out of sample."""

import pandas as pd

from barograph import tables
from barograph.models import baseline_predictions
from barograph.predictors import PRIOR, REGIME_PRIOR
from barograph.stages.stage import Stage, stage


@stage("models", "ensemble")
def main(stage: Stage) -> str:
    """Combine the models' out-of-sample predictions and put the baselines beside them."""
    members = {model: stage.read(tables.PREDICTIONS, model=model) for model in stage.settings["models"]}
    vote = stage.build("ensemble")
    combined = vote.combine(members)
    baselines = baseline_predictions(
        combined, stage.read(tables.LABELS), stage.read(tables.REGIME_SERIES), stage.read(tables.FOLDS)
    )
    stage.write(tables.ENSEMBLE_PREDICTIONS, pd.concat([combined, baselines], ignore_index=True))
    weights = vote.member_weights(list(members))
    stage.write_json("models/ensemble/ensemble.json", {"members": weights})
    shares = ", ".join(f"{model} {weight:.2f}" for model, weight in weights.items())
    return f"{len(combined):,} rows by {shares}; baselines {PRIOR} and {REGIME_PRIOR}"


if __name__ == "__main__":
    main()
