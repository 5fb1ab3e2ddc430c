"""The rows on which memory options are compared, and the dates and episodes that are resampled."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.names import CLASSES, KEY
from barograph.scoring.bootstrap import can_resample
from barograph.scoring.evidence import Evidence, independent_cases, weigh
from barograph.scoring.pairing import Calendar, require
from barograph.scoring.settings import Validation
from barograph.scoring.slices import episode_numbers, regimes_of
from barograph.typing import Floats, Ints, Mask, Rows

OVERALL: Final = "overall"
_FEWEST_TO_RANK: Final = 3


@dataclass(frozen=True)
class DatePart:
    """Dates that are resampled together: all (slice `overall`), or those of a regime.

    Attributes
    ----------
    dates : ndarray of int, shape (d,)
        Ascending positions among the dates that were cut up.
    case : ndarray of int, shape (d,)
        The independent case of each date, numbered from 0: overall its fold, in a regime its episode.
    evidence : Evidence
        What the independent cases are worth: overall the folds, as models are frozen for a fold; of a regime its
        episodes.
    independent : float
        The number of independent cases behind intervals and tests; see
        :func:`~barograph.scoring.evidence.independent_cases`.
    resampled : bool
        False where a single episode is shorter than two blocks, which does not show its spread.
    """

    slice: str
    dates: Rows
    case: Ints
    evidence: Evidence
    independent: float
    resampled: bool


@dataclass(frozen=True)
class ScoredRows:
    """Labelled rows that every option predicted, by symbol and date: n rows on D dates.

    Attributes
    ----------
    position : ndarray of int, shape (n,)
        Of each row in the frame that :func:`scored_rows` was given.
    date : ndarray of int, shape (n,)
        Index into `dates` (D,).
    fold : ndarray of int, shape (D,)
        Of each date.
    parts : tuple of DatePart
        Of `dates`: overall, then each regime that occurs.
    exit_rank : ndarray, shape (n,)
        :func:`centred_ranks` of the returns to the exit.
    ranked : ndarray of int, shape (r,)
        The dates of the rank information coefficient: at least three symbols, and returns that differ. `ranked_parts`
        are theirs.
    """

    position: Ints
    label: Ints
    date: Ints
    dates: pd.DatetimeIndex
    fold: Ints
    parts: tuple[DatePart, ...]
    exit_rank: Floats
    ranked: Rows
    ranked_parts: tuple[DatePart, ...]
    calendar: Calendar


@without_time_zones
def scored_rows(rows: pd.DataFrame, labels: pd.DataFrame, regimes: pd.DataFrame, validation: Validation) -> ScoredRows:
    """Keep the rows that have a label, and cut their dates into regimes and episodes.

    `rows` has the `symbol, date, fold` that every option predicted, in any order; the dates of `regimes` are the
    trading calendar. A missing column or regime, a repeated row, an unknown label, a return that is not finite, or no
    row left raises :class:`~barograph.errors.InputError`.
    """
    for name, table, columns in (
        ("rows", rows, [*KEY, "fold"]),
        ("labels", labels, [*KEY, "label", "exit_return"]),
        ("regimes", regimes, ["date", "regime"]),
    ):
        require(table, name, columns)
    calendar = Calendar.of(regimes)
    kept = _labelled(rows, labels)
    dates, date = np.unique(kept["date"].to_numpy(), return_inverse=True)
    label, days = kept["label"].to_numpy(dtype=np.int64), pd.DatetimeIndex(dates)
    day = calendar.positions(days, "predictions and labels")
    fold = np.zeros(days.size, dtype=np.int64)
    fold[date] = rows["fold"].to_numpy()[kept["position"]]
    rank = centred_ranks(kept["exit_return"].to_numpy(), date)
    ranked = np.flatnonzero((np.bincount(date) >= _FEWEST_TO_RANK) & (np.bincount(date, rank**2) > 0))
    return ScoredRows(
        position=kept["position"].to_numpy(),
        label=label,
        date=date.astype(np.int64),
        dates=days,
        fold=fold,
        parts=date_parts(day, calendar.regime[day], fold, validation),
        exit_rank=rank,
        ranked=ranked,
        ranked_parts=date_parts(day[ranked], calendar.regime[day[ranked]], fold[ranked], validation),
        calendar=calendar,
    )


def date_parts(day: Ints, regime: NDArray[np.object_], fold: Ints, validation: Validation) -> tuple[DatePart, ...]:
    """Cut dates, given as ascending places in the calendar, into all of them and those of each regime that occurs.

    `overall` comes first, then the regimes from calm to crisis; without dates there is no part. The folds ascend.
    """
    if not day.size:
        return ()
    cases = {OVERALL: (np.arange(day.size), np.unique(fold, return_inverse=True)[1])}
    for name in regimes_of(regime):
        dates = np.flatnonzero(regime == name)
        cases[name] = (dates, episode_numbers(day[dates], validation.episode_gap_days))
    return tuple(
        DatePart(
            slice=name,
            dates=dates,
            case=case,
            evidence=weigh(np.bincount(case), validation.min_episodes),
            independent=independent_cases(case, validation.block_days),
            resampled=can_resample(case, validation.block_days),
        )
        for name, (dates, case) in cases.items()
    )


def centred_ranks(values: Floats, date: NDArray[np.integer]) -> Floats:
    """Rank values within their date, ties at their mean rank, and take off the date's mean rank.

    The results are exact multiples of 0.5, and 0 on a date whose values are equal.
    """
    order = np.lexsort((values, date))
    value, day = values[order], date[order]
    starts_day = np.append(True, day[1:] != day[:-1])
    starts_tie = starts_day | np.append(True, value[1:] != value[:-1])
    ranks = np.empty(values.size)
    ranks[order] = _middles(starts_tie) - _middles(starts_day)
    return ranks


def _middles(starts: Mask) -> Floats:
    """Give each place the middle of the run to which it belongs."""
    first = np.flatnonzero(starts)
    length = np.diff(first, append=starts.size)
    return np.repeat(first + (length - 1) / 2, length)


def _labelled(rows: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Give `symbol, date, position, label, exit_return` of the rows with a label, by symbol and date."""
    keyed = rows[KEY].assign(position=np.arange(len(rows)))
    kept = keyed.merge(labels[[*KEY, "label", "exit_return"]], on=KEY).sort_values(KEY, ignore_index=True)
    if kept.empty:
        raise InputError("rows: none that every option predicted has a label; nothing can be compared")
    for wrong, fault in (
        (kept.duplicated(KEY), "occurs more than once; it must be unique"),
        (~kept["label"].isin(range(len(CLASSES))), "has a label that is none of 0 (sell), 1 (hold), 2 (buy)"),
        (~np.isfinite(kept["exit_return"]), "has an exit_return that is not finite"),
    ):
        if wrong.any():
            row = kept[wrong].iloc[0]
            raise InputError(f"rows and labels: {row['symbol']} on {row['date']:%Y-%m-%d} {fault}")
    return kept
