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
    """Fit a model for every exam, and predict the event that it has not seen; arguments as in :func:`walk`.

    Yields the exam predictions table, an exam at a time: every row from the first to the last date examined that has
    features, labelled or not. Of a selection, an exam uses the features that were kept by the fold in whose test window
    the event starts, since they were chosen before it. Replay plays no part: a memory of walk-forward mistakes contains
    those made in the event itself.

    Warnings
    --------
    Not causal in time: the model was also trained on dates after the event.
    """
    each: Iterable[Any] = exams.itertuples()
    for exam in each:
        shown = samples[samples["exam"] == exam.exam]
        case = Case(f"exam {exam.exam}", EXAM_SAMPLES.path, exam.fold, shown, exam.start, exam.end)
        _, _, predictions = fit_and_predict(
            model, data, case, name=name, seed=seed_for(seed, "exam", name, exam.exam), selection=selection
        )
        yield predictions.assign(exam=exam.exam)[["exam", *predictions.columns]]
