"""A random forest by scikit-learn."""

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.models.classifier import Estimator, FittedModel, Floats, fit_classifier


class ForestParams(TypedDict, total=False):
    """scikit-learn's parameters that may be set; what is absent keeps the library's default."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")  # type: ignore[misc]

    n_estimators: Annotated[int, Field(ge=1)]
    criterion: Literal["gini", "entropy", "log_loss"]
    max_depth: Annotated[int, Field(ge=1)] | None
    min_samples_leaf: Annotated[int, Field(ge=1)]
    max_features: Annotated[float, Field(gt=0, le=1)] | Literal["sqrt", "log2"] | None
    max_samples: Annotated[float, Field(gt=0, le=1)] | None


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid"))
class RandomForest:
    """A random forest; missing values are split on natively.

    Parameters
    ----------
    params : ForestParams
    """

    params: ForestParams

    def fit(
        self, X: pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None, *, seed: int = 0
    ) -> FittedModel:
        """Fit with all threads and leave a forest that predicts with one: parallel sums would vary in order."""
        from sklearn.ensemble import RandomForestClassifier

        def grow(values: NDArray[np.float32], classes: NDArray[np.int64], weights: Floats) -> Estimator:
            forest = RandomForestClassifier(**self.params, n_jobs=-1, random_state=seed)
            forest.fit(values, classes, sample_weight=weights)
            fitted: Estimator = forest.set_params(n_jobs=1)
            return fitted

        return fit_classifier(grow, X, y, sample_weight)
