"""Walking forward: fit on what each fold may know, predict what comes next."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pandas as pd

from barograph.errors import InputError
from barograph.models.contract.classifier import FittedModel, Model
from barograph.models.contract.rows import TrainingRows, fit_rows, training_rows
from barograph.names import KEY, PROBABILITIES
from barograph.randomness import seed_for
from barograph.selection import kept_features


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
    columns = features.columns.drop(KEY).tolist()
    nothing = labels[[*KEY, "exit_date"]].head(0).assign(loss=0.0)
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
        predictions = window[KEY].assign(fold=fold.fold, **dict(zip(PROBABILITIES, probabilities.T, strict=True)))
        if replay:
            losses.append(replay.losses(predictions))
        yield Step(fold.fold, rows, fitted, predictions, shown, replayed.assign(fold=fold.fold))
