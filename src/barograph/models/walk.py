"""Walking forward: fit on what each fold may know, predict what comes next."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.errors import InputError
from barograph.models.classifier import FittedModel, Model
from barograph.randomness import seed_for
from barograph.tables import PROBABILITIES

_KEY = ["symbol", "date"]


@dataclass(frozen=True)
class TrainingRows:
    """A fold's training set: features (n, k), labels (n,) and weights (n,)."""

    X: pd.DataFrame
    y: NDArray[np.int8]
    weight: NDArray[np.float64]


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
    at = pd.MultiIndex.from_frame(own[_KEY])
    rows = pd.MultiIndex.from_frame(features[_KEY]).get_indexer(at)
    label_rows = pd.MultiIndex.from_frame(labels[_KEY]).get_indexer(at)
    if (lost := (rows < 0) | (label_rows < 0)).any():
        raise InputError(f"data/samples.parquet: {at[int(lost.argmax())]} of fold {fold} has no features or no label")
    return TrainingRows(
        X=features.drop(columns=_KEY).iloc[rows].reset_index(drop=True),
        y=labels["label"].to_numpy()[label_rows],
        weight=own["weight"].to_numpy(),
    )


def walk(
    model: Model,
    features: pd.DataFrame,
    labels: pd.DataFrame,
    samples: pd.DataFrame,
    folds: pd.DataFrame,
    *,
    name: str,
    seed: int,
) -> Iterator[pd.DataFrame]:
    """Fit and predict fold after fold.

    Parameters
    ----------
    model : Model
    features, labels, samples, folds : pandas.DataFrame
        The tables of these names.
    name : str
        The model's key, part of its seed.
    seed : int

    Yields
    ------
    pandas.DataFrame
        The predictions table, a fold with a test window at a time; every row of the window that has features is there.

    Raises
    ------
    InputError
        As :func:`training_rows`, and if a test window has no row.
    """
    tested = folds[folds["test_end"].notna()]
    for fold, start, end in zip(tested["fold"], tested["test_start"], tested["test_end"], strict=True):
        rows = training_rows(features, labels, samples, fold)
        fitted = _fit(model, rows, name=name, fold=fold, seed=seed)
        window = features[features["date"].between(start, end)]
        if window.empty:
            raise InputError(f"fold {fold}: no features between {start:%F} and {end:%F}")
        probabilities = fitted.predict_proba(window.drop(columns=_KEY))
        yield window[_KEY].assign(fold=fold, **dict(zip(PROBABILITIES, probabilities.T, strict=True)))


def final_model(model: Model, rows: TrainingRows, *, name: str, fold: int, seed: int) -> FittedModel:
    """Fit the model that goes into service on the rows of the last fold, which no test window follows."""
    return _fit(model, rows, name=name, fold=fold, seed=seed)


def _fit(model: Model, rows: TrainingRows, *, name: str, fold: int, seed: int) -> FittedModel:
    fitted = model.fit(rows.X, rows.y, rows.weight, seed=seed_for(seed, "train", name, fold))
    if not isinstance(fitted, FittedModel):
        kind = type(fitted).__name__
        raise InputError(f"models.{name}: fit gave a {kind}; end it in barograph.models.fit_classifier")
    return fitted
