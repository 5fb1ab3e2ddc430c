"""A random forest by scikit-learn."""

from pydantic.dataclasses import dataclass

from barograph.models.contract.classifier import Estimator
from barograph.models.contract.forest import ForestParams, grown
from barograph.models.contract.settings import ModelSettings, Share
from barograph.models.contract.spaces import settled
from barograph.typing import STRICT, Floats, Floats32, Ints


class RandomForestParams(ForestParams, total=False):
    """The parameters of every forest, and the share of the rows that a tree draws."""

    max_samples: Share | None


@dataclass(frozen=True, config=STRICT)
class RandomForest(ModelSettings):
    """A random forest; missing values are split on natively."""

    params: RandomForestParams

    def estimator(self, X: Floats32, y: Ints, sample_weight: Floats, *, seed: int) -> Estimator:
        """Grow; see :func:`~barograph.models.contract.forest.grown`."""
        from sklearn.ensemble import RandomForestClassifier

        return grown(RandomForestClassifier(**settled(self), random_state=seed), X, y, sample_weight)
