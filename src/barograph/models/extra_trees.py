"""Extremely randomised trees by scikit-learn."""

import pandas as pd
from numpy.typing import ArrayLike
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.models.contract.classifier import FittedModel, fit_classifier
from barograph.models.contract.forest import ForestParams, growing
from barograph.models.contract.spaces import Sweep, settled, within_range
from barograph.typing import STRICT


@dataclass(frozen=True, config=STRICT)
class ExtraTrees:
    """Extremely randomised trees: every tree sees all rows, and thresholds are drawn rather than searched.

    Missing values are split on natively.

    Parameters
    ----------
    params : ForestParams
        What is fixed.
    sweep : dict
        What tuning may search; a parameter in `params` is not searched.

    References
    ----------
    Geurts, Ernst, Wehenkel (2006), "Extremely randomized trees", Machine Learning 63.
    """

    params: ForestParams
    sweep: Sweep = Field(default_factory=dict)

    _within_range = model_validator(mode="after")(within_range)

    def fit(
        self, X: pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None, *, seed: int = 0
    ) -> FittedModel:
        """Fit; see :func:`barograph.models.fit_classifier`. The result does not depend on the number of threads."""
        from sklearn.ensemble import ExtraTreesClassifier

        forest = ExtraTreesClassifier(**settled(self), random_state=seed)
        return fit_classifier(growing(forest), X, y, sample_weight)
