"""Validation: how good every predictor is out of sample, where, against every baseline, with intervals."""

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
from barograph.scoring.expected import expected_and_matured
from barograph.stages.predictors import read_predictors
from barograph.stages.stage import Stage, stage
from barograph.stages.structural import build_structural, read_closes
from barograph.stages.words import estimate
from barograph.training.schema import EXAM_PREDICTIONS, PREDICTIONS, REPLAY, UNREPLAYED
from barograph.validation import (
    ValidationResult,
    metrics,
    replay_groups,
    replay_improvement,
    score_cells,
    score_exams,
    validate,
)


@stage("model_names", "validation", "seed", upstream=("label",))
def main(stage: Stage) -> str:
    """Score all predictors on the same rows: overall and per regime, event, sector, fold and symbol; exams; replay."""
    archive, validation, seed = stage.read(ARCHIVE), stage.build("validation"), stage.settings["seed"]
    labels, regimes, universe = (stage.read(table) for table in (LABELS, REGIME_SERIES, UNIVERSE))
    predictors, named = read_predictors(stage), archive[archive["kind"] == "configured"]
    result = validate(predictors, labels, regimes, universe, named, validation, seed)
    cells = score_cells(predictors, labels, regimes, universe, validation, seed)
    tables = vars(result) | vars(cells) | _plots(result)
    tables |= {"exam": _exams(stage, predictors, labels, regimes, validation)}
    tables |= _replay(stage, labels, regimes, universe, validation)
    tables |= {"expected": _expected(stage, predictors, labels, regimes)}
    for name, table in tables.items():
        stage.write_csv(f"reports/validation/{name}.csv", table)
    scores = metrics(result)
    stage.write_json("reports/metrics/validation.json", scores)
    return f"ensemble's skill against regime_prior {estimate(scores[ENSEMBLE], 'skill_regime_prior', '+.2%')}"


def _exams(
    stage: Stage, predictors: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame, validation: Validation
) -> pd.DataFrame:
    """Score each model's answers to the exams, beside baselines of the same past."""
    models = [stage.read(EXAM_PREDICTIONS, model=name).assign(predictor=name) for name in stage.settings["model_names"]]
    exams = stage.read(EXAMS)
    asked = (models[0][["exam", "symbol", "date"]], labels, regimes, exams)
    structural = build_structural(stage).exam_predictions(*read_closes(stage), *asked)
    answers = pd.concat([*models, exam_baselines(*asked), structural], ignore_index=True)
    return score_exams(answers, predictors, labels, regimes, exams, validation, stage.settings["seed"])


def _expected(stage: Stage, predictors: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame) -> pd.DataFrame:
    """Put each predictor's expected log loss of the days before labels mature beside its matured one."""
    days = stage.build("label").horizon
    tables = [
        expected_and_matured(rows, labels, regimes, days).assign(predictor=name)
        for name, rows in predictors.groupby("predictor")
    ]
    return pd.concat(tables, ignore_index=True)


def _replay(
    stage: Stage, labels: pd.DataFrame, regimes: pd.DataFrame, universe: pd.DataFrame, validation: Validation
) -> dict[str, pd.DataFrame]:
    """Tell which mistakes of each model were replayed, and whether that helped on later rows that look alike."""
    groups, improvement = [], []
    for name in stage.settings["model_names"]:
        replayed, predictions = stage.read(REPLAY, model=name), stage.read(PREDICTIONS, model=name)
        if replayed.empty:
            continue
        groups.append(replay_groups(replayed, predictions, labels, regimes, universe).assign(model=name))
        without, features, seed = stage.read(UNREPLAYED, model=name), stage.read(FEATURES), stage.settings["seed"]
        given = (replayed, features, labels, predictions, without)
        improvement.append(replay_improvement(*given, settings=validation, seed=seed).assign(model=name))
    parts = {"replay_groups": groups, "replay_improvement": improvement}
    return {name: pd.concat(tables) if tables else pd.DataFrame({"model": []}) for name, tables in parts.items()}


def _plots(result: ValidationResult) -> dict[str, pd.DataFrame]:
    """Give the ensemble's tables for `dvc plots`, which draws a line a revision."""
    slices, bins = (table[table["predictor"] == ENSEMBLE] for table in (result.slices, result.calibration))
    slices = slices.assign(skill=slices["skill_regime_prior"], regime=slices["slice"], fold=slices["slice"].str[:4])
    regime = slices.loc[(slices["kind"] == "regime") & slices["sufficient"], ["regime", "skill"]]
    fold = slices.loc[slices["kind"] == "fold", ["fold", "skill"]]
    reliability = bins[bins["class"] == "buy"]
    return {"ensemble_by_regime": regime, "ensemble_by_fold": fold, "ensemble_reliability": reliability}


if __name__ == "__main__":
    main()
