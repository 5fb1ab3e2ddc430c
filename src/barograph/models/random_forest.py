"""A random forest by scikit-learn."""

from pydantic.dataclasses import dataclass

from barograph.models.contract.bins import Bins
from barograph.models.contract.classifier import Estimator
from barograph.models.contract.forest import ForestParams
from barograph.models.contract.settings import ModelSettings
from barograph.models.contract.spaces import settled
from barograph.typing import STRICT, Floats, Floats32, Ints


@dataclass(frozen=True, config=STRICT)
class RandomForest(ModelSettings):
    """A random forest; missing values are split on natively."""

    params: ForestParams

    def estimator(self, X: Floats32, y: Ints, sample_weight: Floats, *, seed: int) -> Estimator:
        """Grow on one thread, as predictions must: parallel sums vary in order."""
        from sklearn.ensemble import RandomForestClassifier

        bins = Bins.of(X)
        forest = RandomForestClassifier(**settled(self), random_state=seed, n_jobs=1)
        forest.fit(bins.numbers(X), y, sample_weight=sample_weight)
        bins.restore(tree.tree_ for tree in forest.estimators_)
        fitted: Estimator = forest
        return fitted
