"""From out-of-sample scores to target weights. A strategy sees signals only: never labels, never returns."""

from typing import Annotated, Protocol

import numpy as np
import pandas as pd
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.names import KEY, PROBABILITIES
from barograph.typing import STRICT, Floats

_TIE_DECIMALS = 12


class Strategy(Protocol):
    """Turns one predictor's scores into target weights."""

    def target_weights(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """Decide the portfolio.

        Parameters
        ----------
        predictions : DataFrame
            Of a model ``symbol, date, p_sell, p_hold, p_buy``; of a signal ``symbol, date, score``, NaN where it has no
            score. Unique in symbol and date. A date's decision may use the rows up to that date only.

        Returns
        -------
        DataFrame of shape (dates, symbols)
            One row per rebalance date, as :func:`barograph.backtest.simulate` takes them.
        """


@dataclass(frozen=True, config=STRICT)
class TopK:
    """Hold the names with the highest score, equally weighted.

    The score of a name is its probability of buy minus that of sell, or the signal's value. Names that tie at the last
    place share the places left equally, so that a predictor that cannot tell names apart holds the equal-weighted
    universe. Scores that agree to 12 decimals tie. On a date with fewer than `k` names all of them are held; on a
    date without names, cash.

    Parameters
    ----------
    k : int
        Number of names.
    rebalance_days : int
        Trading days between rebalances, counted from the first date with a prediction, so that more recent data never
        moves an earlier rebalance.
    """

    k: Annotated[int, Field(ge=1)]
    rebalance_days: Annotated[int, Field(ge=1)]

    @without_time_zones
    def target_weights(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """Give one row per rebalance date; see :meth:`Strategy.target_weights`."""
        score = _scores(predictions, self.rebalance_days)
        values = score.to_numpy()
        ranked = np.sort(np.where(np.isnan(values), -np.inf, values), axis=1)[:, ::-1]
        names = np.isfinite(ranked).sum(axis=1, keepdims=True)
        places = np.clip(names, 1, self.k)
        last = np.take_along_axis(ranked, places - 1, axis=1)
        above, tied = values > last, values == last
        share = (places - above.sum(axis=1, keepdims=True)) / np.maximum(tied.sum(axis=1, keepdims=True), 1)
        return _frame((above + tied * share) / places, score)


@dataclass(frozen=True, config=STRICT)
class Threshold:
    """Hold every name whose score exceeds a threshold, the rest in cash.

    The score of a name is its probability of buy minus that of sell, or the signal's value. Each name held has weight
    1 / n, with n the number of names with a score on that date.

    Parameters
    ----------
    threshold : float
        In [-1, 1], the range of a model's score; a signal has its own scale.
    rebalance_days : int
        As in :class:`TopK`.
    """

    threshold: Annotated[float, Field(ge=-1.0, le=1.0)]
    rebalance_days: Annotated[int, Field(ge=1)]

    @without_time_zones
    def target_weights(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """Give one row per rebalance date; see :meth:`Strategy.target_weights`."""
        score = _scores(predictions, self.rebalance_days)
        values = score.to_numpy()
        names = (~np.isnan(values)).sum(axis=1, keepdims=True)
        return _frame((values > self.threshold) / np.maximum(names, 1), score)


@without_time_zones
def equal_weight(predictions: pd.DataFrame, dates: pd.Index) -> pd.DataFrame:
    """Give the target weights of the universe, shape (dates, symbols): equal for all names with a prediction on a date.

    Each of `dates`, the rebalance dates, must have at least one prediction.
    """
    score = _scores(predictions, 1).loc[dates]
    present = score.notna().to_numpy()
    return _frame(present / present.sum(axis=1, keepdims=True), score)


def _scores(predictions: pd.DataFrame, every: int) -> pd.DataFrame:
    """Pivot the scores of every n-th date; NaN where a name has none."""
    score = _score(predictions).round(_TIE_DECIMALS)
    chosen = pd.factorize(predictions["date"], sort=True)[0] % every == 0
    frame = predictions[KEY].assign(score=score)[chosen]
    refuse_repeats(frame, "predictions")
    wide: pd.DataFrame = frame.pivot(index="date", columns="symbol", values="score")
    return wide


def refuse_repeats(frame: pd.DataFrame, name: str) -> None:
    """Refuse a table in which a symbol has several rows on a date."""
    repeated = frame.duplicated(KEY)
    if repeated.any():
        row = frame[repeated].iloc[0]
        raise InputError(f"{name}: {row['symbol']} on {row['date']:%Y-%m-%d} occurs more than once")


def _score(predictions: pd.DataFrame) -> "pd.Series[float]":
    is_signal = "score" in predictions
    values = predictions[["score"] if is_signal else list(PROBABILITIES)].to_numpy(np.float64)
    refused = (np.isinf(values) if is_signal else ~np.isfinite(values)).any(axis=1)
    if refused.any():
        row = predictions.iloc[int(np.argmax(refused))]
        kind = "score" if is_signal else "probability"
        raise InputError(f"predictions: {row['symbol']} on {row['date']:%Y-%m-%d} has a {kind} that is not finite")
    return predictions["score"] if is_signal else predictions["p_buy"] - predictions["p_sell"]


def _frame(weights: Floats, score: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(weights, index=score.index, columns=score.columns)
