"""Looking up the features that a fold keeps."""

from collections.abc import Iterable

import pandas as pd

from barograph.dates import without_time_zones
from barograph.errors import InputError


@without_time_zones
def kept_features(selection: pd.DataFrame, fold: int, columns: Iterable[str]) -> list[str]:
    """Look up which features a fold keeps, in the order of the columns of the features table.

    Raises `InputError` if nothing was selected for the fold, or among other features.
    """
    selected, names = selection[selection["fold"] == fold], list(columns)
    if set(selected["feature"]) != set(names):
        raise InputError(
            f"data/selection.parquet: fold {fold} was selected from {len(selected)} features, which are not the "
            f"{len(names)} of data/features.parquet; run the select stage"
        )
    kept = set(selected.loc[selected["kept"], "feature"])
    return [name for name in names if name in kept]
