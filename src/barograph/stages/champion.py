"""Champion: the predictions of the model in production for the days since its promotion."""

from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pandas as pd

from barograph import config
from barograph.champion import CHAMPION, CHAMPION_PREDICTIONS, CHAMPION_STATUS, Champion, read_champion
from barograph.errors import InputError
from barograph.features.schema import FEATURES
from barograph.latest import after_training
from barograph.latest.schema import LATEST, LATEST_MODEL
from barograph.market.schema import BARS, CONTEXT
from barograph.names import ENSEMBLE, KEY, PROBABILITIES
from barograph.registry import fetch
from barograph.serving import Version, predict, read_version
from barograph.stages.stage import Stage, stage

_NOTHING: Final = pd.DataFrame(columns=list(CHAMPION_PREDICTIONS.columns))
_NEEDED: Final = ("models/", "data/folds.parquet")
_SETTINGS: Final = f"models/champion/{config.PARAMS}"


@stage("features", "gate.candidate")
def main(stage: Stage) -> str:
    """Predict with the champion's models; say why that cannot be, or that the candidate is the champion."""
    path = stage.root / CHAMPION
    if not path.is_file():
        _write(stage, None, "none")
        return "no champion yet"
    champion = read_champion(path.read_bytes(), CHAMPION)
    try:
        predictions = _predict(stage, champion)
    except InputError as error:
        _write(stage, champion, "unavailable", str(error))
        return f"{champion.name} cannot be judged: {error}"
    if champion.predictor == stage.settings["gate.candidate"] and _agree(predictions, _newest(stage)):
        _write(stage, champion, "itself")
        return f"{champion.name} is the candidate itself"
    predictions = predictions[predictions["date"] > pd.Timestamp(champion.since)]
    _write(stage, champion, "available", predictions=predictions)
    return f"{champion.name} predicts {predictions['date'].nunique():,} dates since its promotion"


def _write(
    stage: Stage, champion: Champion | None, state: str, reason: str = "", predictions: pd.DataFrame = _NOTHING
) -> None:
    stage.write(CHAMPION_PREDICTIONS, predictions)
    name = None if champion is None else champion.name
    stage.write_json(CHAMPION_STATUS, {"state": state, "reason": reason, "champion": name})


def _predict(stage: Stage, champion: Champion) -> pd.DataFrame:
    """Predict all days after the champion's training data."""
    with TemporaryDirectory() as folder:
        version = _fetched(stage.root, champion, Path(folder))
    if version.settings["features"] != stage.settings["features"]:
        raise InputError(f"features: their settings are not those of {champion.name}")
    features, bars, context = (stage.read(table) for table in (FEATURES, BARS, CONTEXT))
    features = features[after_training(features["date"], version.span[1])]
    predictions = predict(version, features, bars, context, version.build("regime").table(context))
    return predictions.loc[predictions["predictor"] == champion.predictor, list(CHAMPION_PREDICTIONS.columns)]


def _fetched(root: Path, champion: Champion, folder: Path) -> Version:
    """Bring the champion's models, folds and settings into a folder, and read them."""
    fetch(root, {path: md5 for path, md5 in champion.files.items() if path.startswith(_NEEDED)}, folder)
    if not (root / _SETTINGS).is_file():
        raise InputError(f"{_SETTINGS}: no such file; `git checkout HEAD -- {_SETTINGS}` brings it back")
    copyfile(root / _SETTINGS, folder / config.PARAMS)
    return read_version(folder, champion.name)


def _newest(stage: Stage) -> pd.DataFrame:
    """Read what the candidate's final model says of the newest days."""
    candidate = stage.settings["gate.candidate"]
    if candidate != ENSEMBLE:
        return stage.read(LATEST_MODEL, model=candidate)
    said = stage.read(LATEST)
    return said[said["predictor"] == ENSEMBLE]


def _agree(predictions: pd.DataFrame, newest: pd.DataFrame) -> bool:
    """Say whether both contain the same probabilities, to the bit, for all of the newest days."""
    both = newest.merge(predictions, on=KEY, suffixes=("", "_champion"))
    candidate, champion = (both[[f"{name}{of}" for name in PROBABILITIES]].to_numpy() for of in ("", "_champion"))
    return len(both) == len(newest) and np.array_equal(candidate, champion)


if __name__ == "__main__":
    main()
