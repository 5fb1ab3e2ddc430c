"""The rows that a model is fitted on, and the fit itself."""

from dataclasses import dataclass
from inspect import signature

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.errors import InputError
from barograph.folds import Fold
from barograph.models.contract.classifier import FittedModel, Model
from barograph.names import KEY
from barograph.typing import Floats


@dataclass(frozen=True)
class TrainingRows:
    """A fold's training set: features (n, k), labels (n,), weights (n,), and `date` and `exit_date` of each row."""

    X: pd.DataFrame
    y: NDArray[np.int8]
    weight: Floats
    lives: pd.DataFrame


def training_rows(features: pd.DataFrame, labels: pd.DataFrame, samples: pd.DataFrame, fold: int) -> TrainingRows:
    """Look up what a fold is shown.

    Parameters
    ----------
    features, labels, samples : pandas.DataFrame
        The tables of these names.
    fold : int

    Returns
    -------
    TrainingRows
        One row a row of samples.

    Raises
    ------
    InputError
        If a sample has no features or no label.
    """
    own = samples[samples["fold"] == fold]
    at = pd.MultiIndex.from_frame(own[KEY])
    rows = pd.MultiIndex.from_frame(features[KEY]).get_indexer(at)
    label_rows = pd.MultiIndex.from_frame(labels[KEY]).get_indexer(at)
    if (lost := (rows < 0) | (label_rows < 0)).any():
        raise InputError(f"data/samples.parquet: {at[int(lost.argmax())]} of fold {fold} has no features or no label")
    return TrainingRows(
        X=features.drop(columns=KEY).iloc[rows].reset_index(drop=True),
        y=labels["label"].to_numpy()[label_rows],
        weight=own["weight"].to_numpy(),
        lives=labels[["date", "exit_date"]].iloc[label_rows].reset_index(drop=True),
    )


def look_up(features: pd.DataFrame, labels: pd.DataFrame) -> TrainingRows:
    """Put some labels beside their features, which symbol and date index; a label without any raises InputError."""
    at = pd.MultiIndex.from_frame(labels[KEY])
    positions = features.index.get_indexer(at)
    if (lost := positions < 0).any():
        raise InputError(f"data/features.parquet: {at[int(lost.argmax())]} has a label but no features")
    return TrainingRows(
        X=features.iloc[positions].reset_index(drop=True),
        y=labels["label"].to_numpy(),
        weight=labels["uniqueness"].to_numpy(),
        lives=labels[["date", "exit_date"]].reset_index(drop=True),
    )


def matured_labels(labels: pd.DataFrame, fold: Fold) -> pd.DataFrame:
    """Give the labels that are known early enough for a fold, nothing resampled; none at all raises InputError."""
    matured = labels[fold.matured(labels["exit_date"].to_numpy("datetime64[D]"))]
    if matured.empty:
        raise InputError(f"data/labels.parquet: no label is known before {fold.cutoff}; more history is needed")
    return matured


def fit_rows(model: Model, rows: TrainingRows, *, name: str, seed: int) -> FittedModel:
    """Fit a model on training rows; one that splits them by time is told their lives.

    Raises
    ------
    InputError
        If the model's `fit` gives something else than a :class:`FittedModel`.
    """
    in_time = {"lives": rows.lives} if "lives" in signature(model.fit).parameters else {}
    fitted = model.fit(rows.X, rows.y, rows.weight, seed=seed, **in_time)
    if not isinstance(fitted, FittedModel):
        kind = type(fitted).__name__
        raise InputError(f"models.{name}: fit gave a {kind}; end it in barograph.models.fit_classifier")
    return fitted
