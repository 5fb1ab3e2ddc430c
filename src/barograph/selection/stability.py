"""The stability of a selection from fold to fold, measured on the selection table."""

from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.selection.kinds import CONSTANT, ELIMINATED, KEPT, MISSING, NEAR_DUPLICATE, NOT_BEST
from barograph.typing import Mask

_ALIKE: Final = "near duplicate"
_REASONS: Final = (_ALIKE, NOT_BEST, ELIMINATED, CONSTANT, MISSING)


@without_time_zones
def kept_shares(selection: pd.DataFrame) -> pd.DataFrame:
    """Give the share of the folds in which each feature is kept, in the order in which features first appear."""
    return selection.groupby("feature", sort=False)["kept"].mean().rename("kept_share").reset_index()


@without_time_zones
def fold_selections(selection: pd.DataFrame) -> pd.DataFrame:
    """Count the features that each fold keeps and, a column a reason, drops, and compare it with the fold before.

    `jaccard` is the number of features that both keep as a share of those that either keeps, missing in the first fold.
    """
    reason = selection["reason"].astype(str)
    kinds = reason.mask(reason.str.startswith(NEAR_DUPLICATE), _ALIKE)
    counts = pd.crosstab(selection["fold"], kinds)
    counts = counts.reindex(columns=list(dict.fromkeys([KEPT, *_REASONS, *counts.columns])), fill_value=0)
    counts.columns = pd.Index([str(name).replace(" ", "_") for name in counts.columns])
    kept = _wide(selection)
    both, either = (kept[1:] & kept[:-1]).sum(axis=1), (kept[1:] | kept[:-1]).sum(axis=1)
    return counts.assign(jaccard=[np.nan, *(both / either)]).reset_index()


@without_time_zones
def selection_summary(selection: pd.DataFrame) -> dict[str, Any]:
    """Sum a selection up in plain values; `stability` is :func:`selection_stability`'s or null."""
    kept = _wide(selection)
    counts = kept.sum(axis=1)
    stability = selection_stability(kept)
    return {
        "features": kept.shape[1],
        "folds": len(kept),
        "fewest_kept": int(counts.min()),
        "most_kept": int(counts.max()),
        "always_kept": int(kept.all(axis=0).sum()),
        "stability": stability if np.isfinite(stability) else None,
    }


def selection_stability(kept: Mask) -> float:
    r"""Measure how stable repeated selections are, corrected for chance, from m selections among d features (m, d).

    It is 1 where all are the same, 0 on average where as many features are drawn by chance; NaN where there is but one
    selection, or where all keep everything or nothing.

    Notes
    -----
    With :math:`s_f^2` the unbiased variance of feature f's being kept and :math:`\bar k` the mean number kept

    .. math:: 1 - \frac{\frac{1}{d} \sum_f s_f^2}{\frac{\bar k}{d} (1 - \frac{\bar k}{d})}.

    Its confidence interval takes the selections to be independent; folds that share their past are not, so none is
    given, and stable here means from one year to the next rather than on another market.

    References
    ----------
    Nogueira, S., Sechidis, K. and Brown, G. (2018), "On the Stability of Feature Selection Algorithms", JMLR 18(174),
    definition 4.
    """
    share = kept.mean()
    if len(kept) < 2 or share in (0.0, 1.0):
        return float("nan")
    return float(1 - kept.var(axis=0, ddof=1).mean() / (share * (1 - share)))


def _wide(selection: pd.DataFrame) -> Mask:
    """Lay the table out as folds by features."""
    wide: Mask = selection.pivot(index="fold", columns="feature", values="kept").to_numpy(bool)
    return wide
