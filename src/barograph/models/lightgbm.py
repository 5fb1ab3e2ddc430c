"""Gradient-boosted trees by LightGBM."""

from collections.abc import Mapping
from dataclasses import dataclass as plain_dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.errors import InputError
from barograph.models.contract.classifier import FittedModel, fit_classifier
from barograph.models.contract.spaces import Sweep, settled, within_range
from barograph.models.contract.storage import Format, register_format
from barograph.typing import STRICT, Floats, Ints

if TYPE_CHECKING:
    from lightgbm import Booster

MODEL: Final = "model.txt"


class LightGBMParams(TypedDict, total=False):
    """LightGBM's parameters that may be set; what is absent keeps the library's default."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

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

    def gains(self) -> Floats:
        """Give the decrease of the loss that splits on each feature brought, shape (k,)."""
        return np.asarray(self.booster.feature_importance("gain"), np.float64)


def to_files(classifier: BoosterClassifier) -> dict[str, bytes]:
    """Write the booster as LightGBM's text."""
    return {MODEL: classifier.booster.model_to_string().encode()}


def from_files(files: Mapping[str, bytes]) -> BoosterClassifier:
    """Read the booster back."""
    import lightgbm

    text = files[MODEL].decode()
    if "\nend of trees\n" not in text:  # LightGBM ends the whole process rather than raise
        raise InputError(f"{MODEL}: is not a model of LightGBM's, or not all of it")
    return BoosterClassifier(lightgbm.Booster(model_str=text))


register_format(Format(BoosterClassifier, (MODEL,), ("lightgbm",), to_files, from_files))


@dataclass(frozen=True, config=STRICT)
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

        def boost(values: NDArray[np.float32], classes: Ints, weights: Floats) -> BoosterClassifier:
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
