"""How a model's parameters are searched: by a sampler that learns, on a grid, or not at all."""

from dataclasses import field
from itertools import product
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.models.contract.spaces import Choices, Range, searched, starts, whole
from barograph.typing import STRICT

Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, config=STRICT)
class Study:
    """The rows of a search and its splits.

    Parameters
    ----------
    rows : int
        About how many rows the study looks at. How much regularisation is best depends on the number of rows, so take
        it near that of a fold's training set.
    splits : int
        Validation windows, one after the other, each preceded by the rows that had matured before it.
    first_share : float
        Share of the dates before the first validation window.
    batch : int
        Trials that run side by side; none of them learns from another of its batch.
    not_searched : list of str
        Models of the pipeline that take the start of their search space.
    """

    rows: Annotated[int, Field(ge=100)]
    splits: Count
    first_share: Annotated[float, Field(gt=0, lt=1)]
    batch: Count
    not_searched: list[str] = field(default_factory=list, kw_only=True)


@dataclass(frozen=True, config=STRICT)
class Tuning(Study):
    """A search by a sampler that learns from the trials before; further parameters as in :class:`Study`.

    Parameters
    ----------
    trials : int
        Settings tried, the a-priori ones first.
    startup_trials : int
        Trials before the sampler learns from those it has seen, and before a hopeless one is cut short.
    """

    trials: Count
    startup_trials: Count

    def planned(self, model: object) -> list[dict[str, Any]]:
        """Give the parameters of the first trial."""
        return [starts(model)]

    def trials_of(self, _model: object) -> int:
        """Give the number of trials."""
        return self.trials


@dataclass(frozen=True, config=STRICT)
class Grid(Study):
    """A search on a grid, after the start of the search space; further parameters as in :class:`Study`.

    Parameters
    ----------
    points : int
        Values per range, from end to end and evenly spaced on its scale. All choices of a list are tried.
    max_fits : int
        A grid that takes more fits is refused.
    """

    points: Annotated[int, Field(ge=2)]
    max_fits: Count

    def planned(self, model: object) -> list[dict[str, Any]]:
        """Give the parameters of all trials, the start first.

        Raises
        ------
        InputError
            If they take too many fits.
        """
        spaces, start = searched(model), starts(model)
        values = [self._values(space) for space in spaces.values()]
        trials = 1 + int(np.prod([len(column) for column in values]))
        if (fits := trials * self.splits) > self.max_fits:
            sizes = " x ".join(f"{len(column)} {name}" for name, column in zip(spaces, values, strict=True))
            raise InputError(
                f"tuning.points: {self.points}, so the start and {sizes} on {self.splits} splits take {fits} fits; "
                f"tuning.max_fits allows {self.max_fits}"
            )
        grid = [dict(zip(spaces, row, strict=True)) for row in product(*values)]
        return [start, *(row for row in grid if row != start)]

    def trials_of(self, model: object) -> int:
        """Give the number of trials; raises as :meth:`planned`."""
        return len(self.planned(model))

    def _values(self, space: Range | Choices) -> list[Any]:
        if "choices" in space:
            return list(space["choices"])
        spaced = np.geomspace if space.get("log", False) else np.linspace
        values = spaced(space["low"], space["high"], self.points).tolist()
        if whole(space):
            return sorted({round(value) for value in values})
        # The ends are exact: a logarithmic scale rounds them.
        return [space["low"], *values[1:-1], space["high"]]


@dataclass(frozen=True, config=STRICT)
class Off:
    """No search: every model takes the start of its search space."""
