"""Walking forward: fit on the samples of each fold, predict the window after them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import pandas as pd

from barograph.dates import without_time_zones
from barograph.executors import Executor, ResultCache
from barograph.memory.replay import ErrorReplay
from barograph.memory.schema import SAMPLES
from barograph.models.contract.classifier import Model
from barograph.models.contract.rows import TrainingSet
from barograph.models.contract.storage import StoredModel
from barograph.names import KEY
from barograph.randomness import seed_for
from barograph.training.fitting import Case, Fit, fit_cases, lay_out, predicted
from barograph.training.outcome import Outcome

Run: TypeAlias = Callable[[Sequence[Fit]], Iterator[Outcome]]


@dataclass(frozen=True)
class Step:
    """A fold of the walk: its case, and its parts of the tables of predictions and of importance.

    `importance` and `model` are None where they were not asked for. `shown` are the rows of the samples table behind
    the case, with the replayed ones; `replayed` is the fold's part of the replay table.
    """

    fold: int
    case: Case
    predictions: pd.DataFrame
    importance: pd.DataFrame | None
    model: StoredModel | None
    shown: pd.DataFrame
    replayed: pd.DataFrame


@without_time_zones
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
    in_full: bool = False,
    executor: Executor | None = None,
    cache: ResultCache | None = None,
) -> Iterator[Step]:
    """Fit and predict all folds.

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
        Shows each fold the model's errors in the folds before. The folds then run one after the other in this process.
    in_full : bool
        Whether each outcome contains the importance of features, and the last the stored model. The first model must be
        storable then.
    executor : Executor, optional
        Where the folds run; by default in this process.
    cache : ResultCache, optional
        Gives the outcomes that were computed before.

    Yields
    ------
    Step
        One per fold, in order. Every row of a test window that has features is predicted; the last step is the model
        that goes into service, fitted on the rows of the fold that no test window follows, and its predictions are
        empty.

    Raises
    ------
    InputError
        As :func:`lay_out` and :func:`fit_case`.
    """
    course = _Course(model, data, selection, name, seed, folds["fold"].tolist() if in_full else [])
    run = partial(fit_cases, data.arrays, cache=cache)
    if replay is None:
        yield from _at_once(course, samples, folds, partial(run, executor=executor))
    else:
        yield from _replaying(course, samples, folds, replay, run)


@dataclass(frozen=True)
class _Course:
    model: Model
    data: TrainingSet
    selection: pd.DataFrame | None
    name: str
    seed: int
    in_full: Sequence[int]

    def fit(self, fold: Any, shown: pd.DataFrame) -> Fit:
        number: int = fold.fold
        case = lay_out(
            self.data,
            shown,
            self.selection,
            place=f"fold {number}",
            table=SAMPLES.path,
            fold=number,
            start=fold.test_start,
            end=fold.test_end,
        )
        fit = Fit(case, self.model, self.name, seed_for(self.seed, "train", self.name, number))
        if not self.in_full:
            return fit
        importance_seed = seed_for(self.seed, "importance", self.name, number)
        first, last = number == self.in_full[0], number == self.in_full[-1]
        return replace(fit, importance_seed=importance_seed, checked=first, kept=last)

    def step(self, fold: int, fit: Fit, outcome: Outcome, shown: pd.DataFrame, replayed: pd.DataFrame) -> Step:
        predictions, importance = predicted(self.data, fit.case, outcome).assign(fold=fold), outcome.importance
        if importance is not None:
            importance = importance.assign(fold=fold)
        return Step(fold, fit.case, predictions, importance, outcome.model, shown, replayed.assign(fold=fold))

    def nothing(self) -> pd.DataFrame:
        return self.data.labels[[*KEY, "exit_date"]].head(0).assign(loss=0.0)


def _at_once(course: _Course, samples: pd.DataFrame, folds: pd.DataFrame, run: Run) -> Iterator[Step]:
    each: list[Any] = list(folds.itertuples())
    shown = [samples[samples["fold"] == fold.fold] for fold in each]
    fits = [course.fit(fold, rows) for fold, rows in zip(each, shown, strict=True)]
    for fold, fit, outcome, rows in zip(each, fits, run(fits), shown, strict=True):
        yield course.step(fold.fold, fit, outcome, rows, course.nothing())


def _replaying(
    course: _Course, samples: pd.DataFrame, folds: pd.DataFrame, replay: ErrorReplay, run: Run
) -> Iterator[Step]:
    losses: list[pd.DataFrame] = []
    each: Iterable[Any] = folds.itertuples()
    for fold in each:
        shown, replayed = samples[samples["fold"] == fold.fold], course.nothing()
        if losses:
            past = pd.concat(losses, ignore_index=True)
            shown, replayed = replay.show(shown, past, until=fold.train_end, test_start=fold.test_start)
        fit = course.fit(fold, shown)
        [outcome] = run([fit])
        step = course.step(fold.fold, fit, outcome, shown, replayed)
        losses.append(replay.losses(step.predictions))
        yield step
