"""Training: walk forward with one model, predict out of sample, then fit the model that goes into service."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from barograph import config
from barograph.features.schema import FEATURES
from barograph.folds.schema import FOLDS
from barograph.labels import class_frequencies
from barograph.labels.schema import LABELS
from barograph.latest import after_training, predict_days
from barograph.latest.schema import LATEST_MODEL
from barograph.losses import log_loss
from barograph.memory import ErrorReplay, replayed_by_regime
from barograph.memory.schema import EXAM_SAMPLES, EXAMS, SAMPLES
from barograph.models import TrainingSet, load, save
from barograph.models.contract.rows import Arrays
from barograph.names import PROBABILITIES
from barograph.regimes.schema import REGIME_SERIES
from barograph.selection.schema import SELECTION
from barograph.stages.last_window import LastWindow
from barograph.stages.machine import cache, executor
from barograph.stages.stage import Stage, stage
from barograph.stages.tuned import tuned_model
from barograph.training import Case, sit_exams, walk
from barograph.training.schema import EXAM_PREDICTIONS, IMPORTANCE, PREDICTIONS, REPLAY, UNREPLAYED


@stage(
    "models",
    "memory.replay",
    "seed",
    config_name="train",
    by_hand=("model", "executor"),
    upstream=("memory.weights", "memory.window.half_life"),
)
def main(stage: Stage) -> str:
    """Train the model that DVC names or, by hand, the one that `model=` chooses."""
    name, settings = stage.chosen_model()
    model, seed = tuned_model(stage, name, settings), stage.settings["seed"]
    labels, folds, selection = (stage.read(table) for table in (LABELS, FOLDS, SELECTION))
    data = TrainingSet(stage.read(FEATURES), labels)
    runs, kept = executor(stage), cache(model, settings.get("code"))
    given = {"name": name, "seed": seed, "selection": selection, "executor": runs, "cache": kept}
    walked_by = LastWindow(runs, kept) if kept else runs
    steps = partial(walk, model, data, stage.read(SAMPLES), folds, **given | {"executor": walked_by})
    replay = _error_replay(stage, labels)
    bar = tqdm(steps(replay=replay, in_full=True), name, total=len(folds), unit="fold", disable=None)
    walked = list(bar)
    parts = [(step.predictions, step.importance, step.shown, step.replayed) for step in walked]
    predictions, importance, shown, replayed = (pd.concat(part, ignore_index=True) for part in zip(*parts, strict=True))
    stage.write(PREDICTIONS, predictions, model=name)
    stage.write(IMPORTANCE, importance, model=name)
    stage.write(REPLAY, replayed, model=name)
    stage.write_csv(f"reports/replay/{name}.csv", replayed_by_regime(shown, replayed))
    unreplayed = predictions.head(0)
    if replay:
        bar = tqdm(steps(), f"{name}, nothing replayed", total=len(folds), unit="fold", disable=None)
        unreplayed = pd.concat([again.predictions for again in bar], ignore_index=True)
    stage.write(UNREPLAYED, unreplayed, model=name)
    exams = _exams(stage, partial(sit_exams, model, data, **given), name)
    stage.write(EXAM_PREDICTIONS, exams, model=name)
    facts = _facts(data.arrays, walked[-1].case, getattr(model, "params", {}), settings, folds)
    save(walked[-1].model, stage.out / "models" / name, name, facts)
    stage.write(LATEST_MODEL, _latest(data, stage.out / "models" / name, name, folds), model=name)
    share = f", {len(replayed) / len(shown):.1%} of the rows replayed" if replay else ""
    return f"{name}: {len(predictions):,} out-of-sample predictions, {_score(predictions, labels, folds)}{share}"


def _error_replay(stage: Stage, labels: pd.DataFrame) -> ErrorReplay | None:
    replay, weights = stage.build("memory.replay"), stage.build("memory.weights")
    if replay is None:
        return None
    return ErrorReplay(replay, weights, stage.settings["memory.window.half_life"], labels, stage.read(REGIME_SERIES))


def _exams(stage: Stage, sat: Callable[..., Iterator[pd.DataFrame]], name: str) -> pd.DataFrame:
    """Let the latest year's model predict each crisis as if it had never seen it."""
    exams = stage.read(EXAMS)
    bar = tqdm(sat(stage.read(EXAM_SAMPLES), exams), f"{name}, exams", total=len(exams), unit="exam", disable=None)
    nothing = pd.DataFrame(columns=list(EXAM_PREDICTIONS.columns))
    predictions: pd.DataFrame = pd.concat([nothing, *bar] if exams.empty else list(bar), ignore_index=True)
    return predictions


def _facts(
    arrays: Arrays, case: Case, params: Mapping[str, Any], settings: Mapping[str, Any], folds: pd.DataFrame
) -> dict[str, Any]:
    rows = arrays.labelled(case.shown, case.features, case.weight)
    return {
        "settings": _digest(json.dumps(config.without_code(settings), sort_keys=True).encode()),
        "params": dict(params),
        "data": _digest(rows.X.to_numpy().tobytes(), rows.y.tobytes(), rows.weight.tobytes()),
        "window": [f"{day:%F}" for day in (folds["train_start"].iloc[-1], folds["train_end"].iloc[-1])],
        "rows": len(rows.y),
    }


def _latest(data: TrainingSet, folder: Path, name: str, folds: pd.DataFrame) -> pd.DataFrame:
    """Predict the days after the training rows with the final model as it is stored."""
    model = load(folder, name)
    rows = np.flatnonzero(after_training(data.keys["date"], folds["train_end"].iloc[-1]))
    values = data.arrays.take(rows, model.features)
    return predict_days(model, pd.concat([data.keys.iloc[rows].reset_index(drop=True), values], axis=1))


def _score(predictions: pd.DataFrame, labels: pd.DataFrame, folds: pd.DataFrame) -> str:
    known = predictions.merge(labels[["symbol", "date", "label"]], on=["symbol", "date"])
    priors = class_frequencies(labels, folds).loc[known["fold"]]
    ours, theirs = (
        log_loss(table[list(PROBABILITIES)].to_numpy(), known["label"].to_numpy()) for table in (known, priors)
    )
    return f"log loss {ours:.4f}, skill against prior {1 - ours / theirs:+.2%}"


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


if __name__ == "__main__":
    main()
