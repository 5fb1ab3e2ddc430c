"""Training: walk forward with one model, predict out of sample, then fit the model that goes into service."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
from tqdm import tqdm

from barograph import config, tables
from barograph.models import (
    Model,
    Step,
    check_storable,
    class_frequencies,
    feature_importance,
    log_loss,
    save,
    searched,
    tuned,
    walk,
)
from barograph.randomness import seed_for
from barograph.stages.stage import Stage, stage
from barograph.tables import PROBABILITIES


@stage("models", "seed", config_name="train", by_hand=("model",))
def main(stage: Stage) -> str:
    """Train the model that DVC names or, by hand, the one that `model=` chooses."""
    name, settings = stage.chosen_model()
    model, seed = _with_study(stage, config.build(settings, f"models.{name}"), name), stage.settings["seed"]
    labels, folds = stage.read(tables.LABELS), stage.read(tables.FOLDS)
    features, samples, selection = (stage.read(one) for one in (tables.FEATURES, tables.SAMPLES, tables.SELECTION))
    steps = walk(model, features, labels, samples, folds, name=name, seed=seed, selection=selection)
    predicted: list[pd.DataFrame] = []
    rested: list[pd.DataFrame] = []
    for step in tqdm(steps, name, total=len(folds), unit="fold", disable=None):
        if not predicted:
            check_storable(step.fitted, name)
        predicted.append(step.predictions)
        shares = feature_importance(step.fitted, step.rows, seed=seed_for(seed, "importance", name, step.fold))
        rested.append(shares.assign(fold=step.fold))
    predictions = pd.concat(predicted, ignore_index=True)
    stage.write(tables.PREDICTIONS, predictions, model=name)
    stage.write(tables.IMPORTANCE, pd.concat(rested, ignore_index=True), model=name)
    save(step.fitted, stage.out / "models" / name, name, _facts(step, getattr(model, "params", {}), settings, folds))
    return f"{name}: {len(predictions):,} out-of-sample predictions, {_score(predictions, labels, folds)}"


def _with_study(stage: Stage, model: Model, name: str) -> Model:
    """Fix what tuning found; a model that leaves nothing open needs no study."""
    return tuned(model, stage.read_json(f"data/tuning/{name}.json"), name) if searched(model) else model


def _facts(step: Step, params: Mapping[str, Any], settings: Mapping[str, Any], folds: pd.DataFrame) -> dict[str, Any]:
    rows = step.rows
    return {
        "settings": _digest(json.dumps(settings, sort_keys=True).encode()),
        "params": dict(params),
        "data": _digest(rows.X.to_numpy().tobytes(), rows.y.tobytes(), rows.weight.tobytes()),
        "window": [f"{day:%F}" for day in (folds["train_start"].iloc[-1], folds["train_end"].iloc[-1])],
        "rows": len(rows.y),
    }


def _score(predictions: pd.DataFrame, labels: pd.DataFrame, folds: pd.DataFrame) -> str:
    known = predictions.merge(labels[["symbol", "date", "label"]], on=["symbol", "date"])
    priors = class_frequencies(labels, folds).loc[known["fold"]]
    ours, theirs = (log_loss(one[list(PROBABILITIES)].to_numpy(), known["label"].to_numpy()) for one in (known, priors))
    return f"log loss {ours:.4f}, skill against prior {1 - ours / theirs:+.2%}"


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


if __name__ == "__main__":
    main()
