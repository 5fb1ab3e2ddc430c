"""The forests' shared parameters, and growing with all threads but predicting with one."""

from typing import TYPE_CHECKING, Literal

from barograph.models.contract.classifier import Estimator
from barograph.models.contract.settings import Count, FeatureShare, ModelParams
from barograph.typing import Floats, Floats32, Ints

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier


class ForestParams(ModelParams, total=False):
    """The parameters of every forest that may be set."""

    n_estimators: Count
    criterion: Literal["gini", "entropy", "log_loss"]
    max_depth: Count | None
    min_samples_leaf: Count
    max_features: FeatureShare


def grown(
    forest: "RandomForestClassifier | ExtraTreesClassifier", X: Floats32, y: Ints, sample_weight: Floats
) -> Estimator:
    """Grow a forest with all threads, and let it predict with one.

    The trees do not depend on the number of threads; predictions would, as parallel sums vary in order.
    """
    fitted: Estimator = forest.set_params(n_jobs=-1).fit(X, y, sample_weight=sample_weight).set_params(n_jobs=1)
    return fitted
