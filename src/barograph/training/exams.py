"""Sitting the crisis exam: fit on everything but one event, and predict that event."""

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from barograph.memory.schema import EXAM_SAMPLES
from barograph.models.contract.classifier import Model
from barograph.models.contract.rows import TrainingSet
from barograph.randomness import seed_for
from barograph.training.fitting import Case, fit_and_predict


def sit_exams(
    model: Model,
    data: TrainingSet,
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
    data : TrainingSet
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
        As :func:`fit_and_predict`.

    Warnings
    --------
    Not causal in time: the model was also trained on what came after.

    Notes
    -----
    Replay plays no part: a memory of walk-forward mistakes holds those made in the event itself.
    """
    each: Iterable[Any] = exams.itertuples()
    for exam in each:
        shown = samples[samples["exam"] == exam.exam]
        case = Case(f"exam {exam.exam}", EXAM_SAMPLES.path, exam.fold, shown, exam.start, exam.end)
        _, _, predictions = fit_and_predict(
            model, data, case, name=name, seed=seed_for(seed, "exam", name, exam.exam), selection=selection
        )
        yield predictions.assign(exam=exam.exam)[["exam", *predictions.columns]]
