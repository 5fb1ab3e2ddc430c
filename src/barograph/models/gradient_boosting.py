"""Gradient-boosted trees by scikit-learn."""

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.models.contract.bins import Bins
from barograph.models.contract.classifier import Estimator
from barograph.models.contract.settings import Count, FeatureShare, ModelParams, ModelSettings, Share
from barograph.models.contract.spaces import settled
from barograph.typing import STRICT, Floats, Floats32, Ints


class GradientBoostingParams(ModelParams, total=False):
    """The parameters that may be set."""

    n_estimators: Count
    learning_rate: Share
    max_depth: Count | None
    max_leaf_nodes: Annotated[int, Field(ge=2)] | None
    min_samples_leaf: Count
    subsample: Share
    max_features: FeatureShare


@dataclass(frozen=True, config=STRICT)
class GradientBoosting(ModelSettings):
    """Stochastic gradient boosting (Friedman 2002); a missing value counts as the feature's median.

    The median is that of the rows fitted on; a feature without any value there counts as zero.

    References
    ----------
    Friedman (2002), "Stochastic gradient boosting", Computational Statistics & Data Analysis 38.
    """

    params: GradientBoostingParams

    def estimator(self, X: Floats32, y: Ints, sample_weight: Floats, *, seed: int) -> Estimator:
        """Boost; scikit-learn does so on one thread."""
        from sklearn.ensemble import GradientBoostingClassifier
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline

        at_the_median = SimpleImputer(strategy="median", keep_empty_features=True)
        imputed = at_the_median.fit_transform(X)
        bins = Bins.of(imputed)
        boosting = GradientBoostingClassifier(**settled(self), random_state=seed)
        boosting.fit(bins.numbers(imputed), y, sample_weight=sample_weight)
        bins.restore(tree.tree_ for tree in boosting.estimators_.flat)
        fitted: Estimator = make_pipeline(at_the_median, boosting)
        return fitted
