"""Tuning: a seeded search of a model's open parameters before the first test date."""

from barograph.tuning.search import TuningResult, tune, unsearched
from barograph.tuning.settings import Grid, Off, Tuning
from barograph.tuning.tuning import TuningRows, tuned, tuning_rows

__all__ = ["Grid", "Off", "Tuning", "TuningResult", "TuningRows", "tune", "tuned", "tuning_rows", "unsearched"]
