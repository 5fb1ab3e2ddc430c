"""Which dates and rows belong to a regime, an event, a sector or a fold."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from barograph.names import REGIMES
from barograph.scoring.pairing import Paired
from barograph.typing import Ints, Rows

POOLED = ("regime", "event")


@dataclass(frozen=True)
class Slice:
    """Some of the scored rows: at least one position, ascending, shape (m,).

    The kind is `overall`, `regime`, `event`, `sector` or `fold`.
    """

    kind: str
    name: str
    rows: Rows


def slices(paired: Paired, archive: pd.DataFrame) -> Iterator[Slice]:
    """Cut the scored rows up; slices without rows are left out.

    Overall, then regimes (from calm to crisis), events (by date: all rows of the dates of an event in `archive`, of
    every symbol), sectors (by name) and folds (by number, named like ``2008 (fold 3)`` after the year of their first
    scored date).
    """
    yield Slice("overall", "overall", np.arange(paired.label.size))
    regime = paired.regime[paired.date]
    for name in regimes_of(regime):
        yield Slice("regime", name, np.flatnonzero(regime == name))
    events = archive[["event", "date"]].drop_duplicates().sort_values(["date", "event"])
    for name in events["event"].unique():
        days = events.loc[events["event"] == name, "date"].to_numpy().astype("datetime64[D]")
        rows = np.flatnonzero(np.isin(paired.dates, days)[paired.date])
        if rows.size:
            yield Slice("event", name, rows)
    for name in sorted(set(paired.sector)):
        yield Slice("sector", name, np.flatnonzero(paired.sector == name))
    for fold in np.unique(paired.fold):
        rows = np.flatnonzero(paired.fold == fold)
        year = str(paired.dates[paired.date[rows].min()])[:4]
        yield Slice("fold", f"{year} (fold {fold})", rows)


def regimes_of(regime: NDArray[np.object_]) -> list[str]:
    """List the regimes that occur, from calm to crisis, then unknown ones by name."""
    occurring = set(regime)
    return [name for name in REGIMES if name in occurring] + sorted(occurring - set(REGIMES))


def episode_numbers(trading_day: Ints, gap: int) -> Ints:
    """Give each of the ascending trading days the number of its episode; more than `gap` days between part episodes."""
    between = np.diff(trading_day) - 1
    return np.concatenate([[0], np.cumsum(between > gap)])


def folds_of_decisions(decided: ArrayLike, predicted: ArrayLike, fold: ArrayLike) -> Ints:
    """Give each day of decision, shape (T,), the fold of the model that was last heard by then.

    It is that of the last of the ascending dates `predicted`, shape (D,), that is not later; before the first of them,
    the first one's. `fold`, shape (D,), has the fold of each date predicted. Dates may be places in a calendar.
    """
    folds = np.asarray(fold, dtype=np.int64)
    last: Ints = folds[(np.searchsorted(np.asarray(predicted), np.asarray(decided), side="right") - 1).clip(min=0)]
    return last


def fold_numbers(paired: Paired, dates: Rows) -> Ints:
    """Give each of the ascending dates the number of its fold among theirs, from 0."""
    of_date = np.zeros(paired.dates.size, dtype=np.int64)
    of_date[paired.date] = paired.fold
    numbers: Ints = np.unique(of_date[dates], return_inverse=True)[1]
    return numbers
