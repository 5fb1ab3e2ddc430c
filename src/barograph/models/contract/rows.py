"""The rows that a model is fitted on, and the fit itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.folds import Fold
from barograph.models.contract.classifier import FittedModel, Model
from barograph.names import KEY
from barograph.typing import Dates, Floats, Floats32, Labels, Rows


@dataclass(frozen=True)
class TrainingRows:
    """The rows of a fit: features (n, k), labels (n,), weights (n,), and `date` and `exit_date` of each row."""

    X: pd.DataFrame
    y: Labels
    weight: Floats
    lives: pd.DataFrame

    def part(self, positions: Rows) -> "TrainingRows":
        """Give some of the rows."""
        return TrainingRows(
            X=self.X.iloc[positions].reset_index(drop=True),
            y=self.y[positions],
            weight=self.weight[positions],
            lives=self.lives.iloc[positions].reset_index(drop=True),
        )

    def contents(self) -> list[bytes]:
        """Give the bytes of all values."""
        lives = self.lives.astype("int64").to_numpy()
        return [np.ascontiguousarray(part).tobytes() for part in (self.X, self.y, self.weight, lives)]


@dataclass(frozen=True)
class Arrays:
    """Features and labels as plain arrays, which processes share; rows are referred to by position.

    Attributes
    ----------
    names : tuple of str
        The features.
    values : float32 array of shape (k, n)
        Their values, feature by feature.
    label : int8 array of shape (m,)
    feature_row : int array of shape (m,)
        The row of the features of each label, -1 where there is none.
    date, exit_date : datetime64 arrays of shape (m,)
        When each label's life begins and ends.
    """

    names: tuple[str, ...]
    values: Floats32
    label: Labels
    feature_row: Rows
    date: Dates
    exit_date: Dates

    def take(self, rows: Rows, names: Sequence[str]) -> pd.DataFrame:
        """Give some rows of the features by position."""
        columns = pd.Index(self.names).get_indexer(pd.Index(list(names)))
        return pd.DataFrame(self.values[np.ix_(columns, rows)].T, columns=list(names), copy=False)

    def labelled(self, positions: Rows, names: Sequence[str], weight: Floats) -> TrainingRows:
        """Put labels, by position, beside their features."""
        return TrainingRows(
            X=self.take(self.feature_row[positions], names),
            y=self.label[positions],
            weight=weight,
            lives=pd.DataFrame({"date": self.date[positions], "exit_date": self.exit_date[positions]}),
        )


class TrainingSet:
    """The tables of features and labels, laid out once; folds, exams, selections and searches take rows by position.

    `names` are the features, `keys` symbol and date of every row of theirs, `labels` the labels, indexed by position,
    and `arrays` the contents.
    """

    @without_time_zones
    def __init__(self, features: pd.DataFrame, labels: pd.DataFrame) -> None:
        self.names = features.columns.drop(KEY).tolist()
        self.keys = features[KEY]
        self.labels = labels.reset_index(drop=True)
        self._labelled = pd.MultiIndex.from_frame(labels[KEY])
        self.arrays = Arrays(
            tuple(self.names),
            features.drop(columns=KEY).to_numpy(np.float32).T,
            labels["label"].to_numpy(np.int8),
            pd.MultiIndex.from_frame(self.keys).get_indexer(self._labelled),
            *(labels[name].to_numpy() for name in ("date", "exit_date")),
        )

    def matured(self, fold: Fold) -> Rows:
        """Give the positions of the labels that are known early enough for a fold; `InputError` if there is none."""
        known = np.flatnonzero(fold.matured(self.labels["exit_date"].to_numpy("datetime64[D]")))
        if not known.size:
            raise InputError(f"data/labels.parquet: no label is known before {fold.cutoff}; more history is needed")
        return known

    def labelled(self, positions: Rows, names: Sequence[str] | None = None) -> TrainingRows:
        """Put labels, by position, beside their features, weighted by uniqueness; `InputError` if one has none."""
        if (lost := self.arrays.feature_row[positions] < 0).any():
            key = self._labelled[positions[int(lost.argmax())]]
            raise InputError(f"data/features.parquet: {key} has a label but no features")
        weight = self.labels["uniqueness"].to_numpy()[positions]
        return self.arrays.labelled(positions, self.names if names is None else names, weight)

    @without_time_zones
    def positions(self, samples: pd.DataFrame, *, table: str, case: str) -> Rows:
        """Look up the labels of samples; `InputError`, with `table` and `case`, if one lacks its row."""
        at = pd.MultiIndex.from_frame(samples[KEY])
        positions = self._labelled.get_indexer(at)
        if (lost := (positions < 0) | (self.arrays.feature_row[positions] < 0)).any():
            raise InputError(f"{table}: {at[int(lost.argmax())]} of {case} has no features or no label")
        return positions

    @without_time_zones
    def between(self, start: pd.Timestamp, end: pd.Timestamp) -> Rows:
        """Give the positions of the features from one date to another, both inclusive."""
        return np.flatnonzero(self.keys["date"].between(start, end))


def fit_rows(model: Model, rows: TrainingRows, *, name: str, seed: int) -> FittedModel:
    """Fit a model on training rows, with their lives if it splits them by time.

    Raises `InputError` if the model's `fit` gives something else than a :class:`FittedModel`.
    """
    in_time = {"lives": rows.lives} if "lives" in signature(model.fit).parameters else {}
    fitted = model.fit(rows.X, rows.y, rows.weight, seed=seed, **in_time)
    if not isinstance(fitted, FittedModel):
        kind = type(fitted).__name__
        raise InputError(f"models.{name}: fit gave a {kind}; end it in barograph.models.fit_classifier")
    return fitted
