"""How good a version was day by day when it was promoted."""

import pandas as pd

from barograph.losses import log_losses, square_losses
from barograph.names import KEY, PROBABILITIES


def daily_scores(predictions: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Give the means of each date's scores, over the rows of which the label is known.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Out-of-sample predictions of one predictor: `symbol, date, p_sell, p_hold, p_buy`.
    labels : pandas.DataFrame
        `symbol, date, label`.

    Returns
    -------
    pandas.DataFrame
        `date, rows, brier, log_loss`, by date; the Brier score is the sum of squares over the classes, between 0 and 2.
    """
    rows = predictions.merge(labels[[*KEY, "label"]], on=KEY)
    probabilities, label = rows[list(PROBABILITIES)].to_numpy(), rows["label"].to_numpy()
    scores = rows[["date"]].assign(brier=square_losses(probabilities, label), log_loss=log_losses(probabilities, label))
    by_date = scores.groupby("date", sort=True)
    means = by_date.mean().round(6)
    means.insert(0, "rows", by_date.size())
    return means.reset_index()
