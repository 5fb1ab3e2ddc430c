"""What the forests share: their parameters, and growing with all threads but predicting with one."""

from typing import Annotated, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from barograph.models.contract.classifier import Estimator
from barograph.models.contract.settings import ModelParams
from barograph.typing import Floats, Ints


class ForestParams(ModelParams, total=False):
    """What may be set of every forest."""

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


def grown(forest: Forest, X: NDArray[np.float32], y: Ints, sample_weight: Floats) -> Estimator:
    """Grow a forest with all threads, and let it predict with one.

    What is grown does not depend on the number of threads; what it predicts would, as parallel sums vary in order.
    """
    return forest.set_params(n_jobs=-1).fit(X, y, sample_weight=sample_weight).set_params(n_jobs=1)
