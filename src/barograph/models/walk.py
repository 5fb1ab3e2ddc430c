"""Walking forward: fit on what each fold may know, predict what comes next."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any, Protocol

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
    """A fold's training set: features (n, k), labels (n,), weights (n,), and `date` and `exit_date` of each row."""

    X: pd.DataFrame
    y: NDArray[np.int8]
    weight: NDArray[np.float64]
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
    at = pd.MultiIndex.from_frame(own[_KEY])
    rows = pd.MultiIndex.from_frame(features[_KEY]).get_indexer(at)
    label_rows = pd.MultiIndex.from_frame(labels[_KEY]).get_indexer(at)
    if (lost := (rows < 0) | (label_rows < 0)).any():
        raise InputError(f"data/samples.parquet: {at[int(lost.argmax())]} of fold {fold} has no features or no label")
    return TrainingRows(
        X=features.drop(columns=_KEY).iloc[rows].reset_index(drop=True),
        y=labels["label"].to_numpy()[label_rows],
        weight=own["weight"].to_numpy(),
        lives=labels[["date", "exit_date"]].iloc[label_rows].reset_index(drop=True),
    )


def kept_features(selection: pd.DataFrame, fold: int, columns: Iterable[str]) -> list[str]:
    """Look up which features a fold keeps.

    Parameters
    ----------
    selection : pandas.DataFrame
        The table of this name.
    fold : int
    columns : iterable of str
        The features of the features table.

    Returns
    -------
    list of str
        In the order of the columns.

    Raises
    ------
    InputError
        If nothing was selected for the fold, or among other features.
    """
    own, names = selection[selection["fold"] == fold], list(columns)
    if set(own["feature"]) != set(names):
        raise InputError(
            f"data/selection.parquet: fold {fold} was selected from {len(own)} features, which are not the "
            f"{len(names)} of data/features.parquet; run the select stage"
        )
    kept = set(own.loc[own["kept"], "feature"])
    return [name for name in names if name in kept]


class Replaying(Protocol):
    """What shows a fold again what the model got wrong before."""

    def losses(self, predictions: pd.DataFrame, /) -> pd.DataFrame:
        """Judge a fold's predictions."""

    def show(
        self, shown: pd.DataFrame, losses: pd.DataFrame, /, *, until: pd.Timestamp, test_start: pd.Timestamp
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Give the training rows with what is replayed, and what is: ``symbol, date, loss, exit_date``."""


@dataclass(frozen=True)
class Step:
    """One fold of the walk: what was fitted on what, and the predictions table of the test window.

    `shown` are the rows of the samples table behind `rows`, with what was replayed; `replayed` is the fold's part of
    the replay table.
    """

    fold: int
    rows: TrainingRows
    fitted: FittedModel
    predictions: pd.DataFrame
    shown: pd.DataFrame
    replayed: pd.DataFrame


def walk(
    model: Model,
    features: pd.DataFrame,
    labels: pd.DataFrame,
    samples: pd.DataFrame,
    folds: pd.DataFrame,
    *,
    name: str,
    seed: int,
    selection: pd.DataFrame | None = None,
    replay: Replaying | None = None,
) -> Iterator[Step]:
    """Fit and predict fold after fold.

    Parameters
    ----------
    model : Model
    features, labels, samples, folds : pandas.DataFrame
        The tables of these names.
    name : str
        The model's key, part of its seed.
    seed : int
    selection : pandas.DataFrame, optional
        The table of this name: each fold fits and predicts with the features that it keeps; by default with all.
    replay : Replaying, optional
        Shows each fold what the model got wrong in the folds before, as :class:`barograph.memory.ErrorReplay` does.

    Yields
    ------
    Step
        One a fold, in order. Every row of a test window that has features is predicted; the last step is the model that
        goes into service, fitted on the rows of the fold that no test window follows, and its predictions are empty.

    Raises
    ------
    InputError
        As :func:`training_rows`, :func:`kept_features` and :func:`fit_rows`, and if a test window has no row.
    """
    columns = features.columns.drop(_KEY).tolist()
    nothing = labels[[*_KEY, "exit_date"]].head(0).assign(loss=0.0)
    losses: list[pd.DataFrame] = []
    each: Iterable[Any] = folds.itertuples()
    for fold in each:
        kept = columns if selection is None else kept_features(selection, fold.fold, columns)
        shown, replayed = samples[samples["fold"] == fold.fold], nothing
        if replay and losses:
            past = pd.concat(losses, ignore_index=True)
            shown, replayed = replay.show(shown, past, until=fold.train_end, test_start=fold.test_start)
        everything = training_rows(features, labels, shown, fold.fold)
        rows = replace(everything, X=everything.X[kept])
        fitted = fit_rows(model, rows, name=name, seed=seed_for(seed, "train", name, fold.fold))
        window = features[features["date"].between(fold.test_start, fold.test_end)]
        if window.empty and not pd.isna(fold.test_end):
            raise InputError(f"fold {fold.fold}: no features between {fold.test_start:%F} and {fold.test_end:%F}")
        probabilities = fitted.predict_proba(window[kept])
        predictions = window[_KEY].assign(fold=fold.fold, **dict(zip(PROBABILITIES, probabilities.T, strict=True)))
        if replay:
            losses.append(replay.losses(predictions))
        yield Step(fold.fold, rows, fitted, predictions, shown, replayed.assign(fold=fold.fold))


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
