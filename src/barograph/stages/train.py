"""Training: walk forward with one model, predict out of sample, then fit the model that goes into service."""

import hashlib
import json
from typing import Any

import numpy as np
import pandas as pd
from hydra.core.hydra_config import HydraConfig
from numpy.typing import NDArray
from tqdm import tqdm

from barograph import config, tables
from barograph.errors import InputError
from barograph.models import class_frequencies, final_model, save, training_rows, walk
from barograph.stages.stage import Stage, stage
from barograph.tables import PROBABILITIES


@stage("models", "seed", config_name="train")
def main(stage: Stage) -> str:
    """Train the model that DVC names or, by hand, the one that `model=` chooses."""
    name, settings = _chosen(stage)
    model, seed = config.build(settings, f"models.{name}"), stage.settings["seed"]
    features, labels = stage.read(tables.FEATURES), stage.read(tables.LABELS)
    samples, folds = stage.read(tables.SAMPLES), stage.read(tables.FOLDS)
    windows = walk(model, features, labels, samples, folds, name=name, seed=seed)
    bar = tqdm(windows, name, total=len(folds) - 1, unit="fold", disable=None)
    predictions = pd.concat(bar, ignore_index=True)
    stage.write(tables.PREDICTIONS, predictions, model=name)
    rows = training_rows(features, labels, samples, len(folds) - 1)
    facts = {
        "settings": _digest(json.dumps(settings, sort_keys=True).encode()),
        "data": _digest(rows.X.to_numpy().tobytes(), rows.y.tobytes(), rows.weight.tobytes()),
        "window": [f"{day:%F}" for day in (folds["train_start"].iloc[-1], folds["train_end"].iloc[-1])],
        "rows": len(rows.y),
    }
    save(final_model(model, rows, name=name, fold=len(folds) - 1, seed=seed), stage.out / "models" / name, facts)
    return f"{name}: {len(predictions):,} out-of-sample predictions, {_score(predictions, labels, folds)}"


def _chosen(stage: Stage) -> tuple[str, dict[str, Any]]:
    if "model" in stage.settings:
        return HydraConfig.get().runtime.choices["model"], stage.settings["model"]
    models = stage.settings["models"]
    if stage.model_key is None or stage.model_key not in models:
        raise InputError(f"model_key: {stage.model_key!r} is not a model; there are {sorted(models)}")
    return stage.model_key, models[stage.model_key]


def _score(predictions: pd.DataFrame, labels: pd.DataFrame, folds: pd.DataFrame) -> str:
    known = predictions.merge(labels[["symbol", "date", "label"]], on=["symbol", "date"])
    priors = class_frequencies(labels, folds).loc[known["fold"]]
    ours, theirs = (_log_loss(table, known["label"].to_numpy()) for table in (known, priors))
    return f"log loss {ours:.4f}, skill against prior {1 - ours / theirs:+.2%}"


def _log_loss(table: pd.DataFrame, classes: NDArray[np.int8]) -> float:
    given = table[list(PROBABILITIES)].to_numpy()[np.arange(classes.size), classes]
    return float(-np.log(np.maximum(given, np.finfo(np.float64).eps)).mean())


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


if __name__ == "__main__":
    main()
