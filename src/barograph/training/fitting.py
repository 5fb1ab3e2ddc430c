"""Fit a model on the samples of a fold or an exam, and predict its window."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from barograph.errors import InputError
from barograph.models.contract.classifier import FittedModel, Model
from barograph.models.contract.rows import TrainingRows, TrainingSet, fit_rows
from barograph.names import PROBABILITIES
from barograph.selection.kept import kept_features


@dataclass(frozen=True)
class Case:
    """A fold or an exam: its `name` and the path of its samples' table, for errors, and the fold that selects features.

    It predicts the window from `start` to `end`, both inclusive; the end of an empty one is NaT.
    """

    name: str
    table: str
    fold: int
    samples: pd.DataFrame
    start: pd.Timestamp
    end: pd.Timestamp


def fit_and_predict(
    model: Model, data: TrainingSet, case: Case, *, name: str, seed: int, selection: pd.DataFrame | None
) -> tuple[TrainingRows, FittedModel, pd.DataFrame]:
    """Fit a model on the samples of a fold or an exam, and predict every row of its window that has features.

    Without a selection it has all features. Predictions are ``symbol, date, p_sell, p_hold, p_buy``. Raises
    `InputError` as :meth:`TrainingSet.shown`, :func:`kept_features` and :func:`fit_rows`, and if no row of the window
    has features.
    """
    kept = data.names if selection is None else kept_features(selection, case.fold, data.names)
    rows = data.shown(case.samples, kept, table=case.table, case=case.name)
    fitted = fit_rows(model, rows, name=name, seed=seed)
    window = np.flatnonzero(data.keys["date"].between(case.start, case.end))
    if not window.size and not pd.isna(case.end):
        raise InputError(f"{case.name}: no features between {case.start:%F} and {case.end:%F}")
    probabilities = dict(zip(PROBABILITIES, fitted.predict_proba(data.take(window, kept)).T, strict=True))
    return rows, fitted, data.keys.iloc[window].assign(**probabilities)
