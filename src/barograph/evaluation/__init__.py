"""How good the out-of-sample predictions are, against which baseline, and how sure that is."""

from barograph.evaluation.ablation import Ablation, judge_differences
from barograph.evaluation.ablation_differences import compare
from barograph.evaluation.ablation_rows import ScoredRows, scored_rows
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
from barograph.evaluation.exam import score_exams
from barograph.evaluation.gate import Champion, Criterion, Gate, gate_metrics, judge, read_champion
from barograph.evaluation.replay import replay_groups, replay_improvement
from barograph.evaluation.significance import (
    deflated_sharpe_ratio,
    probabilistic_sharpe_ratio,
    probability_of_backtest_overfitting,
)
from barograph.evaluation.stability import population_stability_index
from barograph.evaluation.validation import Validation, ValidationResult, metrics, validate

__all__ = [
    "Ablation",
    "Champion",
    "Criterion",
    "Drift",
    "DriftResult",
    "Estimate",
    "Gate",
    "ScoredRows",
    "Validation",
    "ValidationResult",
    "block_bootstrap_counts",
    "compare",
    "deflated_sharpe_ratio",
    "drift_metrics",
    "episode_bootstrap_counts",
    "expected_calibration_error",
    "gate_metrics",
    "interval",
    "jensen_shannon_divergence",
    "judge",
    "judge_differences",
    "measure_drift",
    "metrics",
    "population_stability_index",
    "probabilistic_sharpe_ratio",
    "probability_of_backtest_overfitting",
    "read_champion",
    "replay_groups",
    "replay_improvement",
    "score_exams",
    "scored_rows",
    "sharpe_difference_interval",
    "sharpe_interval",
    "validate",
]
