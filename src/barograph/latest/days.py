"""Predict day by day with a fitted model."""

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.models.contract.classifier import FittedModel
from barograph.names import KEY, PROBABILITIES
from barograph.typing import Mask


@without_time_zones
def after_training(dates: "pd.Series[pd.Timestamp]", train_end: pd.Timestamp) -> Mask:
    """Tell which dates lie after `train_end`, the last day on which a training row's label may have become known.

    If none does, as without an embargo, it is the newest date: it is known at its close, and what is predicted comes
    later.
    """
    after: Mask = (dates > train_end).to_numpy()
    return after if after.any() else (dates == dates.max()).to_numpy()


@without_time_zones
def predict_days(model: FittedModel, features: pd.DataFrame) -> pd.DataFrame:
    """Predict rows of features, all rows of a date in one call.

    The sums of a matrix product depend in their last bits on how many rows it has. A date of which all symbols are
    given therefore has the same probabilities, to the bit, whatever other dates are predicted with it.

    Parameters
    ----------
    model : FittedModel
    features : pandas.DataFrame
        ``symbol, date`` and at least the features of the model.

    Returns
    -------
    pandas.DataFrame
        ``symbol, date, p_sell, p_hold, p_buy``, sorted by date and symbol.

    Raises
    ------
    InputError
        If the model was fitted on a feature that is missing.
    """
    from threadpoolctl import threadpool_limits

    names = list(model.features)
    if lost := [name for name in names if name not in features]:
        raise InputError(f"features: {', '.join(lost)} are missing, on which the model was fitted")
    rows = features.sort_values(["date", "symbol"], ignore_index=True)
    values = np.ascontiguousarray(rows[names].to_numpy(np.float32))
    probabilities = np.empty((len(rows), len(PROBABILITIES)))
    with threadpool_limits(1):
        for places in rows.groupby("date").indices.values():
            probabilities[places] = model.predict_proba(pd.DataFrame(values[places], columns=names))
    return rows[KEY].assign(**dict(zip(PROBABILITIES, probabilities.T, strict=True)))
