"""The settings of a model: its fixed parameters, those that tuning may search, and the fit on them."""

from abc import abstractmethod
from functools import partial
from typing import Annotated, Literal, TypeAlias

import pandas as pd
from numpy.typing import ArrayLike
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.models.contract.classifier import Estimator, FittedModel, fit_classifier
from barograph.models.contract.spaces import Params, Sweep, within_range
from barograph.typing import STRICT, Floats, Floats32, Ints

Count: TypeAlias = Annotated[int, Field(ge=1)]
Positive: TypeAlias = Annotated[float, Field(gt=0)]
NotNegative: TypeAlias = Annotated[float, Field(ge=0)]
Share: TypeAlias = Annotated[float, Field(gt=0, le=1)]
# How many of the features a tree of scikit-learn's looks at for a split.
FeatureShare: TypeAlias = Share | Literal["sqrt", "log2"] | None


class ModelParams(TypedDict, total=False):
    """A library's parameters that may be set; an absent one keeps the library's default."""

    __pydantic_config__ = STRICT  # type: ignore[misc]


@dataclass(frozen=True, config=STRICT)
class ModelSettings:
    """A model whose parameters are fixed or searched.

    Parameters
    ----------
    params : ModelParams
        The fixed parameters.
    sweep : dict
        The search space of tuning; a parameter in `params` is not searched.
    """

    params: Params
    sweep: Sweep = Field(default_factory=dict)

    _within_range = model_validator(mode="after")(within_range)

    def fit(
        self, X: pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None, *, seed: int = 0
    ) -> FittedModel:
        """Fit; see :func:`barograph.models.fit_classifier`. The result does not depend on the number of threads."""
        return fit_classifier(partial(self.estimator, seed=seed), X, y, sample_weight)

    @abstractmethod
    def estimator(self, X: Floats32, y: Ints, sample_weight: Floats, *, seed: int) -> Estimator:
        """Build and fit the estimator; see :class:`barograph.models.Fitting`."""
