"""Does a model rank its features as it did in the fold before."""

from itertools import pairwise
from typing import Final

import pandas as pd

from barograph.dates import without_time_zones

FIRST: Final = 10


@without_time_zones
def fold_stability(importances: pd.DataFrame) -> pd.DataFrame:
    """Compare every fold's importances of a model (`fold, feature, importance`) with those of the fold before.

    A feature that one of two folds has not kept has importance 0 in it; a feature that neither has kept is left out.

    Returns
    -------
    pandas.DataFrame
        `fold, rank_correlation, top_overlap`, the first fold left out. The first is Spearman's rank correlation of the
        importances, ties at their mean rank, missing where a fold gives all features the same. The second is the share
        that two folds have in common of their ten most important features; only importances above zero count, and
        where neither fold has any it is missing.
    """
    rows = []
    wide = importances.pivot(index="feature", columns="fold", values="importance")
    for before, fold in pairwise(wide.columns):
        both = wide[[before, fold]].dropna(how="all").fillna(0.0)
        correlation = both.corr(method="spearman").to_numpy()[0, 1]
        rows.append((fold, correlation, _overlap(both[before], both[fold])))
    return pd.DataFrame(rows, columns=["fold", "rank_correlation", "top_overlap"])


def _overlap(before: pd.Series, now: pd.Series) -> float:
    first, second = _most_important(before), _most_important(now)
    return len(first & second) / max(len(first), len(second)) if first or second else float("nan")


def _most_important(importance: pd.Series) -> set[str]:
    useful = importance[importance > 0].sort_values(ascending=False, kind="stable")
    return set(useful.index[:FIRST])
