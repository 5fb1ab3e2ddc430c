"""Fit a model on the samples of a fold or an exam, and predict its window."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.executors import Codec, Executor, ResultCache, Serial, run_recalling
from barograph.models.contract.classifier import Model
from barograph.models.contract.rows import Arrays, TrainingRows, TrainingSet, fit_rows
from barograph.models.contract.storage import check_storable, stored
from barograph.names import PROBABILITIES
from barograph.selection.kept import kept_features
from barograph.training.importance import feature_importance
from barograph.training.outcome import Outcome
from barograph.typing import Floats, Rows


@dataclass(frozen=True)
class Case:
    """A fold or an exam, by row positions.

    Attributes
    ----------
    place : str
        Its name in messages, such as ``fold 3``.
    features : sequence of str
        Those that it fits and predicts with.
    shown : int array of shape (n,)
        The positions of the labels that it is fitted on.
    weight : float array of shape (n,)
    window : int array
        The positions of the features that it predicts.
    """

    place: str
    features: Sequence[str]
    shown: Rows
    weight: Floats
    window: Rows


@dataclass(frozen=True)
class Fit:
    """A model to be fitted to a case.

    Attributes
    ----------
    case : Case
    model : Model
    name : str
        The model's key.
    seed : int
    importance_seed : int or None
        Of the draws that measure the importance of features; None where it is not asked for.
    checked : bool
        Whether the model must be storable.
    kept : bool
        Whether its files are asked for.
    """

    case: Case
    model: Model
    name: str
    seed: int
    importance_seed: int | None = None
    checked: bool = False
    kept: bool = False

    def __str__(self) -> str:
        return f"{self.name}, {self.case.place}"


@without_time_zones
def lay_out(
    data: TrainingSet,
    samples: pd.DataFrame,
    selection: pd.DataFrame | None,
    *,
    place: str,
    table: str,
    fold: int,
    start: pd.Timestamp,
    end: pd.Timestamp,
) -> Case:
    """Find the rows of a fold or an exam: its samples, and every row from `start` to `end` that has features.

    `table` is the path of the samples' table, for errors, and `fold` the one that selects features; without a selection
    all are used. The end of an empty window is NaT. Raises `InputError` as :meth:`TrainingSet.positions` and
    :func:`kept_features`, and if no row of the window has features.
    """
    kept = data.names if selection is None else kept_features(selection, fold, data.names)
    shown = data.positions(samples, table=table, case=place)
    window = data.between(start, end)
    if not window.size and not pd.isna(end):
        raise InputError(f"{place}: no features between {start:%F} and {end:%F}")
    return Case(place, kept, shown, samples["weight"].to_numpy(np.float64), window)


def fit_cases(
    arrays: Arrays, fits: Sequence[Fit], *, executor: Executor | None = None, cache: ResultCache | None = None
) -> Iterator[Outcome]:
    """Run :func:`fit_case` for every fit, by default in this process, and give the outcomes in their order.

    Of a cache, outcomes that were computed before are read.
    """
    return run_recalling(executor or Serial(), cache, _OUTCOMES, fit_case, arrays, fits)


def fit_case(arrays: Arrays, fit: Fit) -> Outcome:
    """Fit a model to a case, predict its window, and do what else is asked for, on one thread.

    Raises `InputError` as :func:`fit_rows`, :func:`check_storable` and the model.
    """
    from threadpoolctl import threadpool_limits

    rows, window = _rows(arrays, fit.case)
    with threadpool_limits(1):
        fitted = fit_rows(fit.model, rows, name=fit.name, seed=fit.seed)
        if fit.checked:
            check_storable(fitted, fit.name)
        importance = None
        if fit.importance_seed is not None:
            importance = feature_importance(fitted, rows, seed=fit.importance_seed)
        model = stored(fitted, fit.name) if fit.kept else None
        return Outcome(fitted.predict_proba(window), importance, model)


def predicted(data: TrainingSet, case: Case, outcome: Outcome) -> pd.DataFrame:
    """Put an outcome's probabilities beside the keys of the window: ``symbol, date, p_sell, p_hold, p_buy``."""
    probabilities = dict(zip(PROBABILITIES, outcome.probabilities.T, strict=True))
    return data.keys.iloc[case.window].assign(**probabilities)


def _rows(arrays: Arrays, case: Case) -> tuple[TrainingRows, pd.DataFrame]:
    return arrays.labelled(case.shown, case.features, case.weight), arrays.take(case.window, case.features)


def _inputs(arrays: Arrays, fit: Fit) -> list[bytes]:
    rows, window = _rows(arrays, fit.case)
    asked = (fit.model, fit.name, fit.seed, fit.importance_seed, fit.checked, fit.kept, tuple(fit.case.features))
    return [repr(asked).encode(), *rows.contents(), np.ascontiguousarray(window).tobytes()]


_OUTCOMES: Final = Codec(_inputs, Outcome.to_bytes, Outcome.from_bytes)
