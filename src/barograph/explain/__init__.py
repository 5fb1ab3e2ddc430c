"""Explanations of the models: attributions of their outputs to features, in every regime."""

from barograph.explain.attribution import Attribution, attribute
from barograph.explain.permutation import permutation_shapley
from barograph.explain.rows import ROW, Explain, explained_rows
from barograph.explain.stability import fold_stability
from barograph.explain.summaries import beeswarm, importance, method

__all__ = [
    "ROW",
    "Attribution",
    "Explain",
    "attribute",
    "beeswarm",
    "explained_rows",
    "fold_stability",
    "importance",
    "method",
    "permutation_shapley",
]
