"""Gradient-boosted trees by LightGBM."""

from dataclasses import dataclass as plain_dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.models.classifier import FittedModel, Floats, fit_classifier
from barograph.models.search import Sweep, settled, within_range

if TYPE_CHECKING:
    from lightgbm import Booster


class LightGBMParams(TypedDict, total=False):
    """LightGBM's parameters that may be set; what is absent keeps the library's default."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")  # type: ignore[misc]

    n_estimators: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    num_leaves: Annotated[int, Field(ge=2, le=131_072)]
    max_depth: Annotated[int, Field(ge=-1)]
    min_child_samples: Annotated[int, Field(ge=0)]
    min_child_weight: Annotated[float, Field(ge=0)]
    subsample: Annotated[float, Field(gt=0, le=1)]
    subsample_freq: Annotated[int, Field(ge=0)]
    colsample_bytree: Annotated[float, Field(gt=0, le=1)]
    reg_alpha: Annotated[float, Field(ge=0)]
    reg_lambda: Annotated[float, Field(ge=0)]


@plain_dataclass(frozen=True)
class BoosterClassifier:
    """A LightGBM booster behind the interface of an estimator."""

    booster: "Booster"

    def predict_proba(self, X: NDArray[np.float32], /) -> Floats:
        """Give probabilities, shape (n, classes seen)."""
        return np.asarray(self.booster.predict(X), np.float64)


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid"))
class LightGBM:
    """Gradient-boosted trees by LightGBM; missing values are split on natively.

    Parameters
    ----------
    params : LightGBMParams
        What is fixed.
    sweep : dict
        What tuning may search; a parameter in `params` is not searched.
    """

    params: LightGBMParams
    sweep: Sweep = Field(default_factory=dict)

    _within_range = model_validator(mode="after")(within_range)

    def fit(
        self, X: pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None, *, seed: int = 0
    ) -> FittedModel:
        """Fit; see :func:`barograph.models.fit_classifier`. The result does not depend on the number of threads."""
        import lightgbm

        def boost(values: NDArray[np.float32], classes: NDArray[np.int64], weights: Floats) -> BoosterClassifier:
            settings: dict[str, Any] = settled(self)
            rounds = settings.pop("n_estimators", 100)
            fixed = {
                "objective": "multiclass",
                "num_class": int(classes.max()) + 1,
                "deterministic": True,
                "force_row_wise": True,
                "seed": seed,
                "verbosity": -1,
            }
            data = lightgbm.Dataset(values, classes, weight=weights)
            return BoosterClassifier(lightgbm.train(settings | fixed, data, num_boost_round=rounds))

        return fit_classifier(boost, X, y, sample_weight)
