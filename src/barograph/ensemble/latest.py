"""The newest days: the baselines, and what the final combiner makes of the final models."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.ensemble.baselines import baseline_predictions
from barograph.ensemble.combiner import Combiner
from barograph.ensemble.structural import Structural
from barograph.names import CLASSES, ENSEMBLE, KEY, PROBABILITIES, STRUCTURAL


@without_time_zones
def combine_days(
    combiner: Combiner,
    models: Mapping[str, pd.DataFrame],
    structural: Structural,
    closes: pd.DataFrame,
    index_close: "pd.Series[float]",
    labels: pd.DataFrame,
    regimes: pd.DataFrame,
    folds: pd.DataFrame,
) -> pd.DataFrame:
    """Put the ensemble and the baselines beside the final models' predictions.

    All of them know the labels up to the `train_end` of the last fold, which is the final models'. Only the first stage
    of the structural baseline goes on: it is fitted again for every calendar year.

    Parameters
    ----------
    combiner : Combiner
        That of the last fold.
    models : mapping of str to pandas.DataFrame
        The predictions of every model, ``symbol, date, p_sell, p_hold, p_buy``, all of the same rows.
    structural : Structural
    closes, index_close
        As in :meth:`Structural.forecast`.
    labels, regimes, folds : pandas.DataFrame
        The tables of these names.

    Returns
    -------
    pandas.DataFrame
        ``predictor, symbol, date, p_sell, p_hold, p_buy``. The rows of a date do not depend on the other dates.

    Raises
    ------
    InputError
        As :meth:`Structural.walk` and :meth:`Combiner.predict`.
    """
    models = {name: table.sort_values(KEY, ignore_index=True) for name, table in models.items()}
    rows = next(iter(models.values()))[KEY].assign(fold=folds["fold"].iloc[-1])
    baselines = baseline_predictions(rows, labels, regimes, folds)
    forecast = structural.walk(closes, index_close, rows, labels, regimes, folds)
    columns = list(PROBABILITIES)
    stated = {name: table[columns].to_numpy() for name, table in [*models.items(), (STRUCTURAL, forecast)]}
    combined = np.empty((len(rows), len(CLASSES)))
    for places in rows.groupby("date").indices.values():
        combined[places] = combiner.predict({name: values[places] for name, values in stated.items()})
    ensemble = rows.assign(predictor=ENSEMBLE, **dict(zip(columns, combined.T, strict=True)))
    tables = [ensemble, baselines, forecast]
    return pd.concat(tables, ignore_index=True)[["predictor", *KEY, *columns]]
