"""Training: fit and predict, fold after fold, and in crisis exams."""

from barograph.training.exams import sit_exams
from barograph.training.importance import feature_importance
from barograph.training.walk import Step, walk

__all__ = [
    "Step",
    "feature_importance",
    "sit_exams",
    "walk",
]
