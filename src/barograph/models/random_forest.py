"""A random forest by scikit-learn."""

from typing import Annotated

import pandas as pd
from numpy.typing import ArrayLike
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.models.contract.classifier import FittedModel, fit_classifier
from barograph.models.contract.forest import ForestParams, growing
from barograph.models.contract.spaces import Sweep, settled, within_range
from barograph.typing import STRICT


class RandomForestParams(ForestParams, total=False):
    """Those of every forest, and the share of the rows that a tree draws."""

    max_samples: Annotated[float, Field(gt=0, le=1)] | None


@dataclass(frozen=True, config=STRICT)
class RandomForest:
    """A random forest; missing values are split on natively.

    Parameters
    ----------
    params : RandomForestParams
        What is fixed.
    sweep : dict
        What tuning may search; a parameter in `params` is not searched.
    """

    params: RandomForestParams
    sweep: Sweep = Field(default_factory=dict)

    _within_range = model_validator(mode="after")(within_range)

    def fit(
        self, X: pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None, *, seed: int = 0
    ) -> FittedModel:
        """Fit; see :func:`barograph.models.fit_classifier`. The result does not depend on the number of threads."""
        from sklearn.ensemble import RandomForestClassifier

        forest = RandomForestClassifier(**settled(self), random_state=seed)
        return fit_classifier(growing(forest), X, y, sample_weight)
