"""Tuning: a seeded search of a model's open parameters before the first test date."""

from barograph.tuning.search import TuningResult, tune
from barograph.tuning.tuning import Tuning, TuningRows, tuned, tuning_rows

__all__ = ["Tuning", "TuningResult", "TuningRows", "tune", "tuned", "tuning_rows"]
