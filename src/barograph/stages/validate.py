"""Validation: how good every predictor is out of sample, where, against both baselines, with intervals."""

import pandas as pd

from barograph import tables
from barograph.evaluation import ValidationResult, metrics, validate
from barograph.predictors import ENSEMBLE
from barograph.stages.predictors import read_predictors
from barograph.stages.stage import Stage, stage
from barograph.stages.words import estimate


@stage("models", "validation", "seed")
def main(stage: Stage) -> str:
    """Score all predictors on the same rows: overall and per regime, event, sector and fold."""
    archive = stage.read(tables.ARCHIVE)
    result = validate(
        read_predictors(stage),
        stage.read(tables.LABELS),
        stage.read(tables.REGIME_SERIES),
        stage.read(tables.UNIVERSE),
        archive[archive["kind"] == "configured"],
        stage.build("validation"),
        stage.settings["seed"],
    )
    stage.write_csv("reports/validation/slices.csv", result.slices)
    stage.write_csv("reports/validation/calibration.csv", result.calibration)
    stage.write_csv("reports/validation/confusion.csv", result.confusion)
    stage.write_csv("reports/validation/coverage.csv", result.coverage)
    for name, table in _plots(result).items():
        stage.write_csv(f"reports/validation/ensemble_{name}.csv", table)
    scores = metrics(result)
    stage.write_json("reports/metrics/validation.json", scores)
    return f"ensemble's skill against regime_prior {estimate(scores[ENSEMBLE], 'skill_regime_prior', '+.2%')}"


def _plots(result: ValidationResult) -> dict[str, pd.DataFrame]:
    """Give the ensemble's tables for `dvc plots`, which draws a line a revision."""
    slices, bins = (table[table["predictor"] == ENSEMBLE] for table in (result.slices, result.calibration))
    columns = {"slice": "regime", "skill_regime_prior": "skill"}
    regime = slices[(slices["kind"] == "regime") & slices["sufficient"]].rename(columns=columns)[["regime", "skill"]]
    fold = slices[slices["kind"] == "fold"].rename(columns={"slice": "fold", "skill_regime_prior": "skill"})
    fold = fold.assign(fold=fold["fold"].str.slice(0, 4))[["fold", "skill"]]
    return {"by_regime": regime, "by_fold": fold, "reliability": bins[bins["class"] == "buy"]}


if __name__ == "__main__":
    main()
