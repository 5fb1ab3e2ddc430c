"""Baselines, and ensembles of the models."""

from barograph.ensemble.baselines import baseline_predictions, exam_baselines
from barograph.ensemble.calibration import fit_calibration
from barograph.ensemble.combiner import Combination, Combiner
from barograph.ensemble.latest import combine_days
from barograph.ensemble.structural import Structural
from barograph.ensemble.votes import BestSoFar, Ensemble, Pool, SoftVote, Stacking, equal_vote

__all__ = [
    "BestSoFar",
    "Combination",
    "Combiner",
    "Ensemble",
    "Pool",
    "SoftVote",
    "Stacking",
    "Structural",
    "baseline_predictions",
    "combine_days",
    "equal_vote",
    "exam_baselines",
    "fit_calibration",
]
