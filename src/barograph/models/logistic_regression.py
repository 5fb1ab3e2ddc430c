"""Multinomial logistic regression by scikit-learn."""

import warnings
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
    """Multinomial logistic regression on ranks, so that no outlier pulls a line.

    Each feature becomes the normal score of its rank among the training rows (values beyond them count as the nearest),
    then is brought to mean zero and deviation one over the weighted rows; a missing value counts as the mean.

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
        from sklearn.preprocessing import QuantileTransformer, StandardScaler
        from threadpoolctl import threadpool_limits

        def regress(values: NDArray[np.float32], classes: NDArray[np.int64], weights: Floats) -> Estimator:
            at_the_mean = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
            ranks = QuantileTransformer(n_quantiles=100, output_distribution="normal", subsample=None)
            regression = Multinomial(**self.params, random_state=seed)
            pipeline = make_pipeline(ranks, StandardScaler(), at_the_mean, regression)
            # A feature without any value has neither ranks nor mean; the imputer stands in.
            with threadpool_limits(1), np.errstate(invalid="ignore"), warnings.catch_warnings():
                warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
                pipeline.fit(
                    values.astype(np.float64),
                    classes,
                    standardscaler__sample_weight=weights,
                    logisticregression__sample_weight=weights,
                )
            fitted: Estimator = pipeline
            return fitted

        return fit_classifier(regress, X, y, sample_weight)
