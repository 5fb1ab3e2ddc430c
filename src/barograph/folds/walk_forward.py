"""Walk-forward folds on calendar years."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.typing import STRICT, Dates, Mask, Rows


class Fold(NamedTuple):
    """A step of the walk; numbers count from 0, in the order of time.

    A training row must be known before the day `cutoff`: `embargo` trading days before the first test date. The first
    and last day of the test window are nominal; the final fold has no test window and ends at NaT.
    """

    number: int
    cutoff: np.datetime64
    test_start: np.datetime64
    test_end: np.datetime64

    @property
    def final(self) -> bool:
        """Whether this is the fold of the model that goes into service."""
        return bool(np.isnat(self.test_end))

    def matured(self, exit_dates: Dates) -> Mask:
        """Tell which labels are known early enough to train on."""
        return exit_dates < self.cutoff

    def tested(self, dates: Dates) -> Mask:
        """Tell which dates lie in the test window."""
        return (dates >= self.test_start) & (dates <= self.test_end)


@dataclass(frozen=True, config=STRICT)
class WalkForward:
    """A test window for each calendar year, everything that had matured before it as the fold's past.

    Boundaries are anchored in the calendar, so more history after a fold does not move it.

    Parameters
    ----------
    first_year : int or None
        The first year tested, if `min_years` allows; None for the first that it allows.
    min_years : int
        Years of labelled history before the first test window.
    embargo : int
        Trading days between the last exit of a training row and the first test date.
    """

    first_year: Annotated[int, Field(ge=1900, le=2200)] | None = None
    min_years: Annotated[int, Field(ge=1)] = 3
    embargo: Annotated[int, Field(ge=0)] = 5

    @without_time_zones
    def folds(self, calendar: ArrayLike, first_labelled: np.datetime64) -> list[Fold]:
        """Lay out the folds.

        Parameters
        ----------
        calendar : datetime64 array of shape (T,)
            The trading days, ascending and unique.
        first_labelled : numpy.datetime64
            Date of the earliest labelled row.

        Returns
        -------
        list of Fold
            A fold for each year, then the final one, whose training set is everything that has matured at the
            calendar's end.

        Raises
        ------
        InputError
            If no year can be tested.
        """
        days = np.asarray(calendar, "datetime64[D]")
        earliest = pd.Timestamp(first_labelled) + pd.DateOffset(years=self.min_years)
        start = earliest.year if (earliest.month, earliest.day) == (1, 1) else earliest.year + 1
        start = max(start, self.first_year or start)
        last = days[-1].astype("datetime64[Y]").astype(int) + 1970
        if start > last:
            raise InputError(
                f"folds: labelled history from {earliest.year - self.min_years} to {last} leaves no year to test after "
                f"min_years={self.min_years} and first_year={self.first_year}"
            )
        years = enumerate(range(start, last + 1))
        folds = [self._fold(days, i, f"{year}-01-01", f"{year}-12-31") for i, year in years]
        return [*folds, self._fold(days, len(folds), str(days[-1] + 1), "NaT")]

    @without_time_zones
    def over(self, labels: pd.DataFrame, regimes: pd.DataFrame) -> list[Fold]:
        """Lay out the folds over labelled rows.

        Parameters
        ----------
        labels, regimes : pandas.DataFrame
            The labels and the regimes table; the regimes' dates, up to the last exit, are the trading calendar.

        Returns
        -------
        list of Fold
            As :meth:`folds`, but a year is tested only once the labels reach its cutoff: until then more history would
            add rows to its training set.

        Raises
        ------
        InputError
            If no year can be tested.
        """
        known = labels[labels["date"].isin(regimes["date"])]
        # The context may go on after the last bar; the last exit is the last day that the labels know of.
        calendar = regimes.loc[regimes["date"] <= known["exit_date"].max(), "date"]
        laid_out = self.folds(calendar.to_numpy(), known["date"].min())
        last = known["date"].max()
        whole = [fold for fold in laid_out if fold.final or fold.cutoff <= last]
        if whole[0].final:
            raise InputError(
                f"folds: labels end on {last:%Y-%m-%d}, before {laid_out[0].cutoff}, which leaves no year to test"
            )
        return [fold._replace(number=number) for number, fold in enumerate(whole)]

    @without_time_zones
    def split(
        self, dates: ArrayLike, exit_dates: ArrayLike, *, calendar: ArrayLike | None = None
    ) -> Iterator[tuple[Rows, Rows]]:
        """Give the rows of each fold's past and of its test window.

        Parameters
        ----------
        dates : datetime64 array of shape (n,)
            Date of each row, in any order, with repeats.
        exit_dates : datetime64 array of shape (n,)
            When each row's label becomes known; NaT for an unlabelled row, which is tested but never trained on.
        calendar : datetime64 array of shape (T,), optional
            The trading days by which the embargo counts; the rows' dates by default.

        Yields
        ------
        train, test : int arrays
            Row positions.

        Raises
        ------
        InputError
            If no year can be tested.
        """
        days, exits = np.asarray(dates, "datetime64[D]"), np.asarray(exit_dates, "datetime64[D]")
        labelled = ~np.isnat(exits)
        if not labelled.any():
            raise InputError("exit_dates: no row is labelled; there is nothing to train on")
        trading = np.unique(days if calendar is None else np.asarray(calendar, "datetime64[D]"))
        for fold in self.folds(trading, days[labelled].min()):
            if not fold.final:
                yield np.flatnonzero(fold.matured(exits)), np.flatnonzero(fold.tested(days))

    def _fold(self, days: Dates, number: int, start: str, end: str) -> Fold:
        first = np.datetime64(start, "D")
        position = int(np.searchsorted(days, first))
        cutoff = days[max(position - self.embargo, 0)] if self.embargo else first
        return Fold(number, cutoff, first, np.datetime64(end, "D"))
