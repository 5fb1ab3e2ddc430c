"""Extremely randomised trees by scikit-learn."""

from pydantic.dataclasses import dataclass

from barograph.models.contract.classifier import Estimator
from barograph.models.contract.forest import ForestParams
from barograph.models.contract.settings import ModelSettings
from barograph.models.contract.spaces import settled
from barograph.typing import STRICT, Floats, Floats32, Ints


@dataclass(frozen=True, config=STRICT)
class ExtraTrees(ModelSettings):
    """Extremely randomised trees: thresholds are drawn, not searched, and every tree sees all rows or a share of them.

    Missing values are split on natively.

    References
    ----------
    Geurts, Ernst, Wehenkel (2006), "Extremely randomized trees", Machine Learning 63.
    """

    params: ForestParams

    def estimator(self, X: Floats32, y: Ints, sample_weight: Floats, *, seed: int) -> Estimator:
        """Grow on one thread, as predictions must: parallel sums vary in order."""
        from sklearn.ensemble import ExtraTreesClassifier

        settings = settled(self)
        drawn = settings.get("max_samples") is not None
        forest = ExtraTreesClassifier(**settings, bootstrap=drawn, random_state=seed, n_jobs=1)
        fitted: Estimator = forest.fit(X, y, sample_weight=sample_weight)
        return fitted
