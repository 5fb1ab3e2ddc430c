"""What the forests share: their parameters, and growing with all threads but predicting with one."""

from typing import Annotated, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from typing_extensions import TypedDict

from barograph.models.contract.classifier import Estimator, Fitting
from barograph.typing import STRICT, Floats, Ints


class ForestParams(TypedDict, total=False):
    """scikit-learn's parameters that may be set; what is absent keeps the library's default."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    n_estimators: Annotated[int, Field(ge=1)]
    criterion: Literal["gini", "entropy", "log_loss"]
    max_depth: Annotated[int, Field(ge=1)] | None
    min_samples_leaf: Annotated[int, Field(ge=1)]
    max_features: Annotated[float, Field(gt=0, le=1)] | Literal["sqrt", "log2"] | None


class Forest(Estimator, Protocol):
    """A forest of scikit-learn's."""

    def fit(self, X: NDArray[np.float32], y: Ints, sample_weight: Floats) -> Self:
        """Grow the trees."""

    def set_params(self, *, n_jobs: int) -> Self:
        """Choose the number of threads."""


def growing(forest: Forest) -> Fitting:
    """Give the fit that grows with all threads and leaves a forest that predicts with one.

    What is grown does not depend on the number of threads; what it predicts would, as parallel sums vary in order.
    """

    def grow(X: NDArray[np.float32], y: Ints, weights: Floats) -> Estimator:
        return forest.set_params(n_jobs=-1).fit(X, y, sample_weight=weights).set_params(n_jobs=1)

    return grow
