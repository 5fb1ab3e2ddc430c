"""Ablation of an option: walk forward with every model and seed of the study on the rows that this memory shows."""

from typing import Any

import pandas as pd
from tqdm import tqdm

from barograph import config
from barograph.archive.schema import ARCHIVE, EVENTS
from barograph.errors import InputError
from barograph.features.schema import FEATURES
from barograph.folds import tabulated_folds
from barograph.folds.schema import TEST_WINDOWS
from barograph.labels.schema import LABELS
from barograph.memory import ErrorReplay, Memory, draw_samples
from barograph.memory_study.schema import ABLATION_PREDICTIONS
from barograph.models import TrainingSet
from barograph.regimes.schema import REGIME_SERIES
from barograph.selection.schema import SELECTION
from barograph.stages.machine import cache, executor
from barograph.stages.stage import Stage, stage
from barograph.stages.studied import studied_models, studied_seeds
from barograph.stages.tuned import tuned_model
from barograph.training import walk


@stage("ablation.models", "ablation.seeds", "models", "memory.rows", "seed")
def main(stage: Stage) -> str:
    """Predict the test windows with the models of the study, on the draws that the samples stage would make."""
    if stage.option is None:
        raise InputError("option: null; it must name a memory option, as `dvc repro studies/ablation/dvc.yaml` does")
    memory = _memory(stage.option, stage.settings["memory.rows"])
    labels, regimes, events, archive = (stage.read(table) for table in (LABELS, REGIME_SERIES, EVENTS, ARCHIVE))
    laid_out = tabulated_folds(stage.read(TEST_WINDOWS))
    replay = None
    if memory.replay:
        replay = ErrorReplay(memory.replay, memory.weights, memory.window.half_life, labels, regimes)
    data = TrainingSet(stage.read(FEATURES), labels)
    given: dict[str, Any] = {"selection": stage.read(SELECTION), "replay": replay, "executor": executor(stage)}
    parts = []
    configured = stage.settings["models"]
    models = studied_models(stage.settings["ablation.models"], configured)
    seeds = studied_seeds(stage.settings["seed"], stage.settings["ablation.seeds"])
    for seed in seeds:
        folds, drawn = draw_samples(labels, regimes, events, archive, memory=memory, folds=laid_out, seed=seed)
        given |= {"samples": pd.concat(drawn, ignore_index=True), "folds": folds[folds["test_end"].notna()]}
        for name in models:
            model = tuned_model(stage, name, configured[name])
            kept = cache(model, configured[name].get("code"))
            steps = walk(model, data, name=name, cache=kept, seed=seed, **given)
            bar = tqdm(steps, f"{stage.option}, {name}, seed {seed}", len(given["folds"]), unit="fold", disable=None)
            parts += [step.predictions.assign(model=name, seed=seed) for step in bar]
    predictions = pd.concat(parts, ignore_index=True)
    stage.write(ABLATION_PREDICTIONS, predictions, option=stage.option)
    return f"{stage.option}: {len(predictions):,} predictions of {len(models)} models and {len(seeds)} seeds"


def _memory(option: str, rows: int) -> Memory:
    """Build an option as conf/memory/ has it, with the configured budget."""
    memory: Memory = config.build(config.compose([f"memory={option}", f"memory.rows={rows}"])["memory"], "memory")
    return memory


if __name__ == "__main__":
    main()
