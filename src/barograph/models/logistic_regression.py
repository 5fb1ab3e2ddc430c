"""Multinomial logistic regression by scikit-learn."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.models.contract.classifier import Estimator
from barograph.models.contract.ranks import fit_on_ranks
from barograph.models.contract.settings import ModelParams, ModelSettings
from barograph.models.contract.spaces import settled
from barograph.typing import STRICT, Floats, Ints


class LogisticParams(ModelParams, total=False):
    """What may be set."""

    C: Annotated[float, Field(gt=0)]
    max_iter: Annotated[int, Field(ge=1)]
    tol: Annotated[float, Field(gt=0)]


@dataclass(frozen=True, config=STRICT)
class LogisticRegression(ModelSettings):
    """Multinomial logistic regression on ranks, so that no outlier pulls a line.

    Each feature becomes the normal score of its rank among the training rows (values beyond them count as the nearest),
    then is brought to mean zero and deviation one over the weighted rows; a missing value counts as the mean.
    """

    params: LogisticParams

    def estimator(self, X: NDArray[np.float32], y: Ints, sample_weight: Floats, *, seed: int) -> Estimator:
        """Fit on one thread, for the order of floating-point sums."""
        from sklearn.linear_model import LogisticRegression as Multinomial

        regression = Multinomial(**settled(self), random_state=seed)
        fitted: Estimator = fit_on_ranks(X, y, sample_weight, regression, scale="normal")
        return fitted
