"""Scores, intervals, pairing and slices."""

from barograph.scoring.bootstrap import (
    Estimate,
    block_bootstrap_counts,
    episode_bootstrap_counts,
    interval,
    sharpe_difference_interval,
    sharpe_interval,
)
from barograph.scoring.calibration import expected_calibration_error
from barograph.scoring.settings import Validation

__all__ = [
    "Estimate",
    "Validation",
    "block_bootstrap_counts",
    "episode_bootstrap_counts",
    "expected_calibration_error",
    "interval",
    "sharpe_difference_interval",
    "sharpe_interval",
]
