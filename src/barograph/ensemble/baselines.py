"""Baselines: what one can predict without a model, from class frequencies of a past."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.folds import lives_touch
from barograph.labels import class_shares
from barograph.names import PRIOR, PROBABILITIES, REGIME_PRIOR

SMOOTHING_ROWS: Final = 100


def baseline_predictions(
    rows: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame, folds: pd.DataFrame
) -> pd.DataFrame:
    """Predict with class frequencies.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns `symbol`, `date` and `fold`: what to predict.
    labels, regimes, folds : pandas.DataFrame
        The tables of these names.

    Returns
    -------
    pandas.DataFrame
        Both baselines in the form of the ensemble's predictions. `prior` gives `labels.class_frequencies`;
        `regime_prior` those within the date's regime, drawn towards `prior` as if 100 rows of it stood in every regime.
    """
    until = zip(folds["fold"], folds["train_end"], strict=True)
    return _predict(rows, labels, regimes, {fold: labels["exit_date"] <= day for fold, day in until}, "fold")


def exam_baselines(
    rows: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame, exams: pd.DataFrame
) -> pd.DataFrame:
    """Predict events with the class frequencies of all labelled rows but those that their exams leave out.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns `symbol`, `date` and `exam`: what to predict.
    labels, regimes, exams : pandas.DataFrame
        The tables of these names.

    Returns
    -------
    pandas.DataFrame
        Both baselines of :func:`baseline_predictions`, with `exam` in the place of `fold`.
    """
    each: Iterable[Any] = exams.itertuples()
    pasts = {exam.exam: ~lives_touch(labels, exam.left_out_from, exam.left_out_to) for exam in each}
    return _predict(rows, labels, regimes, pasts, "exam")


def _predict(
    rows: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame, pasts: Mapping[Any, "pd.Series[bool]"], group: str
) -> pd.DataFrame:
    """Predict each group of rows, as the column of that name tells them apart, with the frequencies of its past."""
    regime_of = regimes.set_index("date")["regime"]
    labelled = labels[["label"]].assign(regime=regime_of.reindex(labels["date"]).to_numpy())
    now = regime_of.reindex(rows["date"]).to_numpy()
    rows = rows[["symbol", "date", group]]
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


def _table(name: str, rows: pd.DataFrame, probabilities: np.ndarray) -> pd.DataFrame:
    return rows.reset_index(drop=True).assign(predictor=name, **dict(zip(PROBABILITIES, probabilities.T, strict=True)))
