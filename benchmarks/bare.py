"""The fits of the eight models as one would write them with their libraries: what Barograph is measured against.

Nothing here imports Barograph, which may settle how the libraries calculate before they start.
"""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

FIRST_SHARE = 0.7
EMBARGO = 5


@dataclass(frozen=True)
class Rows:
    """Rows to fit on: features (n, k) with NaN, classes, weights of mean one, and the first and last day of each."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    date: np.ndarray
    exit_date: np.ndarray

    @classmethod
    def read(cls, path: Path) -> "Rows":
        """Read the rows, all from one file."""
        with np.load(path) as arrays:
            return cls(**arrays)


Predict: TypeAlias = Callable[[np.ndarray], np.ndarray]
Params: TypeAlias = dict[str, Any]


def fit(name: str, rows: Rows, params: Params, seed: int) -> Predict:
    """Fit a model by its name, on one thread, and give the function that predicts."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return FITS[name](rows, params, seed)


def logistic_regression(rows: Rows, params: Params, seed: int) -> Predict:
    """Fit on normal scores."""
    from sklearn.linear_model import LogisticRegression

    return _on_ranks(rows, LogisticRegression(**params, random_state=seed), scale="normal").predict_proba


def svm(rows: Rows, params: Params, seed: int) -> Predict:
    """Fit on the earlier dates, calibrate on the later ones, and fit again on all."""
    from sklearn.linear_model import LogisticRegression

    days = np.unique(rows.date)
    start = round(FIRST_SHARE * days.size)
    past, later = rows.exit_date < days[start - EMBARGO], rows.date >= days[start]
    earlier = Rows(*(array[past] for array in vars(rows).values()))
    y, weight = rows.y[later], rows.weight[later]
    rehearsed = _machine(earlier, params, seed, rows.weight.sum() / earlier.weight.sum())
    margins = rehearsed.decision_function(rows.X[later])
    weight = weight * (np.bincount(rows.y, rows.weight) / np.bincount(y, weight))[y]
    link = LogisticRegression(max_iter=500)
    link.fit(margins, y, sample_weight=weight * y.size / weight.sum())
    machine = _machine(rows, params, seed)
    moved = np.average(margins, axis=0, weights=weight)
    moved -= np.average(machine.decision_function(rows.X), axis=0, weights=rows.weight)
    return lambda X: link.predict_proba(machine.decision_function(X) + moved)


def random_forest(rows: Rows, params: Params, seed: int) -> Predict:
    """Grow on one thread."""
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(**params, random_state=seed, n_jobs=1)
    return forest.fit(rows.X, rows.y, sample_weight=rows.weight).predict_proba


def extra_trees(rows: Rows, params: Params, seed: int) -> Predict:
    """Grow on one thread."""
    from sklearn.ensemble import ExtraTreesClassifier

    forest = ExtraTreesClassifier(**params, bootstrap="max_samples" in params, random_state=seed, n_jobs=1)
    return forest.fit(rows.X, rows.y, sample_weight=rows.weight).predict_proba


def gradient_boosting(rows: Rows, params: Params, seed: int) -> Predict:
    """Boost, with medians in the place of missing values."""
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    boosting = GradientBoostingClassifier(**params, random_state=seed)
    pipeline = make_pipeline(SimpleImputer(strategy="median"), boosting)
    return pipeline.fit(rows.X, rows.y, gradientboostingclassifier__sample_weight=rows.weight).predict_proba


def xgboost(rows: Rows, params: Params, seed: int) -> Predict:
    """Boost on one thread."""
    from xgboost import DMatrix, train

    rounds = params.pop("n_estimators")
    params |= {"objective": "multi:softprob", "num_class": 3, "seed": seed, "nthread": 1}
    return train(params, DMatrix(rows.X, rows.y, weight=rows.weight, nthread=1), rounds).inplace_predict


def lightgbm(rows: Rows, params: Params, seed: int) -> Predict:
    """Boost on one thread."""
    from lightgbm import Dataset, train

    rounds = params.pop("n_estimators")
    params |= {"objective": "multiclass", "num_class": 3, "seed": seed, "num_threads": 1, "verbosity": -1}
    return train(params, Dataset(rows.X, rows.y, weight=rows.weight), rounds).predict


def neural_network(rows: Rows, params: Params, seed: int) -> Predict:
    """Train by Keras' ``fit``, on one thread."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.config.set_floatx("float64")
    keras.utils.set_random_seed(seed)
    ranks = _on_ranks(rows, scale="uniform")
    layers = [keras.Input((rows.X.shape[1],))]
    dense = partial(keras.layers.Dense, kernel_regularizer=keras.regularizers.L2(params["l2"]))
    for _ in range(params["layers"]):
        layers += [dense(params["hidden_units"], "relu"), keras.layers.Dropout(params["dropout"])]
    network = keras.Sequential([*layers, dense(3, "softmax")])
    network.compile(keras.optimizers.Adam(params["learning_rate"]), "sparse_categorical_crossentropy")
    passes = {"epochs": params["epochs"], "batch_size": params["batch_size"], "verbose": 0}
    network.fit(ranks.transform(rows.X), rows.y, sample_weight=rows.weight, **passes)
    return lambda X: network.predict(ranks.transform(X), verbose=0)


def _machine(rows: Rows, params: Params, seed: int, losses: float = 1.0) -> Any:
    from sklearn.kernel_approximation import Nystroem
    from sklearn.svm import LinearSVC

    gamma, components = params["gamma"] / rows.X.shape[1], min(params["n_components"], len(rows.X))
    kernel = Nystroem(gamma=gamma, n_components=components, random_state=seed)
    return _on_ranks(rows, kernel, LinearSVC(C=params["C"] * losses, dual=False), scale="uniform")


def _on_ranks(rows: Rows, *steps: Any, scale: Literal["normal", "uniform"]) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer, StandardScaler

    ranks = QuantileTransformer(n_quantiles=100, output_distribution=scale, subsample=None)
    scaler = StandardScaler(with_std=scale == "normal")
    pipeline = make_pipeline(ranks, scaler, SimpleImputer(strategy="constant", fill_value=0.0), *steps)
    weighted = ["standardscaler", *list(pipeline.named_steps)[3:][-1:]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return pipeline.fit(rows.X, rows.y, **{f"{name}__sample_weight": rows.weight for name in weighted})


FITS: dict[str, Callable[[Rows, Params, int], Predict]] = {
    "logistic_regression": logistic_regression,
    "svm": svm,
    "random_forest": random_forest,
    "extra_trees": extra_trees,
    "gradient_boosting": gradient_boosting,
    "xgboost": xgboost,
    "lightgbm": lightgbm,
    "neural_network": neural_network,
}
DOUBLES = {"logistic_regression", "svm", "neural_network"}
