"""Scores of all dates as a table of dates by symbols, and the equal-weighted universe."""

import numpy as np
import pandas as pd

from barograph.backtest.strategies.choice import TIE_DECIMALS
from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.names import KEY, PROBABILITIES
from barograph.typing import Floats


@without_time_zones
def equal_weight(predictions: pd.DataFrame, dates: pd.Index) -> pd.DataFrame:
    """Give the target weights of the universe, shape (dates, symbols): equal for all names with a prediction on a date.

    Each of `dates`, the rebalance dates, must have at least one prediction.
    """
    score = scores(predictions, 1).loc[dates]
    present = score.notna().to_numpy()
    return frame(present / present.sum(axis=1, keepdims=True), score)


def scores(predictions: pd.DataFrame, every: int) -> pd.DataFrame:
    """Pivot the scores of every n-th date; NaN where a name has none."""
    score = _score(predictions).round(TIE_DECIMALS)
    chosen = pd.factorize(predictions["date"], sort=True)[0] % every == 0
    rows = predictions[KEY].assign(score=score)[chosen]
    refuse_repeats(rows, "predictions")
    wide: pd.DataFrame = rows.pivot(index="date", columns="symbol", values="score")
    return wide


def refuse_repeats(rows: pd.DataFrame, name: str) -> None:
    """Refuse a table in which a symbol has several rows on a date."""
    repeated = rows.duplicated(KEY)
    if repeated.any():
        row = rows[repeated].iloc[0]
        raise InputError(f"{name}: {row['symbol']} on {row['date']:%Y-%m-%d} occurs more than once")


def frame(weights: Floats, score: pd.DataFrame) -> pd.DataFrame:
    """Give weights the dates and symbols of the scores that they were made of."""
    return pd.DataFrame(weights, index=score.index, columns=score.columns)


def _score(predictions: pd.DataFrame) -> "pd.Series[float]":
    is_signal = "score" in predictions
    values = predictions[["score"] if is_signal else list(PROBABILITIES)].to_numpy(np.float64)
    refused = (np.isinf(values) if is_signal else ~np.isfinite(values)).any(axis=1)
    if refused.any():
        row = predictions.iloc[int(np.argmax(refused))]
        kind = "score" if is_signal else "probability"
        raise InputError(f"predictions: {row['symbol']} on {row['date']:%Y-%m-%d} has a {kind} that is not finite")
    return predictions["score"] if is_signal else predictions["p_buy"] - predictions["p_sell"]
