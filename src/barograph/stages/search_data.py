"""The data of the searches: the rows that had matured before the first test window.

They are tables apart because later days change nothing in them, and so make no search run again.
"""

from dataclasses import replace
from typing import Final

import pandas as pd

from barograph.features.schema import FEATURES
from barograph.folds import Fold, tabulated_folds
from barograph.folds.schema import TEST_WINDOWS
from barograph.labels.schema import LABELS
from barograph.models.contract.rows import TrainingSet
from barograph.names import KEY
from barograph.selection import kept_features
from barograph.stages.stage import Stage

FOLDER: Final = "data/search"
SEARCH_FEATURES: Final = replace(FEATURES, path=f"{FOLDER}/features.parquet")
SEARCH_LABELS: Final = replace(LABELS, path=f"{FOLDER}/labels.parquet")
FIRST_WINDOW: Final = replace(TEST_WINDOWS, path=f"{FOLDER}/test_window.parquet")


def write_search_data(
    stage: Stage, features: pd.DataFrame, data: TrainingSet, windows: pd.DataFrame, selection: pd.DataFrame
) -> None:
    """Write the labels that had matured before the first test window, and their rows of the features that it keeps."""
    first = windows.nsmallest(1, "fold")
    [fold] = tabulated_folds(first)
    matured = data.matured(fold)
    rows = data.arrays.feature_row[matured]
    kept = kept_features(selection, fold.number, data.names)
    stage.write(SEARCH_FEATURES, features.iloc[rows[rows >= 0]][[*KEY, *kept]])
    stage.write(SEARCH_LABELS, data.labels.iloc[matured])
    stage.write(FIRST_WINDOW, first)


def read_search_data(stage: Stage) -> tuple[TrainingSet, Fold]:
    """Read them, and the fold of the first test window."""
    [fold] = tabulated_folds(stage.read(FIRST_WINDOW))
    return TrainingSet(stage.read(SEARCH_FEATURES), stage.read(SEARCH_LABELS)), fold
