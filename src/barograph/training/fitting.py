"""Fit a model on what a fold or an exam is shown, and predict its window."""

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
    """A fold or an exam.

    Attributes
    ----------
    name, table : str
        As errors name it, and the path of the table that holds its samples.
    fold : int
        Whose selection of features it uses.
    samples : pandas.DataFrame
        Its rows of that table.
    start, end : pandas.Timestamp
        The window that it predicts, both inclusive; the end of an empty one is NaT.
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
    """Fit a model on what a fold or an exam is shown, and predict every row of its window that has features.

    Parameters
    ----------
    model : Model
    data : TrainingSet
    case : Case
    name : str
        The model's key, for errors.
    seed : int
        Of the fit.
    selection : pandas.DataFrame or None
        The table of this name; None for all features.

    Returns
    -------
    rows : TrainingRows
    fitted : FittedModel
    predictions : pandas.DataFrame
        ``symbol, date, p_sell, p_hold, p_buy``.

    Raises
    ------
    InputError
        As :meth:`TrainingSet.shown`, :func:`kept_features` and :func:`fit_rows`, and if no row of the window has
        features.
    """
    kept = data.names if selection is None else kept_features(selection, case.fold, data.names)
    rows = data.shown(case.samples, kept, table=case.table, case=case.name)
    fitted = fit_rows(model, rows, name=name, seed=seed)
    window = np.flatnonzero(data.keys["date"].between(case.start, case.end))
    if not window.size and not pd.isna(case.end):
        raise InputError(f"{case.name}: no features between {case.start:%F} and {case.end:%F}")
    probabilities = dict(zip(PROBABILITIES, fitted.predict_proba(data.take(window, kept)).T, strict=True))
    return rows, fitted, data.keys.iloc[window].assign(**probabilities)
