"""The table of test windows: the days that each fold tests, and the day until which its past was known."""

from collections.abc import Sequence

import pandas as pd

from barograph.dates import without_time_zones
from barograph.folds.walk_forward import Fold


def tabulate_folds(folds: Sequence[Fold]) -> pd.DataFrame:
    """Tabulate the test windows of folds: ``fold, train_end, test_start, test_end``.

    `train_end` is the last day on which a training row's label may have become known; `test_end` is null for the final
    model's fold.
    """
    return pd.DataFrame(
        {
            "fold": [fold.number for fold in folds],
            "train_end": [pd.Timestamp(fold.cutoff) - pd.Timedelta(days=1) for fold in folds],
            "test_start": [pd.Timestamp(fold.test_start) for fold in folds],
            "test_end": [pd.Timestamp(fold.test_end) for fold in folds],
        }
    )


@without_time_zones
def tabulated_folds(windows: pd.DataFrame) -> list[Fold]:
    """Give the folds that a table of test windows describes."""
    known, starts, ends = (windows[name].to_numpy("datetime64[D]") for name in ("train_end", "test_start", "test_end"))
    return [Fold(*fold) for fold in zip(windows["fold"].tolist(), known + 1, starts, ends, strict=True)]
