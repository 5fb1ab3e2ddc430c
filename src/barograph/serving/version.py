"""A version: what one commit put into service."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from barograph import config, tables
from barograph.ensemble.combiner import Combiner
from barograph.errors import InputError
from barograph.folds.schema import FOLDS
from barograph.latest.schema import LATEST
from barograph.models import FittedModel, load

COMBINER: Final = "models/ensemble/ensemble.json"


@dataclass(frozen=True)
class Version:
    """The models, the combiner and the settings of a commit.

    Attributes
    ----------
    name : str
        What messages call it.
    settings : mapping
        Its params.yaml.
    models : dict of str to FittedModel
        The final model of each kind; it knows the features that its fold's selection kept.
    combiner : Combiner
    folds : pandas.DataFrame
        The folds table; the last fold is the final models'.
    newest : pandas.Timestamp
        The last day of its market data, on which it knew which labels had matured.
    """

    name: str
    settings: Mapping[str, Any]
    models: Mapping[str, FittedModel]
    combiner: Combiner
    folds: pd.DataFrame
    newest: pd.Timestamp

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """The first day of the training data, and the last on which a label in it may have become known."""
        return self.folds["train_start"].iloc[-1], self.folds["train_end"].iloc[-1]

    @property
    def candidate(self) -> str:
        """The predictor that is promoted: the ensemble or one model."""
        return str(self.settings["gate"]["candidate"])

    def build(self, section: str) -> Any:
        """Build the object that a section of the settings describes."""
        return config.build(self.settings[section], section)


def read_version(folder: Path, name: str) -> Version:
    """Read a version from a folder with the paths of a project.

    Parameters
    ----------
    folder : Path
        With ``params.yaml``, ``data/folds.parquet``, ``data/latest/predictions.parquet``, ``models/<model>/`` of every
        model and ``models/ensemble/``.
    name : str
        What messages call the version.

    Returns
    -------
    Version

    Raises
    ------
    InputError
        If a file is missing or was changed, or a model was written by another version of its library.
    """
    try:
        settings = config.load_params(folder / config.PARAMS)
        models = {model: load(folder / "models" / model, model) for model in settings["model_names"]}
        newest = tables.read(LATEST, folder, columns=["date"])["date"].max()
        return Version(name, settings, models, _combiner(folder), tables.read(FOLDS, folder), newest)
    except InputError as error:
        raise InputError(f"{name}: {str(error).replace(f'{folder}/', '')}") from error


def _combiner(folder: Path) -> Combiner:
    path = folder / COMBINER
    if not path.is_file():
        raise InputError(f"{path}: no such file; run the stage that writes it (dvc repro)")
    try:
        return Combiner.from_plain(json.loads(path.read_bytes()))
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: describes no ensemble: {config.one_line(error)}") from error
