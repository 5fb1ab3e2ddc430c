"""Combinatorial purged cross-validation: many test paths, none of which overlaps its training rows."""

from collections.abc import Iterator
from itertools import combinations
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.folds.purging import lives
from barograph.typing import STRICT, Rows


@dataclass(frozen=True, config=STRICT)
class CombinatorialPurgedCV:
    """Every choice of `n_test_groups` out of `n_groups` consecutive blocks of dates is a test set.

    A training row is purged when its life, from its date to its exit date, touches the life of any row of a test
    block, and embargoed for `embargo` trading days after a test block.

    Parameters
    ----------
    n_groups : int, default 6
        Blocks of dates, at least 2, of about as many dates each.
    n_test_groups : int, default 2
        Blocks tested together, at least 1 and fewer than `n_groups`.
    embargo : int, default 5
        Trading days after a test block whose rows are not trained on.

    Warnings
    --------
    Most splits train on dates after the tested ones. That asks how stable a result is, not how it would have traded.

    References
    ----------
    López de Prado, M. (2018), *Advances in Financial Machine Learning*, ch. 7.4 and 12.3.
    """

    n_groups: Annotated[int, Field(ge=2)] = 6
    n_test_groups: Annotated[int, Field(ge=1)] = 2
    embargo: Annotated[int, Field(ge=0)] = 5

    @model_validator(mode="after")
    def _some_group_trains(self) -> "CombinatorialPurgedCV":
        if self.n_test_groups >= self.n_groups:
            raise ValueError("n_test_groups must be less than n_groups")
        return self

    @without_time_zones
    def split(self, dates: ArrayLike, exit_dates: ArrayLike) -> Iterator[tuple[Rows, Rows]]:
        """Give the rows of every split.

        Parameters
        ----------
        dates, exit_dates : datetime64 arrays of shape (n,)
            Date and exit date of each row, in any order, with repeats; every row is labelled.

        Yields
        ------
        train, test : int arrays
            Row positions.

        Raises
        ------
        InputError
            If a row has no exit date, exits before its date, or there are fewer dates than groups.
        """
        days, exits = lives(dates, exit_dates)
        trading, day = np.unique(days, return_inverse=True)
        if trading.size < self.n_groups:
            raise InputError(f"dates: {trading.size} dates cannot make {self.n_groups} groups")
        # An exit between two of the rows' dates counts as the later one, which purges more rather than less.
        exit_day = np.searchsorted(trading, exits)
        block = np.arange(trading.size) * self.n_groups // trading.size
        for chosen in combinations(range(self.n_groups), self.n_test_groups):
            test = np.isin(block[day], chosen)
            barred = test.copy()
            for group in chosen:
                rows = block[day] == group
                first, last = day[rows].min(), exit_day[rows].max()
                barred |= (exit_day >= first) & (day <= last + self.embargo)
            yield np.flatnonzero(~barred), np.flatnonzero(test)
