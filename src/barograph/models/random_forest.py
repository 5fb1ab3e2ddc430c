"""A random forest by scikit-learn."""

from pydantic.dataclasses import dataclass

from barograph.models.contract.classifier import Estimator
from barograph.models.contract.forest import ForestParams
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
        """Grow on one thread, as predictions must: parallel sums vary in order."""
        from sklearn.ensemble import RandomForestClassifier

        forest = RandomForestClassifier(**settled(self), random_state=seed, n_jobs=1)
        fitted: Estimator = forest.fit(X, y, sample_weight=sample_weight)
        return fitted
