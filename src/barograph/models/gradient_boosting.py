"""Gradient-boosted trees by scikit-learn."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.models.contract.classifier import Estimator
from barograph.models.contract.settings import ModelParams, ModelSettings
from barograph.models.contract.spaces import settled
from barograph.typing import STRICT, Floats, Ints


class GradientBoostingParams(ModelParams, total=False):
    """What may be set."""

    n_estimators: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    max_depth: Annotated[int, Field(ge=1)] | None
    max_leaf_nodes: Annotated[int, Field(ge=2)] | None
    min_samples_leaf: Annotated[int, Field(ge=1)]
    subsample: Annotated[float, Field(gt=0, le=1)]
    max_features: Annotated[float, Field(gt=0, le=1)] | Literal["sqrt", "log2"] | None


@dataclass(frozen=True, config=STRICT)
class GradientBoosting(ModelSettings):
    """Stochastic gradient boosting (Friedman 2002); a missing value counts as the feature's median.

    The median is that of the rows fitted on; a feature without any value there counts as zero.

    References
    ----------
    Friedman (2002), "Stochastic gradient boosting", Computational Statistics & Data Analysis 38.
    """

    params: GradientBoostingParams

    def estimator(self, X: NDArray[np.float32], y: Ints, sample_weight: Floats, *, seed: int) -> Estimator:
        """Boost; scikit-learn does so on one thread."""
        from sklearn.ensemble import GradientBoostingClassifier
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline

        at_the_median = SimpleImputer(strategy="median", keep_empty_features=True)
        boosting = GradientBoostingClassifier(**settled(self), random_state=seed)
        pipeline = make_pipeline(at_the_median, boosting)
        fitted: Estimator = pipeline.fit(X, y, gradientboostingclassifier__sample_weight=sample_weight)
        return fitted
