"""Sitting the crisis exam: fit on everything but one event, and predict that event."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from barograph.dates import without_time_zones
from barograph.executors import Executor, ResultCache
from barograph.memory.schema import EXAM_SAMPLES
from barograph.models.contract.classifier import Model
from barograph.models.contract.rows import TrainingSet
from barograph.randomness import seed_for
from barograph.training.fitting import Fit, fit_cases, lay_out, predicted


@without_time_zones
def sit_exams(
    model: Model,
    data: TrainingSet,
    samples: pd.DataFrame,
    exams: pd.DataFrame,
    *,
    name: str,
    seed: int,
    selection: pd.DataFrame | None = None,
    executor: Executor | None = None,
    cache: ResultCache | None = None,
) -> Iterator[pd.DataFrame]:
    """Fit a model for every exam, and predict the event that it has not seen; arguments as in :func:`walk`.

    Yields the exam predictions table, exam by exam: every row from the first to the last date examined that has
    features, labelled or not. Of a selection, an exam uses the features that were kept by the fold in whose test window
    the event starts, since they were chosen before it. Replay plays no part: a memory of walk-forward mistakes contains
    those made in the event itself.

    Warnings
    --------
    Not causal in time: the model was also trained on dates after the event.
    """
    each: list[Any] = list(exams.itertuples())
    fits = []
    for exam in each:
        case = lay_out(
            data,
            samples[samples["exam"] == exam.exam],
            selection,
            place=f"exam {exam.exam}",
            table=EXAM_SAMPLES.path,
            fold=exam.fold,
            start=exam.start,
            end=exam.end,
        )
        fits.append(Fit(case, model, name, seed_for(seed, "exam", name, exam.exam)))
    outcomes = fit_cases(data.arrays, fits, executor=executor, cache=cache)
    for exam, fit, outcome in zip(each, fits, outcomes, strict=True):
        predictions = predicted(data, fit.case, outcome)
        yield predictions.assign(exam=exam.exam)[["exam", *predictions.columns]]
