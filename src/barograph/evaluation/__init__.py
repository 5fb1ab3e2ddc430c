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
from barograph.evaluation.significance import (
    deflated_sharpe_ratio,
    probabilistic_sharpe_ratio,
    probability_of_backtest_overfitting,
)
from barograph.evaluation.stability import population_stability_index
from barograph.evaluation.validation import Validation, ValidationResult, metrics, validate

__all__ = [
    "Estimate",
    "Validation",
    "ValidationResult",
    "block_bootstrap_counts",
    "deflated_sharpe_ratio",
    "episode_bootstrap_counts",
    "expected_calibration_error",
    "interval",
    "metrics",
    "population_stability_index",
    "probabilistic_sharpe_ratio",
    "probability_of_backtest_overfitting",
    "sharpe_difference_interval",
    "sharpe_interval",
    "validate",
]
