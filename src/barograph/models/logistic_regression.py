"""Multinomial logistic regression by scikit-learn."""

from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.models.contract.classifier import Estimator, FittedModel, fit_classifier
from barograph.models.contract.ranks import fit_on_ranks
from barograph.models.contract.spaces import Sweep, settled, within_range
from barograph.typing import STRICT, Floats, Ints


class LogisticParams(TypedDict, total=False):
    """scikit-learn's parameters that may be set; what is absent keeps the library's default."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    C: Annotated[float, Field(gt=0)]
    max_iter: Annotated[int, Field(ge=1)]
    tol: Annotated[float, Field(gt=0)]


@dataclass(frozen=True, config=STRICT)
class LogisticRegression:
    """Multinomial logistic regression on ranks, so that no outlier pulls a line.

    Each feature becomes the normal score of its rank among the training rows (values beyond them count as the nearest),
    then is brought to mean zero and deviation one over the weighted rows; a missing value counts as the mean.

    Parameters
    ----------
    params : LogisticParams
        What is fixed.
    sweep : dict
        What tuning may search; a parameter in `params` is not searched.
    """

    params: LogisticParams
    sweep: Sweep = Field(default_factory=dict)

    _within_range = model_validator(mode="after")(within_range)

    def fit(
        self, X: pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None, *, seed: int = 0
    ) -> FittedModel:
        """Fit on one thread, for the order of floating-point sums; see :func:`barograph.models.fit_classifier`."""
        from sklearn.linear_model import LogisticRegression as Multinomial

        def regress(values: NDArray[np.float32], classes: Ints, weights: Floats) -> Estimator:
            regression = Multinomial(**settled(self), random_state=seed)
            fitted: Estimator = fit_on_ranks(values, classes, weights, regression, scale="normal")
            return fitted

        return fit_classifier(regress, X, y, sample_weight)
