"""Purging: the lives of labels, and which of them overlap a span of days."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.typing import Dates


def lives(dates: ArrayLike, exit_dates: ArrayLike) -> tuple[Dates, Dates]:
    """Give dates and exit dates as days; raises InputError if a row has no exit date or exits before its date."""
    days, exits = np.asarray(dates, "datetime64[D]"), np.asarray(exit_dates, "datetime64[D]")
    if np.isnat(exits).any() or (exits < days).any():
        raise InputError("exit_dates: every row needs an exit date on or after its date")
    return days, exits


@without_time_zones
def lives_touch(labels: pd.DataFrame, since: pd.Timestamp, until: pd.Timestamp) -> "pd.Series[bool]":
    """Tell which labels' lives, date and exit date included, touch the closed span from `since` to `until`.

    After López de Prado (2018), *Advances in Financial Machine Learning*, Wiley, section 7.4.1.
    """
    return (labels["date"] <= until) & (labels["exit_date"] >= since)
