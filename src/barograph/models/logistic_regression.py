"""Multinomial logistic regression by scikit-learn."""

from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.models.classifier import Estimator, FittedModel, Floats, fit_classifier


class LogisticParams(TypedDict, total=False):
    """scikit-learn's parameters that may be set; what is absent keeps the library's default."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")  # type: ignore[misc]

    C: Annotated[float, Field(gt=0)]
    max_iter: Annotated[int, Field(ge=1)]
    tol: Annotated[float, Field(gt=0)]


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid"))
class LogisticRegression:
    """Multinomial logistic regression on standardised features; a missing value counts as its feature's mean.

    Means and deviations are those of the weighted training rows.

    Parameters
    ----------
    params : LogisticParams
    """

    params: LogisticParams

    def fit(
        self, X: pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None, *, seed: int = 0
    ) -> FittedModel:
        """Fit on one thread, for the order of floating-point sums; see :func:`barograph.models.fit_classifier`."""
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression as Multinomial
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from threadpoolctl import threadpool_limits

        def regress(values: NDArray[np.float32], classes: NDArray[np.int64], weights: Floats) -> Estimator:
            at_the_mean = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
            pipeline = make_pipeline(StandardScaler(), at_the_mean, Multinomial(**self.params, random_state=seed))
            # A feature without any value divides zero by zero on the way to its mean; the imputer then stands in.
            with threadpool_limits(1), np.errstate(invalid="ignore"):
                pipeline.fit(
                    values.astype(np.float64),
                    classes,
                    standardscaler__sample_weight=weights,
                    logisticregression__sample_weight=weights,
                )
            fitted: Estimator = pipeline
            return fitted

        return fit_classifier(regress, X, y, sample_weight)
