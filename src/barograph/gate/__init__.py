"""The gate: criteria of promotion, their figures and verdicts."""

from barograph.gate.comparison import Comparison, compare
from barograph.gate.criteria import Criterion, Gate
from barograph.gate.figures import Results
from barograph.gate.gate import gate_metrics, judge
from barograph.gate.sequential import brier_differences, sequential_p_values

__all__ = [
    "Comparison",
    "Criterion",
    "Gate",
    "Results",
    "brier_differences",
    "compare",
    "gate_metrics",
    "judge",
    "sequential_p_values",
]
