"""Gradient-boosted trees by LightGBM."""

from collections.abc import Mapping
from dataclasses import dataclass as plain_dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.models.contract.settings import Count, ModelParams, ModelSettings, NotNegative, Share
from barograph.models.contract.spaces import settled
from barograph.models.contract.storage import Format, register_format
from barograph.typing import STRICT, Floats, Floats32, Ints

if TYPE_CHECKING:
    from lightgbm import Booster

MODEL: Final = "model.txt"


class LightGBMParams(ModelParams, total=False):
    """The parameters that may be set."""

    n_estimators: Count
    learning_rate: Share
    num_leaves: Annotated[int, Field(ge=2, le=131_072)]
    max_depth: Annotated[int, Field(ge=-1)]
    min_child_samples: Annotated[int, Field(ge=0)]
    min_child_weight: NotNegative
    subsample: Share
    subsample_freq: Annotated[int, Field(ge=0)]
    colsample_bytree: Share
    reg_alpha: NotNegative
    reg_lambda: NotNegative


@plain_dataclass(frozen=True)
class BoosterClassifier:
    """A LightGBM booster behind the interface of an estimator."""

    booster: "Booster"

    def predict_proba(self, X: Floats32, /) -> Floats:
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
class LightGBM(ModelSettings):
    """Gradient-boosted trees by LightGBM; missing values are split on natively."""

    params: LightGBMParams

    def estimator(self, X: Floats32, y: Ints, sample_weight: Floats, *, seed: int) -> BoosterClassifier:
        """Boost on one thread."""
        import lightgbm

        settings: dict[str, Any] = settled(self)
        rounds = settings.pop("n_estimators", 100)
        fixed = {
            "objective": "multiclass",
            "num_class": int(y.max()) + 1,
            "deterministic": True,
            "force_col_wise": True,
            "seed": seed,
            "num_threads": 1,
            "verbosity": -1,
        }
        data = lightgbm.Dataset(X, y, weight=sample_weight)
        return BoosterClassifier(lightgbm.train(settings | fixed, data, num_boost_round=rounds))
