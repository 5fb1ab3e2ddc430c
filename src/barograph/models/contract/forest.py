"""The forests' shared parameters."""

from typing import Literal

from barograph.models.contract.settings import Count, FeatureShare, ModelParams, Share


class ForestParams(ModelParams, total=False):
    """The parameters of every forest that may be set."""

    n_estimators: Count
    criterion: Literal["gini", "entropy", "log_loss"]
    max_depth: Count | None
    min_samples_leaf: Count
    max_features: FeatureShare
    max_samples: Share | None
