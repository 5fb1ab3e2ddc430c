"""Tuning: a seeded search of a model's open parameters before the first test date."""

from barograph.tuning.search import TuningResult, tune
from barograph.tuning.tuning import StudyRows, Tuning, study_rows, tuned

__all__ = [
    "StudyRows",
    "Tuning",
    "TuningResult",
    "study_rows",
    "tune",
    "tuned",
]
