"""The settings of a model: what is fixed, what tuning may search, and the fit on them."""

from abc import abstractmethod
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.models.contract.classifier import Estimator, FittedModel, fit_classifier
from barograph.models.contract.spaces import Params, Sweep, within_range
from barograph.typing import STRICT, Floats, Ints


class ModelParams(TypedDict, total=False):
    """A library's parameters that may be set; what is absent keeps the library's default."""

    __pydantic_config__ = STRICT  # type: ignore[misc]


@dataclass(frozen=True, config=STRICT)
class ModelSettings:
    """A model whose parameters are fixed or searched.

    Parameters
    ----------
    params : ModelParams
        What is fixed.
    sweep : dict
        What tuning may search; a parameter in `params` is not searched.
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
    def estimator(self, X: NDArray[np.float32], y: Ints, sample_weight: Floats, *, seed: int) -> Estimator:
        """Build and fit the estimator; see :class:`barograph.models.Fitting`."""
