"""Gradient-boosted trees by XGBoost."""

from collections.abc import Mapping
from dataclasses import dataclass as plain_dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydantic.dataclasses import dataclass

from barograph.models.contract.settings import Count, ModelParams, ModelSettings, NotNegative, Share
from barograph.models.contract.spaces import settled
from barograph.models.contract.storage import Format, register_format
from barograph.typing import STRICT, Floats, Floats32, Ints

if TYPE_CHECKING:
    from xgboost import Booster

MODEL: Final = "model.ubj"


class XGBoostParams(ModelParams, total=False):
    """The parameters that may be set."""

    n_estimators: Count
    learning_rate: Share
    max_depth: Count
    min_child_weight: NotNegative
    gamma: NotNegative
    subsample: Share
    colsample_bytree: Share
    reg_alpha: NotNegative
    reg_lambda: NotNegative


@plain_dataclass(frozen=True)
class XGBoostClassifier:
    """An XGBoost booster behind the interface of an estimator."""

    booster: "Booster"

    def predict_proba(self, X: Floats32, /) -> Floats:
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
class XGBoost(ModelSettings):
    """Gradient-boosted trees by XGBoost, on histograms; missing values are split on natively."""

    params: XGBoostParams

    def estimator(self, X: Floats32, y: Ints, sample_weight: Floats, *, seed: int) -> XGBoostClassifier:
        """Boost on histograms, on one thread."""
        import xgboost

        settings: dict[str, Any] = settled(self)
        rounds = settings.pop("n_estimators", 100)
        fixed = {"objective": "multi:softprob", "num_class": int(y.max()) + 1, "tree_method": "hist"}
        fixed |= {"seed": seed, "nthread": 1}
        data = xgboost.DMatrix(X, y, weight=sample_weight, nthread=1)
        return XGBoostClassifier(xgboost.train(settings | fixed, data, num_boost_round=rounds))
