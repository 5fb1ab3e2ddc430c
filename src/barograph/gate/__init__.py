"""The gate: criteria of promotion, their figures and verdicts."""

from barograph.gate.gate import Champion, Criterion, Gate, gate_metrics, judge, read_champion

__all__ = ["Champion", "Criterion", "Gate", "gate_metrics", "judge", "read_champion"]
