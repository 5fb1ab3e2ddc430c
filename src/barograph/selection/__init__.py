"""Selection: the features of each fold's models, chosen on that fold's past alone."""

from barograph.selection.kept import kept_features
from barograph.selection.kinds import KeepAll, NearDuplicates, Recursive, Univariate
from barograph.selection.selection import Past, Selection, select_features
from barograph.selection.stability import fold_selections, kept_shares, selection_stability, selection_summary

__all__ = [
    "KeepAll",
    "NearDuplicates",
    "Past",
    "Recursive",
    "Selection",
    "Univariate",
    "fold_selections",
    "kept_features",
    "kept_shares",
    "select_features",
    "selection_stability",
    "selection_summary",
]
