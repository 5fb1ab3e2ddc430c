"""The gate: criteria of promotion, their figures and verdicts."""

from barograph.gate.champion import Champion, read_champion
from barograph.gate.criteria import Criterion, Gate
from barograph.gate.figures import Results
from barograph.gate.gate import gate_metrics, judge
from barograph.gate.sequential import brier_differences, sequential_p_values

__all__ = [
    "Champion",
    "Criterion",
    "Gate",
    "Results",
    "brier_differences",
    "gate_metrics",
    "judge",
    "read_champion",
    "sequential_p_values",
]
