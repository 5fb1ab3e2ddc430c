"""Gradient-boosted trees by XGBoost."""

from collections.abc import Mapping
from dataclasses import dataclass as plain_dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from typing_extensions import TypedDict

from barograph.models.contract.classifier import FittedModel, fit_classifier
from barograph.models.contract.spaces import Sweep, settled, within_range
from barograph.models.contract.storage import Format, register_format
from barograph.typing import STRICT, Floats, Ints

if TYPE_CHECKING:
    from xgboost import Booster

MODEL: Final = "model.ubj"


class XGBoostParams(TypedDict, total=False):
    """XGBoost's parameters that may be set; what is absent keeps the library's default."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    n_estimators: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    max_depth: Annotated[int, Field(ge=1)]
    min_child_weight: Annotated[float, Field(ge=0)]
    gamma: Annotated[float, Field(ge=0)]
    subsample: Annotated[float, Field(gt=0, le=1)]
    colsample_bytree: Annotated[float, Field(gt=0, le=1)]
    reg_alpha: Annotated[float, Field(ge=0)]
    reg_lambda: Annotated[float, Field(ge=0)]


@plain_dataclass(frozen=True)
class XGBoostClassifier:
    """An XGBoost booster behind the interface of an estimator."""

    booster: "Booster"

    def predict_proba(self, X: NDArray[np.float32], /) -> Floats:
        """Give probabilities, shape (n, classes seen)."""
        return np.asarray(self.booster.inplace_predict(X), np.float64)

    def gains(self) -> Floats:
        """Give the decrease of the loss that splits on each feature brought, shape (k,)."""
        gains = self.booster.get_score(importance_type="total_gain")
        return np.array([gains.get(f"f{i}", 0.0) for i in range(self.booster.num_features())], np.float64)


def to_files(classifier: XGBoostClassifier) -> dict[str, bytes]:
    """Write the booster in XGBoost's universal binary JSON."""
    return {MODEL: bytes(classifier.booster.save_raw("ubj"))}


def from_files(files: Mapping[str, bytes]) -> XGBoostClassifier:
    """Read the booster back."""
    import xgboost

    return XGBoostClassifier(xgboost.Booster(model_file=bytearray(files[MODEL])))


register_format(Format(XGBoostClassifier, (MODEL,), ("xgboost",), to_files, from_files))


@dataclass(frozen=True, config=STRICT)
class XGBoost:
    """Gradient-boosted trees by XGBoost, on histograms; missing values are split on natively.

    Parameters
    ----------
    params : XGBoostParams
        What is fixed.
    sweep : dict
        What tuning may search; a parameter in `params` is not searched.
    """

    params: XGBoostParams
    sweep: Sweep = Field(default_factory=dict)

    _within_range = model_validator(mode="after")(within_range)

    def fit(
        self, X: pd.DataFrame, y: ArrayLike, sample_weight: ArrayLike | None = None, *, seed: int = 0
    ) -> FittedModel:
        """Fit; see :func:`barograph.models.fit_classifier`. The result does not depend on the number of threads."""
        import xgboost

        def boost(values: NDArray[np.float32], classes: Ints, weights: Floats) -> XGBoostClassifier:
            settings: dict[str, Any] = settled(self)
            rounds = settings.pop("n_estimators", 100)
            fixed = {
                "objective": "multi:softprob",
                "num_class": int(classes.max()) + 1,
                "tree_method": "hist",
                "seed": seed,
            }
            data = xgboost.DMatrix(values, classes, weight=weights)
            return XGBoostClassifier(xgboost.train(settings | fixed, data, num_boost_round=rounds))

        return fit_classifier(boost, X, y, sample_weight)
