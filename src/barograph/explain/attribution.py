"""Attributions of every kind of estimator, in the same form: a share of the output for each feature and class."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.explain import integrated, trees
from barograph.explain.permutation import permutation_shapley
from barograph.models import FittedModel
from barograph.names import CLASSES
from barograph.typing import Floats

PROBABILITY: Final = "probability"
LOG_RATIO: Final = "log probability minus its mean over the classes"
_SMALLEST: Final = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class Attribution:
    r"""The share of each feature in each class's output.

    The output is either the probability :math:`p_c` or the centred log-ratio

    .. math:: \log p_c - \frac{1}{C} \sum_d \log p_d

    over the C classes seen in training: the margin before a softmax, without the part that is common to all classes and
    changes no probability. Of two classes each has half the log-odds. A class that training has not seen has zeros.

    `phi` has shape (n, k, 3): rows, features, classes (sell, hold, buy). `base` (3,) is the output where no feature is
    known, to which the shares are added. `output` (n, 3) is the model's. `method` and `unit` are in words.
    """

    phi: Floats
    base: Floats
    output: Floats
    method: str
    unit: str

    @property
    def largest_error(self) -> float:
        """The largest deviation, over rows and classes, of base plus shares from the output."""
        return float(np.abs(self.base + self.phi.sum(axis=1) - self.output).max())


@dataclass(frozen=True)
class _Method:
    """A method: `shares(estimator, X, seed)` gives phi (n, k, c) and base (c,); of two classes c may be 1 margin."""

    name: str
    unit: str
    shares: Callable[[Any, NDArray[np.float32], int], tuple[Floats, Floats]]


_TREES, _GRADIENTS = "TreeSHAP, path-dependent", "integrated gradients from the mean rank"
_FOREST = _Method(_TREES, PROBABILITY, lambda forest, X, _: trees.forest(forest, X))
# By the steps of a pipeline, or the estimator alone. No entry has a step that mixes features; a step that adds or drops
# features shows in their number.
_METHODS: Final = {
    ("barograph.BoosterClassifier",): _Method(_TREES, LOG_RATIO, lambda model, X, _: trees.lightgbm(model.booster, X)),
    ("barograph.XGBoostClassifier",): _Method(_TREES, LOG_RATIO, lambda model, X, _: trees.xgboost(model.booster, X)),
    ("sklearn.RandomForestClassifier",): _FOREST,
    ("sklearn.ExtraTreesClassifier",): _FOREST,
    ("sklearn.SimpleImputer", "sklearn.GradientBoostingClassifier"): _Method(
        _TREES, LOG_RATIO, lambda pipeline, X, _: trees.gradient_boosting(pipeline[-1], pipeline[:-1].transform(X))
    ),
    (
        "sklearn.QuantileTransformer",
        "sklearn.StandardScaler",
        "sklearn.SimpleImputer",
        "sklearn.LogisticRegression",
    ): _Method("linear SHAP of the ranks", LOG_RATIO, lambda pipeline, X, _: integrated.line(pipeline, X)),
    ("barograph.MarginClassifier",): _Method(
        _GRADIENTS, LOG_RATIO, lambda model, X, _: integrated.kernel(model.margins, model.link, X)
    ),
    ("barograph.NetworkClassifier",): _Method(
        _GRADIENTS, LOG_RATIO, lambda model, X, _: integrated.network(model.ranks, model.network, X)
    ),
}
_ANY: Final = _Method(
    "permutation Shapley values against the median row",
    PROBABILITY,
    lambda estimator, X, seed: permutation_shapley(estimator.predict_proba, X, _median_row(X), seed),
)


def attribute(model: FittedModel, X: pd.DataFrame, seed: int) -> Attribution:
    """Attribute a model's outputs to its features.

    Exact Shapley values for trees (their margins, or a forest's probabilities) and for a linear model; integrated
    gradients for a network and a support vector machine, which like the linear model are explained in the space of
    ranks, against the training rows' mean; for any other estimator, a sample of Shapley values against the median row,
    which alone depend on the seed. Each of the transforms before a margin takes a single feature, so that shares belong
    to features. `X` has at least one row; NaN is allowed, and features other than those of the fit raise
    :class:`~barograph.errors.InputError`.
    """
    probabilities = model.predict_proba(X)[:, model.classes]
    method = _method(model.estimator, X.shape[1])
    shares, base = method.shares(model.estimator, X.to_numpy(np.float32), seed)
    if method.unit == LOG_RATIO:
        shares, base = (_centred(_two_sided(part)) for part in (shares, base))
        output = _centred(np.log(np.maximum(probabilities, _SMALLEST)))
    else:
        output = probabilities
    seen = list(model.classes)
    return Attribution(_placed(shares, seen), _placed(base, seen), _placed(output, seen), method.name, method.unit)


def _method(estimator: Any, features: int) -> _Method:
    steps = [step for _, step in estimator.steps] if hasattr(estimator, "steps") else [estimator]
    if getattr(steps[-1], "n_features_in_", features) != features:
        return _ANY
    return _METHODS.get(
        tuple(f"{type(step).__module__.partition('.')[0]}.{type(step).__name__}" for step in steps), _ANY
    )


def _median_row(X: NDArray[np.float32]) -> NDArray[np.float32]:
    reference = np.full(X.shape[1], np.nan, np.float32)
    known = ~np.isnan(X).all(axis=0)
    reference[known] = np.nanmedian(X[:, known], axis=0)
    return reference


def _two_sided(part: Floats) -> Floats:
    """Give the first of two classes a margin of zero, where only the second's was fitted."""
    return np.concatenate([np.zeros_like(part), part], axis=-1) if part.shape[-1] == 1 else part


def _centred(part: Floats) -> Floats:
    centred: Floats = part - part.mean(axis=-1, keepdims=True)
    return centred


def _placed(part: Floats, classes: list[int]) -> Floats:
    placed = np.zeros((*part.shape[:-1], len(CLASSES)))
    placed[..., classes] = part
    return placed
