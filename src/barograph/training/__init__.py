"""Training: fit and predict, fold after fold, and in crisis exams."""

from barograph.training.exams import sit_exams
from barograph.training.fitting import Case, Fit, fit_case, fit_cases, lay_out, predicted
from barograph.training.importance import feature_importance
from barograph.training.outcome import Outcome
from barograph.training.walk import Step, walk

__all__ = [
    "Case",
    "Fit",
    "Outcome",
    "Step",
    "feature_importance",
    "fit_case",
    "fit_cases",
    "lay_out",
    "predicted",
    "sit_exams",
    "walk",
]
