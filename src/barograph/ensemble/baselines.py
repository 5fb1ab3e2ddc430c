"""Baselines: predictions without a model, from class frequencies of a past."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.folds import lives_touch
from barograph.labels import class_shares
from barograph.names import KEY, PRIOR, PROBABILITIES, REGIME_PRIOR
from barograph.typing import Floats

SMOOTHING_ROWS: Final = 100


@without_time_zones
def baseline_predictions(
    rows: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame, folds: pd.DataFrame
) -> pd.DataFrame:
    """Predict rows, with the columns `symbol`, `date` and `fold`, with the class frequencies that their fold knows.

    Of the two predictors `prior` gives the frequencies of the labels up to the fold's `train_end`; `regime_prior` gives
    those within the date's regime, drawn towards `prior` as if each regime had 100 more rows of it.
    """
    until = zip(folds["fold"], folds["train_end"], strict=True)
    return _predict(rows, labels, regimes, {fold: labels["exit_date"] <= day for fold, day in until}, "fold")


@without_time_zones
def exam_baselines(
    rows: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame, exams: pd.DataFrame
) -> pd.DataFrame:
    """Predict as :func:`baseline_predictions`, from all labels but those that a row's `exam` leaves out."""
    each: Iterable[Any] = exams.itertuples()
    pasts = {exam.exam: ~lives_touch(labels, exam.left_out_from, exam.left_out_to) for exam in each}
    return _predict(rows, labels, regimes, pasts, "exam")


def _predict(
    rows: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame, pasts: Mapping[Any, "pd.Series[bool]"], group: str
) -> pd.DataFrame:
    """Predict each group of rows, which the column of that name tells apart, with the frequencies of its past."""
    regime_of = regimes.set_index("date")["regime"]
    labelled = labels[["label"]].assign(regime=regime_of.reindex(labels["date"]).to_numpy())
    now = regime_of.reindex(rows["date"]).to_numpy()
    rows = rows[[*KEY, group]]
    predicted = rows.groupby(group).indices
    tables = [_table(PRIOR, rows.head(0), np.empty((0, len(PROBABILITIES))))]
    for name, known in pasts.items():
        if name not in predicted:
            continue
        past, indices = labelled[known], predicted[name]
        prior = class_shares(past["label"])
        by_regime = {
            regime: (np.bincount(rows_of["label"], minlength=prior.size) + SMOOTHING_ROWS * prior)
            / (len(rows_of) + SMOOTHING_ROWS)
            for regime, rows_of in past.groupby("regime")
        }
        asked = rows.iloc[indices]
        of_regime = np.array([by_regime.get(regime, prior) for regime in now[indices]])
        tables += [_table(PRIOR, asked, np.tile(prior, (len(indices), 1))), _table(REGIME_PRIOR, asked, of_regime)]
    return pd.concat(tables, ignore_index=True)


def _table(name: str, rows: pd.DataFrame, probabilities: Floats) -> pd.DataFrame:
    return rows.reset_index(drop=True).assign(predictor=name, **dict(zip(PROBABILITIES, probabilities.T, strict=True)))
