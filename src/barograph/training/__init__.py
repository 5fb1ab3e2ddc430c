"""Training: fit and predict, fold after fold, and in crisis exams."""

from barograph.training.exams import sit_exams
from barograph.training.fitting import Case, fit_and_predict
from barograph.training.importance import feature_importance
from barograph.training.walk import Step, walk

__all__ = ["Case", "Step", "feature_importance", "fit_and_predict", "sit_exams", "walk"]
