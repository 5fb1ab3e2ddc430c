"""Sitting the crisis exam: fit on everything but one event, and predict that event."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from barograph.errors import InputError
from barograph.models.contract.classifier import Model
from barograph.models.contract.rows import fit_rows, training_rows
from barograph.names import KEY, PROBABILITIES
from barograph.randomness import seed_for
from barograph.selection.kept import kept_features


def sit_exams(
    model: Model,
    features: pd.DataFrame,
    labels: pd.DataFrame,
    samples: pd.DataFrame,
    exams: pd.DataFrame,
    *,
    name: str,
    seed: int,
    selection: pd.DataFrame | None = None,
) -> Iterator[pd.DataFrame]:
    """Fit a model for every exam, and predict the event that it has not seen.

    Parameters
    ----------
    model : Model
    features, labels : pandas.DataFrame
        The tables of these names.
    samples, exams : pandas.DataFrame
        The exam samples and the exams table.
    name : str
        The model's key, part of its seed.
    seed : int
    selection : pandas.DataFrame, optional
        The table of this name: an exam uses the features that were kept by the fold in whose test window the event
        starts, since they were chosen before it; by default all.

    Yields
    ------
    pandas.DataFrame
        The exam predictions table, an exam at a time: every row from the first to the last date examined that has
        features, labelled or not.

    Raises
    ------
    InputError
        As :func:`training_rows`, :func:`kept_features` and :func:`fit_rows`, and if no row of an event has features.

    Warnings
    --------
    Not causal in time: the model was also trained on what came after.

    Notes
    -----
    Replay plays no part: a memory of walk-forward mistakes holds those made in the event itself.
    """
    columns = features.columns.drop(KEY).tolist()
    each: Iterable[Any] = exams.itertuples()
    for exam in each:
        kept = columns if selection is None else kept_features(selection, exam.fold, columns)
        own = samples[samples["exam"] == exam.exam].assign(fold=exam.fold)
        rows = training_rows(features, labels, own, exam.fold)
        fitted = fit_rows(model, replace(rows, X=rows.X[kept]), name=name, seed=seed_for(seed, "exam", name, exam.exam))
        asked = features[features["date"].between(exam.start, exam.end)]
        if asked.empty:
            raise InputError(f"exam {exam.exam}: no features between {exam.start:%F} and {exam.end:%F}")
        answers = dict(zip(PROBABILITIES, fitted.predict_proba(asked[kept]).T, strict=True))
        yield asked[KEY].assign(exam=exam.exam, **answers)[["exam", *KEY, *PROBABILITIES]]
