"""Purging: which labels overlap a span of days."""

import pandas as pd


def lives_touch(labels: pd.DataFrame, since: pd.Timestamp, until: pd.Timestamp) -> "pd.Series[bool]":
    """Tell whose life, date and exit date included, touches a closed span.

    Parameters
    ----------
    labels : pandas.DataFrame
        At least `date, exit_date`.
    since, until : pandas.Timestamp
        Both inclusive.

    Returns
    -------
    pandas.Series of bool
        Indexed as the labels.

    References
    ----------
    López de Prado (2018), "Advances in Financial Machine Learning", Wiley, section 7.4.1.
    """
    return (labels["date"] <= until) & (labels["exit_date"] >= since)
