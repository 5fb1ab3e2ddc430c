"""Drift between each test window and its past, with false alarms controlled."""

from barograph.drift.distances import jensen_shannon_divergence, population_stability_index
from barograph.drift.drift import Drift, DriftResult, drift_metrics, measure_drift

__all__ = [
    "Drift",
    "DriftResult",
    "drift_metrics",
    "jensen_shannon_divergence",
    "measure_drift",
    "population_stability_index",
]
