"""Selection: the contract of the ways to select, and the walk through the folds."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import pandas as pd

from barograph.errors import InputError
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
    """A way to select features; any class with these two can be named in the config."""

    @property
    def rows(self) -> int:
        """How many rows of a fold's past it looks at; all of them where there are fewer."""

    def select(self, past: Past) -> pd.DataFrame:
        """Give `feature, kept, score, reason`, a row a column of the features and in their order."""


def select_features(
    selection: Selection, data: TrainingSet, folds: Sequence[Fold], *, embargo: int, seed: int
) -> Iterator[pd.DataFrame]:
    """Select each fold's features on the rows that had matured before it, and yield its part of the selection table.

    Raises `InputError` if nothing has matured before a fold, or one class alone; if a label has no features; or if the
    selection keeps nothing or leaves a feature out of its answer.
    """
    from threadpoolctl import threadpool_limits

    # Whether a row is drawn depends on nothing but the row, so that folds look at much the same ones.
    lots = pd.util.hash_pandas_object(data.labels[KEY], index=False, hash_key=f"{seed_for(seed, 'select'):016d}")
    select = partial(_select, selection, data, lots, embargo, seed)
    # One thread per fold, for the order of floating-point sums.
    with threadpool_limits(1), ThreadPoolExecutor() as threads:
        yield from threads.map(select, folds)


def _select(
    selection: Selection, data: TrainingSet, lots: pd.Series, embargo: int, seed: int, fold: Fold
) -> pd.DataFrame:
    drawn = lots[data.matured(fold)].nsmallest(selection.rows).index.sort_values()
    rows = data.labelled(drawn.to_numpy())
    if selection.rows and np.unique(rows.y).size < 2:
        name = CLASSES[rows.y[0]]
        raise InputError(f"data/labels.parquet: every label known before {fold.cutoff} is {name}; two are needed")
    found = selection.select(Past(rows, embargo, seed_for(seed, "select", fold.number)))
    if found["feature"].tolist() != data.names:
        raise InputError(f"selection: fold {fold.number} has an answer for other features than the table's")
    if not found["kept"].any():
        raise InputError(f"selection: keeps none of {len(found)} features in fold {fold.number}; one is needed")
    return found.assign(fold=fold.number)
