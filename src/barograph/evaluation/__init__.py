"""How good the out-of-sample predictions are, against which baseline, and how sure that is."""

from barograph.evaluation.bootstrap import (
    Estimate,
    block_bootstrap_counts,
    episode_bootstrap_counts,
    interval,
    sharpe_difference_interval,
    sharpe_interval,
)
from barograph.evaluation.calibration import expected_calibration_error
from barograph.evaluation.distances import jensen_shannon_divergence
from barograph.evaluation.drift import Drift, DriftResult, drift_metrics, measure_drift
from barograph.evaluation.gate import Champion, Criterion, Gate, gate_metrics, judge, read_champion
from barograph.evaluation.significance import (
    deflated_sharpe_ratio,
    probabilistic_sharpe_ratio,
    probability_of_backtest_overfitting,
)
from barograph.evaluation.stability import population_stability_index
from barograph.evaluation.validation import Validation, ValidationResult, metrics, validate

__all__ = [
    "Champion",
    "Criterion",
    "Drift",
    "DriftResult",
    "Estimate",
    "Gate",
    "Validation",
    "ValidationResult",
    "block_bootstrap_counts",
    "deflated_sharpe_ratio",
    "drift_metrics",
    "episode_bootstrap_counts",
    "expected_calibration_error",
    "gate_metrics",
    "interval",
    "jensen_shannon_divergence",
    "judge",
    "measure_drift",
    "metrics",
    "population_stability_index",
    "probabilistic_sharpe_ratio",
    "probability_of_backtest_overfitting",
    "read_champion",
    "sharpe_difference_interval",
    "sharpe_interval",
    "validate",
]
