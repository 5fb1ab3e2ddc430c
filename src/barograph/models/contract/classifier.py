"""The contract of all models: checks before a fit, weights, classes that a fold has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.names import CLASSES
from barograph.typing import Floats, Floats32, Ints


class Estimator(Protocol):
    """Anything fitted that gives class probabilities."""

    def predict_proba(self, X: Floats32, /) -> Floats:
        """Give probabilities, shape (n, classes seen)."""


@runtime_checkable
class Gaining(Estimator, Protocol):
    """An estimator of trees that knows the gains of its splits."""

    def gains(self) -> Floats:
        """Give the decrease of the loss that splits on each feature brought, shape (k,)."""


class Fitting(Protocol):
    """A function that builds and fits an estimator."""

    def __call__(self, X: Floats32, y: Ints, sample_weight: Floats, /) -> Estimator:
        """Fit on features (n, k) with NaN, classes 0..c-1 and weights of mean one."""


class FittingInTime(Protocol):
    """The same for a model that splits its training rows by time."""

    def __call__(self, X: Floats32, y: Ints, sample_weight: Floats, lives: pd.DataFrame, /) -> Estimator:
        """Fit; `lives` has a row a sample, with the columns `date` and `exit_date`."""


@dataclass(frozen=True)
class FittedModel:
    """A fitted classifier that knows its features by name.

    `features` are the columns of the fit, in order; `classes` the labels seen in training, ascending: the others get
    probability zero.
    """

    estimator: Estimator
    features: tuple[str, ...]
    classes: tuple[int, ...]

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Give probabilities (n, 3) of sell, hold and buy, whose rows sum to one, from features (n, k) with NaN.

        Raises `InputError` if a feature is missing, unknown or out of order, or a value is infinite.
        """
        _check_names(tuple(X.columns), self.features)
        values = _finite_or_missing(X)
        probabilities = np.zeros((len(values), len(CLASSES)))
        if len(values):
            probabilities[:, list(self.classes)] = self.estimator.predict_proba(values)
        total: Floats = probabilities.sum(axis=1, keepdims=True)
        return probabilities / total


class Model(Protocol):
    """Settings of a classifier; any class with this method can be named in a model's config.

    A model that splits its training rows by time, say to calibrate itself, takes a further keyword `lives`: a frame
    with a row a sample and the columns `date` and `exit_date`.
    """

    def fit(
        self, X: pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None, *, seed: int = 0
    ) -> FittedModel:
        """Fit on features (n, k), labels (n,) and weights (n,)."""


@without_time_zones
def fit_classifier(
    fit: Fitting | FittingInTime,
    X: pd.DataFrame,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    lives: pd.DataFrame | None = None,
) -> FittedModel:
    """Check the input, bring weights to mean one and classes to 0..c-1, and fit.

    Parameters
    ----------
    fit : callable
        Builds and fits the estimator; see :class:`Fitting`, and :class:`FittingInTime` where `lives` is given.
    X : pandas.DataFrame of shape (n, k)
        Features; NaN is a missing value.
    y : int array of shape (n,)
        Labels: 0 sell, 1 hold, 2 buy.
    sample_weight : array of shape (n,), optional
        Not negative; rows of weight zero are left out. Only ratios matter: weights are brought to mean one, else they
        would change what a penalty or a minimum leaf weight means.
    lives : pandas.DataFrame, optional
        Columns `date` and `exit_date`, one row a sample, handed on to `fit` without the rows of weight zero.

    Raises
    ------
    InputError
        If a value is infinite, a label or weight is not allowed, or fewer than two classes have weight.
    """
    values, labels = _finite_or_missing(X), np.asarray(y)
    weights = np.ones(len(values)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    if labels.shape != (len(values),) or weights.shape != labels.shape:
        raise InputError(f"fit: {len(values)} rows, but labels {labels.shape} and weights {weights.shape}")
    if not np.isin(labels, range(len(CLASSES))).all():
        raise InputError(f"y: labels {sorted(set(labels.tolist()))}; allowed are 0 (sell), 1 (hold) and 2 (buy)")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise InputError("sample_weight: every weight must be finite and not negative")
    shown = weights > 0
    classes, encoded = np.unique(labels[shown], return_inverse=True)
    if classes.size < 2:
        raise InputError(f"y: only the classes {classes.tolist()} have weight; a classifier needs at least two")
    in_time = () if lives is None else (lives[shown].reset_index(drop=True),)
    estimator = fit(values[shown], encoded.astype(np.int64), weights[shown] / weights[shown].mean(), *in_time)
    return FittedModel(estimator, tuple(X.columns), tuple(classes.tolist()))


def _finite_or_missing(X: pd.DataFrame) -> Floats32:
    values = X.to_numpy(np.float32)
    infinite = np.isinf(values)
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        raise InputError(f"feature {X.columns[column]}: row {row} is infinite; values must be finite or NaN")
    return values


def _check_names(found: Sequence[str], expected: Sequence[str]) -> None:
    if tuple(found) == tuple(expected):
        return
    missing = [name for name in expected if name not in found]
    unknown = [name for name in found if name not in expected]
    problem = f"missing {missing[:5]}, unknown {unknown[:5]}" if missing or unknown else "the same in another order"
    raise InputError(f"features: {problem}; the model was fitted on {len(expected)} features and needs them in order")
