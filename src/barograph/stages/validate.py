"""Validation: how good every predictor is out of sample, where, against both baselines, with intervals."""

import pandas as pd

from barograph.archive.schema import ARCHIVE
from barograph.ensemble import exam_baselines
from barograph.features.schema import FEATURES
from barograph.labels.schema import LABELS
from barograph.market.schema import UNIVERSE
from barograph.memory.schema import EXAMS
from barograph.names import ENSEMBLE
from barograph.regimes.schema import REGIME_SERIES
from barograph.scoring import Validation
from barograph.stages.predictors import read_predictors
from barograph.stages.stage import Stage, stage
from barograph.stages.words import estimate
from barograph.training.schema import EXAM_PREDICTIONS, PREDICTIONS, REPLAY, UNREPLAYED
from barograph.validation import ValidationResult, metrics, replay_groups, replay_improvement, score_exams, validate


@stage("models", "validation", "seed")
def main(stage: Stage) -> str:
    """Score all predictors on the same rows: overall and per regime, event, sector and fold; then exams and replay."""
    archive, validation, seed = stage.read(ARCHIVE), stage.build("validation"), stage.settings["seed"]
    labels, regimes, universe = (stage.read(table) for table in (LABELS, REGIME_SERIES, UNIVERSE))
    predictors, named = read_predictors(stage), archive[archive["kind"] == "configured"]
    result = validate(predictors, labels, regimes, universe, named, validation, seed)
    stage.write_csv("reports/validation/slices.csv", result.slices)
    stage.write_csv("reports/validation/calibration.csv", result.calibration)
    stage.write_csv("reports/validation/confusion.csv", result.confusion)
    stage.write_csv("reports/validation/coverage.csv", result.coverage)
    for name, table in _plots(result).items():
        stage.write_csv(f"reports/validation/ensemble_{name}.csv", table)
    exams = _exams(stage, predictors, labels, regimes, validation)
    stage.write_csv("reports/validation/exam.csv", exams)
    for name, table in _replay(stage, labels, regimes, universe, validation).items():
        stage.write_csv(f"reports/validation/replay_{name}.csv", table)
    scores = metrics(result)
    stage.write_json("reports/metrics/validation.json", scores)
    return f"ensemble's skill against regime_prior {estimate(scores[ENSEMBLE], 'skill_regime_prior', '+.2%')}"


def _exams(
    stage: Stage, predictors: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame, validation: Validation
) -> pd.DataFrame:
    """Score what each model says of a crisis that it alone has not seen, beside baselines of the same past."""
    models = [stage.read(EXAM_PREDICTIONS, model=name).assign(predictor=name) for name in stage.settings["models"]]
    exams, seed = stage.read(EXAMS), stage.settings["seed"]
    sat = [*models, exam_baselines(models[0][["exam", "symbol", "date"]], labels, regimes, exams)]
    answers = pd.concat(sat, ignore_index=True)
    return score_exams(answers, predictors, labels, regimes, exams, validation, seed)


def _replay(
    stage: Stage, labels: pd.DataFrame, regimes: pd.DataFrame, universe: pd.DataFrame, validation: Validation
) -> dict[str, pd.DataFrame]:
    """Say of each model which of its mistakes were replayed, and whether that helped on later rows that look alike."""
    groups, improvement = [], []
    for name in stage.settings["models"]:
        replayed, predictions = stage.read(REPLAY, model=name), stage.read(PREDICTIONS, model=name)
        if replayed.empty:
            continue
        groups.append(replay_groups(replayed, predictions, labels, regimes, universe).assign(model=name))
        without, features = stage.read(UNREPLAYED, model=name), stage.read(FEATURES)
        changed = replay_improvement(
            replayed, features, labels, predictions, without, settings=validation, seed=stage.settings["seed"]
        )
        improvement.append(changed.assign(model=name))
    found = {"groups": groups, "improvement": improvement}
    return {name: pd.concat(parts) if parts else pd.DataFrame({"model": []}) for name, parts in found.items()}


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
