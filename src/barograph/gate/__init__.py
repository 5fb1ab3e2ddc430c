"""The gate: criteria of promotion, their figures and verdicts."""

from barograph.gate.gate import Champion, Criterion, Gate, gate_metrics, judge, read_champion
from barograph.gate.sequential import brier_differences, sequential_p_values

__all__ = [
    "Champion",
    "Criterion",
    "Gate",
    "brier_differences",
    "gate_metrics",
    "judge",
    "read_champion",
    "sequential_p_values",
]
