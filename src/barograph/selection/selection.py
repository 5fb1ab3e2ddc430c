"""Selection: the contract of the ways to select, and the walk through the folds."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import numpy as np
import pandas as pd

from barograph.errors import InputError
from barograph.executors import Codec, ResultCache, run_recalling
from barograph.executors.executor import Input, Result, Task, Work
from barograph.folds import Fold
from barograph.models.contract.rows import TrainingRows, TrainingSet
from barograph.names import CLASSES, KEY
from barograph.randomness import seed_for


@dataclass(frozen=True)
class Past:
    """The data of a selection: labelled rows that had matured before the test window, drawn evenly and not resampled.

    `embargo` counts the trading days between the last exit of a training row and the first date of its test window.
    """

    rows: TrainingRows
    embargo: int
    seed: int


class Selection(Protocol):
    """A way to select features; any class with these two can be named in the config.

    Folds are selected side by side on threads: `select` keeps nothing in the object.
    """

    @property
    def rows(self) -> int:
        """How many rows of a fold's past it looks at; all of them where there are fewer."""

    def select(self, past: Past) -> pd.DataFrame:
        """Give `feature, kept, score, reason`, a row a column of the features and in their order."""


def select_features(
    selection: Selection,
    data: TrainingSet,
    folds: Sequence[Fold],
    *,
    embargo: int,
    seed: int,
    cache: ResultCache | None = None,
) -> Iterator[pd.DataFrame]:
    """Select each fold's features on the rows that had matured before it, and yield its part of the selection table.

    Of a cache, selections that were made before are read. Raises `InputError` if nothing has matured before a fold, or
    one class alone; if a label has no features; or if the selection keeps nothing or leaves a feature out of its
    answer.
    """
    # Whether a row is drawn depends on nothing but the row, so that folds look at much the same ones.
    lots = pd.util.hash_pandas_object(data.labels[KEY], index=False, hash_key=f"{seed_for(seed, 'select'):016d}")
    course = _Course(selection, data, lots, embargo, seed)
    found = run_recalling(_Threads(), cache, _SELECTIONS, _select, course, folds)
    for fold, part in zip(folds, found, strict=True):
        yield part.assign(fold=fold.number)


@dataclass(frozen=True)
class _Course:
    selection: Selection
    data: TrainingSet
    lots: pd.Series
    embargo: int
    seed: int

    def past(self, fold: Fold) -> Past:
        drawn = self.lots[self.data.matured(fold)].nsmallest(self.selection.rows).index.sort_values()
        rows = self.data.labelled(drawn.to_numpy())
        if self.selection.rows and np.unique(rows.y).size < 2:
            name = CLASSES[rows.y[0]]
            raise InputError(f"data/labels.parquet: every label known before {fold.cutoff} is {name}; two are needed")
        return Past(rows, self.embargo, seed_for(self.seed, "select", fold.number))


class _Threads:
    """An executor for work that mostly leaves the interpreter free, too short for the start of a process."""

    def run(self, work: Work[Input, Task, Result], shared: Input, tasks: Sequence[Task]) -> Iterator[Result]:
        from threadpoolctl import threadpool_limits

        # One thread per task, for the order of floating-point sums.
        with threadpool_limits(1), ThreadPoolExecutor() as threads:
            yield from threads.map(partial(work, shared), tasks)


def _select(course: _Course, fold: Fold) -> pd.DataFrame:
    found = course.selection.select(course.past(fold))
    if found["feature"].tolist() != course.data.names:
        raise InputError(f"selection: fold {fold.number} has an answer for other features than the table's")
    if not found["kept"].any():
        raise InputError(f"selection: keeps none of {len(found)} features in fold {fold.number}; one is needed")
    return found


def _inputs(course: _Course, fold: Fold) -> list[bytes]:
    past = course.past(fold)
    asked = (course.selection, past.embargo, past.seed, tuple(course.data.names))
    return [repr(asked).encode(), *past.rows.contents()]


def _encoded(found: pd.DataFrame) -> bytes:
    return json.dumps(found.to_dict("list")).encode()


def _decoded(content: bytes) -> pd.DataFrame:
    return pd.DataFrame(json.loads(content))


_SELECTIONS: Final = Codec(_inputs, _encoded, _decoded)
