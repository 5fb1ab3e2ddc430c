"""Candidate and champion on the same days since the promotion."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.gate.criteria import SAME_DAYS
from barograph.gate.sequential import brier_differences, sequential_p_values
from barograph.names import KEY, PROBABILITIES
from barograph.scoring import METRICS, Forecasts, Part
from barograph.typing import Ints

COMPARED: Final = ("dates", "rows", "brier_difference", "log_loss_saved", "p_value")
_YOUNG: Final = "no date since its promotion has matured"
_BINS: Final = 10  # of the calibration error, which is not compared


class Comparison(NamedTuple):
    """What is known of the candidate beside the champion.

    Attributes
    ----------
    champion : str
        Its name for a person.
    itself : bool
        The candidate is the champion.
    reason : str
        Why the two cannot be judged; empty where they can.
    figures : mapping
        `dates` and `rows` that were compared, `brier_difference` (the champion's score less the candidate's, mean over
        the dates), `log_loss_saved` (share of the champion's) and `p_value` (see :func:`sequential_p_values`).
    scores : mapping
        The metrics of ``champion``, ``candidate`` and ``prior`` on these rows.
    """

    champion: str
    itself: bool = False
    reason: str = ""
    figures: Mapping[str, float | None] = {}
    scores: Mapping[str, Mapping[str, float | None]] = {}


@without_time_zones
def compare(
    champion: pd.DataFrame,
    candidate: pd.DataFrame,
    prior: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    name: str,
    level: float,
) -> Comparison:
    """Compare two predictors on the dates that the champion predicted and whose labels are all known.

    Parameters
    ----------
    champion, candidate, prior : pandas.DataFrame
        `symbol, date, p_sell, p_hold, p_buy`; the champion's begin after its promotion.
    labels : pandas.DataFrame
        `symbol, date, label, exit_date`. Those before the champion's first prediction show how long labels live.
    name : str
        The champion's, for a person.
    level : float
        Of the test.

    Returns
    -------
    Comparison
        With a reason and without figures where no date has matured.

    Raises
    ------
    InputError
        If the candidate or `prior` lacks a row that the champion predicted.
    """
    if champion.empty:
        return Comparison(name, reason=_YOUNG)
    rows = _rows(champion, {"candidate": candidate, "prior": prior}, labels)
    dates, date = np.unique(rows["date"].to_numpy(), return_inverse=True)
    label = rows["label"].fillna(-1).to_numpy(dtype=np.int64)
    said = {who: rows[[f"{who}_{p}" for p in PROBABILITIES]].to_numpy() for who in ("champion", "candidate", "prior")}
    difference, worst = brier_differences(said["champion"], said["candidate"], label, date)
    matured = ~np.isnan(difference)
    if not matured.any():
        return Comparison(name, reason=_YOUNG)
    lag, left = _life(labels, dates[0]), np.searchsorted(dates, rows.groupby("date")["exit_date"].max().to_numpy())
    # The table has a label when its horizon is complete. Were one that ended early used before, the stakes of a look
    # would depend on when one looks.
    known = np.maximum(left, np.arange(dates.size) + lag)
    p_values = sequential_p_values(difference, worst, known, lag=lag, level=level)
    part = np.flatnonzero(matured[date])
    forecasts = Forecasts(list(said), np.stack(list(said.values())), label, date, dates.size, _BINS)
    values = {key: METRICS[key].score(Part(forecasts, part)).tolist() for key in SAME_DAYS}
    scores = {who: {key: _defined(each[at]) for key, each in values.items()} for at, who in enumerate(said)}
    losses = values["log_loss"]
    saved, found = 1 - losses[1] / losses[0], float(difference[matured].mean())
    figures = (int(matured.sum()), int(part.size), found, saved, float(p_values[-1]))
    return Comparison(name, figures=dict(zip(COMPARED, figures, strict=True)), scores=scores)


def _rows(champion: pd.DataFrame, others: Mapping[str, pd.DataFrame], labels: pd.DataFrame) -> pd.DataFrame:
    """Align all predictors and the labels; leave out the last rows of symbols that trade no more."""
    rows = champion[[*KEY, *PROBABILITIES]].rename(columns={p: f"champion_{p}" for p in PROBABILITIES})
    for who, frame in others.items():
        given = frame[[*KEY, *PROBABILITIES]].rename(columns={p: f"{who}_{p}" for p in PROBABILITIES})
        rows = rows.merge(given, on=KEY, how="left")
        missing = rows[f"{who}_{PROBABILITIES[0]}"].isna()
        if missing.any():
            row = rows[missing].iloc[0]
            raise InputError(
                f"predictions: the {who} has none of {row['symbol']} on {row['date']:%Y-%m-%d}; the champion has"
            )
    rows = rows.merge(labels[[*KEY, "label", "exit_date"]], on=KEY, how="left")
    ended = rows.groupby("symbol")["date"].transform("max") < rows["date"].max()
    kept: pd.DataFrame = rows[~(ended & rows["label"].isna())].sort_values(["date", "symbol"], ignore_index=True)
    return kept


def _life(labels: pd.DataFrame, start: np.datetime64) -> int:
    """Count the dates over which a label stays open at most, by those before the comparison."""
    days = np.unique(labels["date"].to_numpy())
    past = labels[labels["date"] < start]
    if past.empty:
        raise InputError(f"labels: none is older than {pd.Timestamp(start):%Y-%m-%d}, the champion's first prediction")
    first, last = (np.searchsorted(days, past[key].to_numpy()) for key in ("date", "exit_date"))
    lives: Ints = last - first
    return int(lives.max())


def _defined(figure: float) -> float | None:
    return None if np.isnan(figure) else figure
