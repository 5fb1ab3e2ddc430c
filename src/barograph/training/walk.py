"""Walking forward: fit on the samples of each fold, predict the window after them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from barograph.memory.replay import ErrorReplay
from barograph.memory.schema import SAMPLES
from barograph.models.contract.classifier import FittedModel, Model
from barograph.models.contract.rows import TrainingRows, TrainingSet
from barograph.names import KEY
from barograph.randomness import seed_for
from barograph.training.fitting import Case, fit_and_predict


@dataclass(frozen=True)
class Step:
    """A fold of the walk: the rows, the model fitted on them, and the predictions table of the test window.

    `shown` are the rows of the samples table behind `rows`, with the replayed ones; `replayed` is the fold's part of
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
    data: TrainingSet,
    samples: pd.DataFrame,
    folds: pd.DataFrame,
    *,
    name: str,
    seed: int,
    selection: pd.DataFrame | None = None,
    replay: ErrorReplay | None = None,
) -> Iterator[Step]:
    """Fit and predict fold after fold.

    Parameters
    ----------
    model : Model
    data : TrainingSet
    samples, folds : pandas.DataFrame
        The tables of these names.
    name : str
        The model's key, part of its seed.
    seed : int
    selection : pandas.DataFrame, optional
        The table of this name: each fold fits and predicts with the features that it keeps; by default with all.
    replay : ErrorReplay, optional
        Shows each fold the model's errors in the folds before.

    Yields
    ------
    Step
        One a fold, in order. Every row of a test window that has features is predicted; the last step is the model that
        goes into service, fitted on the rows of the fold that no test window follows, and its predictions are empty.

    Raises
    ------
    InputError
        As :func:`fit_and_predict`.
    """
    nothing = data.labels[[*KEY, "exit_date"]].head(0).assign(loss=0.0)
    losses: list[pd.DataFrame] = []
    each: Iterable[Any] = folds.itertuples()
    for fold in each:
        shown, replayed = samples[samples["fold"] == fold.fold], nothing
        if replay and losses:
            past = pd.concat(losses, ignore_index=True)
            shown, replayed = replay.show(shown, past, until=fold.train_end, test_start=fold.test_start)
        case = Case(f"fold {fold.fold}", SAMPLES.path, fold.fold, shown, fold.test_start, fold.test_end)
        rows, fitted, predictions = fit_and_predict(
            model, data, case, name=name, seed=seed_for(seed, "train", name, fold.fold), selection=selection
        )
        if replay:
            losses.append(replay.losses(predictions))
        predictions, replayed = (table.assign(fold=fold.fold) for table in (predictions, replayed))
        yield Step(fold.fold, rows, fitted, predictions, shown, replayed)
