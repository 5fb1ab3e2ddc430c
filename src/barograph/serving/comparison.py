"""Two versions on the same days."""

import pandas as pd

from barograph.dates import without_time_zones
from barograph.losses import log_losses, square_losses
from barograph.names import KEY, PROBABILITIES


@without_time_zones
def compare(ours: pd.DataFrame, theirs: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Score two predictors on the rows that both predicted and whose label has matured, date by date.

    Parameters
    ----------
    ours, theirs : pandas.DataFrame
        ``symbol, date, p_sell, p_hold, p_buy``.
    labels : pandas.DataFrame
        The labels table.

    Returns
    -------
    pandas.DataFrame
        A row per date: ``date, rows``, the date's means ``log_loss, log_loss_against, brier, brier_against``, and the
        paired ``difference`` (of the log loss) and ``brier_difference``, positive where `ours` is better. The labels of
        neighbouring dates live on the same days, so the dates are no independent cases.
    """
    columns = list(PROBABILITIES)
    both = ours[[*KEY, *columns]].merge(theirs[[*KEY, *columns]], "inner", KEY, suffixes=("", "_against"))
    both = both.merge(labels[[*KEY, "label"]], "inner", KEY)
    label = both["label"].to_numpy()
    for suffix in ("", "_against"):
        stated = both[[f"{name}{suffix}" for name in columns]].to_numpy()
        both[f"log_loss{suffix}"] = log_losses(stated, label)
        both[f"brier{suffix}"] = square_losses(stated, label)
    scores = ["log_loss", "log_loss_against", "brier", "brier_against"]
    by_date = both.groupby("date")
    table = by_date[scores].mean().assign(rows=by_date.size()).reset_index()
    table["difference"] = table["log_loss_against"] - table["log_loss"]
    table["brier_difference"] = table["brier_against"] - table["brier"]
    return table[["date", "rows", *scores, "difference", "brier_difference"]]
