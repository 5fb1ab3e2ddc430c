"""Baselines: what one can predict without a model, from class frequencies that had matured before each fold."""

from typing import Final

import numpy as np
import pandas as pd

from barograph.predictors import PRIOR, REGIME_PRIOR
from barograph.tables import PROBABILITIES

SMOOTHING_ROWS: Final = 100


def class_frequencies(labels: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """Give the label frequencies of all rows that had matured before each fold, however training samples them.

    Parameters
    ----------
    labels, folds : pandas.DataFrame
        The tables of these names.

    Returns
    -------
    pandas.DataFrame
        Columns `p_sell`, `p_hold`, `p_buy`, indexed by fold.
    """
    matured = (labels.loc[labels["exit_date"] <= until, "label"] for until in folds["train_end"])
    shares = [np.bincount(known, minlength=len(PROBABILITIES)) / max(len(known), 1) for known in matured]
    return pd.DataFrame(shares, index=folds["fold"], columns=list(PROBABILITIES))


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
        Both baselines in the form of the ensemble's predictions. `prior` gives :func:`class_frequencies`;
        `regime_prior` those within the date's regime, drawn towards `prior` as if 100 rows of it stood in every regime.
    """
    regime_of = regimes.set_index("date")["regime"]
    past = labels[["label", "exit_date"]].assign(regime=regime_of.reindex(labels["date"]).to_numpy())
    now = regime_of.reindex(rows["date"]).to_numpy()
    tables = []
    priors = class_frequencies(labels, folds).to_numpy()
    predicted = rows.groupby("fold").indices
    for fold, known_until, prior in zip(folds["fold"], folds["train_end"], priors, strict=True):
        if fold not in predicted:
            continue
        indices = predicted[fold]
        matured = past[past["exit_date"] <= known_until]
        by_regime = {
            regime: (np.bincount(own["label"], minlength=prior.size) + SMOOTHING_ROWS * prior)
            / (len(own) + SMOOTHING_ROWS)
            for regime, own in matured.groupby("regime")
        }
        own_rows = rows.iloc[indices]
        of_regime = np.array([by_regime.get(regime, prior) for regime in now[indices]])
        tables += [
            _table(PRIOR, own_rows, np.tile(prior, (len(indices), 1))),
            _table(REGIME_PRIOR, own_rows, of_regime),
        ]
    return pd.concat(tables, ignore_index=True)


def _table(name: str, rows: pd.DataFrame, probabilities: np.ndarray) -> pd.DataFrame:
    table = rows[["symbol", "date", "fold"]].reset_index(drop=True)
    return table.assign(predictor=name, **dict(zip(PROBABILITIES, probabilities.T, strict=True)))
