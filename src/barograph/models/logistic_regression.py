"""Multinomial logistic regression by scikit-learn."""

from pydantic.dataclasses import dataclass

from barograph.models.contract.classifier import Estimator
from barograph.models.contract.ranks import fit_on_ranks
from barograph.models.contract.settings import Count, ModelParams, ModelSettings, Positive
from barograph.models.contract.spaces import settled
from barograph.typing import STRICT, Floats, Floats32, Ints


class LogisticParams(ModelParams, total=False):
    """The parameters that may be set."""

    C: Positive
    max_iter: Count
    tol: Positive


@dataclass(frozen=True, config=STRICT)
class LogisticRegression(ModelSettings):
    """Multinomial logistic regression on ranks, so that no outlier pulls a line.

    Each feature becomes the normal score of its rank among the training rows (values beyond them count as the nearest),
    then is brought to mean zero and deviation one over the weighted rows; a missing value counts as the mean.
    """

    params: LogisticParams

    def estimator(self, X: Floats32, y: Ints, sample_weight: Floats, *, seed: int) -> Estimator:
        """Fit on one thread, for the order of floating-point sums."""
        from sklearn.linear_model import LogisticRegression as Multinomial

        regression = Multinomial(**settled(self), random_state=seed)
        fitted: Estimator = fit_on_ranks(X, y, sample_weight, regression, scale="normal")
        return fitted
