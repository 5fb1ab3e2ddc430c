"""How good every predictor is out of sample, where, and against which baseline."""

from barograph.validation.cells import Cells, score_cells
from barograph.validation.exams import score_exams
from barograph.validation.replay import replay_groups, replay_improvement
from barograph.validation.validation import ValidationResult, metrics, validate

__all__ = [
    "Cells",
    "ValidationResult",
    "metrics",
    "replay_groups",
    "replay_improvement",
    "score_cells",
    "score_exams",
    "validate",
]
