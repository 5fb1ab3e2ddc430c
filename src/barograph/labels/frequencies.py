"""How often each class occurs."""

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.names import PROBABILITIES
from barograph.typing import Floats


@without_time_zones
def class_frequencies(labels: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """Give the label frequencies of all rows that had matured before each fold, however training samples them.

    The columns are `p_sell`, `p_hold` and `p_buy`, the index is the fold.
    """
    matured = (labels.loc[labels["exit_date"] <= until, "label"] for until in folds["train_end"])
    return pd.DataFrame(map(class_shares, matured), index=folds["fold"], columns=list(PROBABILITIES))


def class_shares(labels: "pd.Series[int]") -> Floats:
    """Give the shares of sell, hold and buy, shape (3,); zeros where there is no label."""
    shares: Floats = np.bincount(labels, minlength=len(PROBABILITIES)) / max(len(labels), 1)
    return shares
