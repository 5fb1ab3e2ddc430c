"""Splits that respect time: walk-forward, expanding inside a fold's past, combinatorial purged cross-validation."""

from barograph.folds.combinatorial import CombinatorialPurgedCV
from barograph.folds.expanding import expanding_splits
from barograph.folds.purging import lives_touch
from barograph.folds.walk_forward import Fold, WalkForward
from barograph.folds.windows import tabulate_folds, tabulated_folds

__all__ = [
    "CombinatorialPurgedCV",
    "Fold",
    "WalkForward",
    "expanding_splits",
    "lives_touch",
    "tabulate_folds",
    "tabulated_folds",
]
