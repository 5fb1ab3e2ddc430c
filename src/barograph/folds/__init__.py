"""Splits that respect time: walk-forward and combinatorial purged cross-validation."""

from barograph.folds.combinatorial import CombinatorialPurgedCV
from barograph.folds.walk_forward import Fold, WalkForward

__all__ = ["CombinatorialPurgedCV", "Fold", "WalkForward"]
