"""Gradient-boosted trees by scikit-learn."""

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.models.contract.classifier import Estimator, FittedModel, fit_classifier
from barograph.models.contract.spaces import Sweep, settled, within_range
from barograph.typing import STRICT, Floats, Ints


class GradientBoostingParams(TypedDict, total=False):
    """scikit-learn's parameters that may be set; what is absent keeps the library's default."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    n_estimators: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    max_depth: Annotated[int, Field(ge=1)] | None
    max_leaf_nodes: Annotated[int, Field(ge=2)] | None
    min_samples_leaf: Annotated[int, Field(ge=1)]
    subsample: Annotated[float, Field(gt=0, le=1)]
    max_features: Annotated[float, Field(gt=0, le=1)] | Literal["sqrt", "log2"] | None


@dataclass(frozen=True, config=STRICT)
class GradientBoosting:
    """Stochastic gradient boosting (Friedman 2002); a missing value counts as the feature's median.

    The median is that of the rows fitted on; a feature without any value there counts as zero.

    Parameters
    ----------
    params : GradientBoostingParams
        What is fixed.
    sweep : dict
        What tuning may search; a parameter in `params` is not searched.

    References
    ----------
    Friedman (2002), "Stochastic gradient boosting", Computational Statistics & Data Analysis 38.
    """

    params: GradientBoostingParams
    sweep: Sweep = Field(default_factory=dict)

    _within_range = model_validator(mode="after")(within_range)

    def fit(
        self, X: pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None, *, seed: int = 0
    ) -> FittedModel:
        """Fit; see :func:`barograph.models.fit_classifier`. scikit-learn boosts on one thread."""
        from sklearn.ensemble import GradientBoostingClassifier
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline

        def boost(values: NDArray[np.float32], classes: Ints, weights: Floats) -> Estimator:
            at_the_median = SimpleImputer(strategy="median", keep_empty_features=True)
            boosting = GradientBoostingClassifier(**settled(self), random_state=seed)
            pipeline = make_pipeline(at_the_median, boosting)
            pipeline.fit(values, classes, gradientboostingclassifier__sample_weight=weights)
            fitted: Estimator = pipeline
            return fitted

        return fit_classifier(boost, X, y, sample_weight)
