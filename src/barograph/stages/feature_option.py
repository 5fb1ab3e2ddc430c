"""Feature option: walk forward with every model and seed of the feature study on the features that this one offers."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
from tqdm import tqdm

from barograph.archive.schema import ARCHIVE, EVENTS
from barograph.errors import InputError
from barograph.feature_study.schema import FEATURE_PREDICTIONS, OFFERED, STRUCTURAL_INPUTS
from barograph.features.schema import FEATURES
from barograph.folds import Fold, tabulated_folds
from barograph.folds.schema import TEST_WINDOWS
from barograph.labels.schema import LABELS
from barograph.memory import ErrorReplay, Memory, draw_samples
from barograph.models import TrainingSet
from barograph.names import KEY
from barograph.regimes.schema import REGIME_SERIES
from barograph.selection import select_features
from barograph.stages.feature_models import feature_models, feature_seeds
from barograph.stages.machine import cache, executor
from barograph.stages.stage import Stage, stage
from barograph.stages.tuned import tuned_model
from barograph.training import walk


@stage(
    "feature_study.models", "feature_study.seeds", "memory", "models", "seed", "selection", upstream=("folds.embargo",)
)
def main(stage: Stage) -> str:
    """Select anew among the features that the option offers, and predict the test windows with the study's models."""
    option = stage.option
    if option is None:
        raise InputError("option: null; it must name an option, as `dvc repro studies/features/dvc.yaml` does")
    offered = stage.read_json(OFFERED.format(option=option))
    if offered["left_out"]:
        stage.write(FEATURE_PREDICTIONS, pd.DataFrame(columns=list(FEATURE_PREDICTIONS.columns)), option=option)
        return f"{option}: no predictions, {offered['left_out']}"
    features = stage.read(STRUCTURAL_INPUTS if offered["structural"] else FEATURES)
    named = set(offered["features"])
    data = TrainingSet(features[[*KEY, *(name for name in features if name in named)]], stage.read(LABELS))
    folds = tabulated_folds(stage.read(TEST_WINDOWS))
    selection = None if offered["structural"] else _selected(stage, data, folds)
    predictions = pd.concat(_walked(stage, data, folds, selection), ignore_index=True)
    stage.write(FEATURE_PREDICTIONS, predictions, option=option)
    return f"{option}: {len(predictions):,} predictions from {len(data.names)} features"


def _selected(stage: Stage, data: TrainingSet, folds: Sequence[Fold]) -> pd.DataFrame:
    """Select as the select stage does, from what the option offers."""
    selection, embargo, seed = stage.build("selection"), stage.settings["folds.embargo"], stage.settings["seed"]
    found = select_features(selection, data, folds, embargo=embargo, seed=seed, cache=cache(selection, None))
    bar = tqdm(found, f"{stage.option}, select", total=len(folds), unit="fold", disable=None)
    selected: pd.DataFrame = pd.concat(bar, ignore_index=True)
    return selected


def _walked(
    stage: Stage, data: TrainingSet, folds: Sequence[Fold], selection: pd.DataFrame | None
) -> Iterator[pd.DataFrame]:
    """Give each fold's predictions, seed by seed and model by model, on the draws that the samples stage would make."""
    memory: Memory = stage.build("memory")
    tables = labels, regimes, _, _ = [stage.read(table) for table in (LABELS, REGIME_SERIES, EVENTS, ARCHIVE)]
    replay = None
    if memory.replay:
        replay = ErrorReplay(memory.replay, memory.weights, memory.window.half_life, labels, regimes)
    given: dict[str, Any] = {"selection": selection, "replay": replay, "executor": executor(stage)}
    configured = stage.settings["models"]
    models = feature_models(stage.settings["feature_study.models"], configured)
    for seed in feature_seeds(stage.settings["seed"], stage.settings["feature_study.seeds"]):
        table, drawn = draw_samples(*tables, memory=memory, folds=folds, seed=seed)
        samples, tested = pd.concat(drawn, ignore_index=True), table[table["test_end"].notna()]
        for name in models:
            model = tuned_model(stage, name, configured[name])
            kept = cache(model, configured[name].get("code"))
            steps = walk(model, data, samples, tested, name=name, seed=seed, cache=kept, **given)
            bar = tqdm(steps, f"{stage.option}, {name}, seed {seed}", len(tested), unit="fold", disable=None)
            yield from (step.predictions.assign(model=name, seed=seed) for step in bar)


if __name__ == "__main__":
    main()
