"""The rows that a model is fitted on, and the fit itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature

import numpy as np
import pandas as pd

from barograph.errors import InputError
from barograph.folds import Fold
from barograph.models.contract.classifier import FittedModel, Model
from barograph.names import KEY
from barograph.typing import Floats, Labels, Rows


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


class TrainingSet:
    """The tables of features and labels, laid out once; folds, exams, selections and searches take rows by position.

    `names` are the features, `keys` symbol and date of every row of theirs, `labels` the labels, indexed by position.
    """

    def __init__(self, features: pd.DataFrame, labels: pd.DataFrame) -> None:
        self.names = features.columns.drop(KEY).tolist()
        self.keys = features[KEY]
        self.labels = labels.reset_index(drop=True)
        self._values = features.drop(columns=KEY).to_numpy(np.float32).T
        self._labelled = pd.MultiIndex.from_frame(labels[KEY])
        self._feature_row = pd.MultiIndex.from_frame(self.keys).get_indexer(self._labelled)

    def take(self, rows: Rows, names: Sequence[str] | None = None) -> pd.DataFrame:
        """Give some rows of the features by position, by default with every feature."""
        chosen = self.names if names is None else list(names)
        columns = pd.Index(self.names).get_indexer(pd.Index(chosen))
        return pd.DataFrame(self._values[np.ix_(columns, rows)].T, columns=chosen, copy=False)

    def matured(self, fold: Fold) -> Rows:
        """Give the positions of the labels that are known early enough for a fold; `InputError` if there is none."""
        known = np.flatnonzero(fold.matured(self.labels["exit_date"].to_numpy("datetime64[D]")))
        if not known.size:
            raise InputError(f"data/labels.parquet: no label is known before {fold.cutoff}; more history is needed")
        return known

    def labelled(self, positions: Rows, names: Sequence[str] | None = None) -> TrainingRows:
        """Put labels, by position, beside their features, weighted by uniqueness; `InputError` if one has none."""
        if (lost := self._feature_row[positions] < 0).any():
            key = self._labelled[positions[int(lost.argmax())]]
            raise InputError(f"data/features.parquet: {key} has a label but no features")
        return self._rows(positions, names, self.labels["uniqueness"].to_numpy()[positions])

    def shown(self, samples: pd.DataFrame, names: Sequence[str], *, table: str, case: str) -> TrainingRows:
        """Look up the samples of a fold or an exam; `InputError`, with `table` and `case`, if one lacks its row."""
        at = pd.MultiIndex.from_frame(samples[KEY])
        positions = self._labelled.get_indexer(at)
        if (lost := (positions < 0) | (self._feature_row[positions] < 0)).any():
            raise InputError(f"{table}: {at[int(lost.argmax())]} of {case} has no features or no label")
        return self._rows(positions, names, samples["weight"].to_numpy())

    def _rows(self, positions: Rows, names: Sequence[str] | None, weight: Floats) -> TrainingRows:
        return TrainingRows(
            X=self.take(self._feature_row[positions], names),
            y=self.labels["label"].to_numpy()[positions],
            weight=weight,
            lives=self.labels[["date", "exit_date"]].iloc[positions].reset_index(drop=True),
        )


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
