"""Metrics, intervals, pairing and slices."""

from barograph.scoring.bootstrap import (
    block_bootstrap_counts,
    episode_bootstrap_counts,
    estimates,
    interval,
    sharpe_difference_interval,
    sharpe_interval,
)
from barograph.scoring.calibration import expected_calibration_error
from barograph.scoring.estimate import UNDEFINED, Estimate
from barograph.scoring.evidence import Evidence, effective_number, weigh
from barograph.scoring.metrics import METRICS, Metric, metrics_of, score_columns, scores
from barograph.scoring.samples import Forecasts, Part, Resamples
from barograph.scoring.settings import Validation
from barograph.scoring.sign_flips import sign_flip_test

__all__ = [
    "METRICS",
    "UNDEFINED",
    "Estimate",
    "Evidence",
    "Forecasts",
    "Metric",
    "Part",
    "Resamples",
    "Validation",
    "block_bootstrap_counts",
    "effective_number",
    "episode_bootstrap_counts",
    "estimates",
    "expected_calibration_error",
    "interval",
    "metrics_of",
    "score_columns",
    "scores",
    "sharpe_difference_interval",
    "sharpe_interval",
    "sign_flip_test",
    "weigh",
]
