"""Feature importance: the share of every feature, by the measure that suits the model."""

from typing import Final

import numpy as np
import pandas as pd

from barograph.losses import log_losses
from barograph.models.contract.classifier import Estimator, FittedModel, Gaining
from barograph.models.contract.rows import TrainingRows
from barograph.randomness import generator
from barograph.typing import Floats, Floats32, Labels

ROWS: Final = 250
_FEATURES_AT_ONCE: Final = 25
# Rounding of an unused feature: next to the first feature's coefficient, and in a log loss of 32-bit probabilities.
_ROUNDING_OF_SHARES: Final = 1e-12
_ROUNDING_OF_LOSSES: Final = 1e-6


def feature_importance(fitted: FittedModel, rows: TrainingRows, *, seed: int) -> pd.DataFrame:
    """Measure how much a model rests on each feature, from the rows that it was fitted on.

    A row a feature, in the model's order: `feature`; `importance`, not negative, summing to one; and `kind`:

    - `impurity`: the decrease of impurity by splits on the feature, of scikit-learn's forests and gradient boosting
      (Breiman 2001);
    - `gain`: the decrease of the loss by splits on it, of LightGBM and XGBoost;
    - `coefficient`: the mean over the classes of its coefficient's size on standardised values, of a logistic
      regression;
    - `permutation`: the increase of the weighted log loss when its values are shuffled between rows (Breiman 2001), at
      most 250 of them, which `seed` draws, of any other model; where shuffling helps, zero.

    Shares of different kinds tell which features lead, but do not compare in size. A model that rests on no feature at
    all gives each the same share.
    """
    measured = _in_the_model(fitted.estimator)
    kind, scores = measured or ("permutation", _permutation(fitted, rows, seed))
    scores = np.where(scores > _ROUNDING_OF_SHARES * scores.max(), scores, 0.0)
    total = scores.sum()
    shares = scores / total if total > 0 else np.full(scores.size, 1 / scores.size)
    return pd.DataFrame({"feature": list(fitted.features), "importance": shares, "kind": kind})


def _in_the_model(estimator: Estimator) -> tuple[str, Floats] | None:
    from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import QuantileTransformer, StandardScaler

    if isinstance(estimator, Gaining):
        return "gain", estimator.gains()
    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
    if not all(isinstance(step, QuantileTransformer | StandardScaler | SimpleImputer) for step in steps[:-1]):
        return None
    if isinstance(steps[-1], RandomForestClassifier | ExtraTreesClassifier | GradientBoostingClassifier):
        return "impurity", np.asarray(steps[-1].feature_importances_, np.float64)
    if isinstance(steps[-1], LogisticRegression) and any(isinstance(step, StandardScaler) for step in steps):
        return "coefficient", np.abs(steps[-1].coef_).mean(axis=0)
    return None


def _permutation(fitted: FittedModel, rows: TrainingRows, seed: int) -> Floats:
    random = generator(seed, "importance")
    drawn = np.sort(random.permutation(len(rows.X))[:ROWS])
    values, classes, weights = rows.X.to_numpy(np.float32)[drawn], rows.y[drawn], rows.weight[drawn]
    shuffled = np.stack([random.permutation(column) for column in values.T])
    told = [i for i, column in enumerate(values.T) if not np.array_equal(column, shuffled[i], equal_nan=True)]
    base = _log_losses(fitted, values[None], classes, weights)[0]
    scores = np.zeros(len(fitted.features))
    for start in range(0, len(told), _FEATURES_AT_ONCE):
        batch = told[start : start + _FEATURES_AT_ONCE]
        copies = np.repeat(values[None], len(batch), axis=0)
        copies[np.arange(len(batch)), :, batch] = shuffled[batch]
        scores[batch] = _log_losses(fitted, copies, classes, weights) - base
    return np.where(scores > _ROUNDING_OF_LOSSES, scores, 0.0)


def _log_losses(fitted: FittedModel, copies: Floats32, classes: Labels, weights: Floats) -> Floats:
    """Give the weighted log loss of every copy (c, n, k) of the rows, from one prediction."""
    table = pd.DataFrame(copies.reshape(-1, copies.shape[-1]), columns=list(fitted.features), copy=False)
    probabilities = fitted.predict_proba(table).reshape(*copies.shape[:2], -1)
    # Row by row in memory: the layout decides the order of sums.
    losses: Floats = np.ascontiguousarray(log_losses(probabilities, classes)) @ (weights / weights.sum())
    return losses
