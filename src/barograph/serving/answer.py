"""The answer to a question about a day: probabilities, and what one needs to know beside them."""

from typing import Final

import numpy as np
import pandas as pd

from barograph.backtest import known_context
from barograph.backtest.strategies.contract import decide_weights
from barograph.dates import without_time_zones
from barograph.names import KEY, PROBABILITIES, REGIME_PRIOR
from barograph.serving.novelty import novelty
from barograph.serving.predictions import Prepared
from barograph.serving.version import Version

BASE_RATES: Final = ("base_sell", "base_hold", "base_buy")


@without_time_zones
def answer(version: Version, predictions: pd.DataFrame, prepared: Prepared) -> pd.DataFrame:
    """Put beside the predictions what they are to be read with.

    Parameters
    ----------
    version : Version
    predictions : pandas.DataFrame
        As :func:`predict` gives them.
    prepared : Prepared
        As :func:`prepare` gives it.

    Returns
    -------
    pandas.DataFrame
        The columns of `predictions`, and ``regime`` of the date; ``base_sell, base_hold, base_buy``, the frequencies
        of the classes in that regime up to the end of the training data; ``novelty`` of the row's features; ``weight``,
        the target weight that the configured strategy gives the symbol if it rebalances on that date alone, before
        sizing and risk limits. The weight is the candidate's; it is NaN for other predictors.
    """
    regime_of = prepared.regimes.set_index("date")["regime"]
    columns = list(PROBABILITIES)
    base = predictions[predictions["predictor"] == REGIME_PRIOR].set_index(KEY)[columns]
    base = base.set_axis(list(BASE_RATES), axis=1).reset_index()
    names = sorted({name for model in version.models.values() for name in model.features})
    new = prepared.features[KEY].assign(novelty=novelty(prepared.features, prepared.past, names))
    table = predictions.assign(regime=regime_of.reindex(predictions["date"]).to_numpy())
    table = table.merge(base, "left", KEY).merge(new, "left", KEY)
    ours = table["predictor"] == version.candidate
    return table.assign(weight=np.where(ours, _weights(version, table[ours], prepared).reindex(table.index), np.nan))


def _weights(version: Version, rows: pd.DataFrame, prepared: Prepared) -> "pd.Series[float]":
    strategy, lag = version.build("strategy"), version.settings["features"]["release_lag"]
    context = known_context(prepared.context, prepared.regimes, lag)
    found = [pd.Series(np.nan, rows.index[:0])]
    for date, day in rows.groupby("date"):
        seen = day[[*KEY, *PROBABILITIES]].reset_index(drop=True)
        decided = decide_weights(strategy, seen, context[context["date"] <= date])
        if date in decided.index:
            found.append(pd.Series(decided.loc[date].reindex(day["symbol"]).to_numpy(), day.index))
    weights: pd.Series[float] = pd.concat(found[1:] or found)
    return weights
