"""Validation: how good every predictor is out of sample, where, against both baselines, with intervals."""

from barograph import tables
from barograph.evaluation import metrics, validate
from barograph.stages.predictors import read_predictors
from barograph.stages.stage import Stage, stage
from barograph.stages.words import estimate
from barograph.tables import ENSEMBLE


@stage("models", "validation", "seed")
def main(stage: Stage) -> str:
    """Score all predictors on the same rows: overall and per regime, event, sector and fold."""
    result = validate(
        read_predictors(stage),
        stage.read(tables.LABELS),
        stage.read(tables.REGIME_SERIES),
        stage.read(tables.UNIVERSE),
        stage.read(tables.ARCHIVE),
        stage.build("validation"),
        stage.settings["seed"],
    )
    stage.write_csv("reports/validation/slices.csv", result.slices)
    stage.write_csv("reports/validation/calibration.csv", result.calibration)
    stage.write_csv("reports/validation/confusion.csv", result.confusion)
    scores = metrics(result)
    stage.write_json("reports/metrics/validation.json", scores)
    return f"ensemble's skill against regime_prior {estimate(scores[ENSEMBLE], 'skill_regime_prior', '+.2%')}"


if __name__ == "__main__":
    main()
