"""Walk-forward grid: each year, the parameters that did best until then."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cached_property
from itertools import product
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from barograph.backtest import analytics
from barograph.backtest.execution import BasisPoints
from barograph.backtest.strategies.contract import ByWeights, View, Wrapped
from barograph.backtest.strategies.sleeve import Sleeve, sleeves
from barograph.typing import STRICT, Floats

_GIVEN = "as given"


@dataclass(frozen=True, config=STRICT)
class WalkForwardGrid(ByWeights):
    """Follow a strategy whose parameters are chosen anew for each fold, by what they earned before it.

    A fold is a calendar year. Every combination of the grid's values decides on a paper account from the first date
    on. On the first date of a fold, the combination whose account has the highest Sharpe ratio over all dates before
    the fold is chosen, the first of equal ones; before `min_days` such dates, the strategy is followed with the
    parameters that it has. ``day.memory["choices"]`` records each choice: see :func:`choices`.

    Parameters
    ----------
    strategy : strategy
        A dataclass with a method ``weights(day)``.
    grid : dict of str to list
        For each parameter the values that are tried.
    min_days : int
        Trading days before the first choice, at least 2.
    cost_bps : float
        Basis points of the value traded that a paper account pays; without costs, the grid would choose what trades
        most.
    """

    strategy: Wrapped
    grid: Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)]
    min_days: Annotated[int, Field(ge=2)]
    cost_bps: BasisPoints

    @model_validator(mode="after")
    def _builds_every_combination(self) -> "WalkForwardGrid":
        if not is_dataclass(self.strategy):
            raise ValueError(f"{type(self.strategy).__name__} is no dataclass; its parameters cannot be replaced")
        known = [field.name for field in fields(self.strategy)]
        if unknown := [name for name in self.grid if name not in known]:
            raise ValueError(f"grid.{unknown[0]}: no such parameter; allowed are {known}")
        try:
            _ = self.candidates
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise ValueError(f"grid.{place}: {first['msg']}, found {first['input']!r}") from error
        return self

    @cached_property
    def candidates(self) -> dict[str, Any]:
        """The strategies of the grid, by a text that names their parameters."""
        combinations = (dict(zip(self.grid, values, strict=True)) for values in product(*self.grid.values()))
        return {
            ", ".join(f"{name}={value}" for name, value in each.items()): replace(self.strategy, **each)
            for each in combinations
        }

    def weights(self, day: View) -> Floats | None:
        """Follow the fold's choice; see :meth:`ByWeights.weights`."""
        held = sleeves(day, {_GIVEN: self.strategy, **self.candidates}, self.cost_bps)
        decided = {name: sleeve.decide(day) for name, sleeve in held.items()}
        chosen: list[dict[str, Any]] = day.memory.setdefault("choices", [])
        before = chosen[-1]["parameters"] if chosen else None
        if not chosen or chosen[-1]["fold"] != day.date.year:
            chosen.append({"fold": day.date.year, **self._choice(held)})
        now = chosen[-1]["parameters"]
        return held[now].target if now != before or decided[now] is not None else None

    def _choice(self, held: Mapping[str, Sleeve]) -> dict[str, Any]:
        # The last return is that of the fold's first date.
        past = {name: sleeve.returns[:-1] for name, sleeve in held.items()}
        days = len(past[_GIVEN])
        if days < self.min_days:
            return {"parameters": _GIVEN, "sharpe": np.nan, "days": days}
        sharpe = {name: analytics.sharpe_ratio(past[name]) for name in self.candidates}
        ranked = {name: -np.inf if np.isnan(value) else value for name, value in sharpe.items()}
        best = max(ranked, key=ranked.__getitem__)
        return {"parameters": best, "sharpe": sharpe[best], "days": days}


def choices(memory: Mapping[str, Any]) -> pd.DataFrame:
    """Give what a walk-forward grid chose, from the memory that a run ends with.

    Returns
    -------
    DataFrame
        One row per fold: ``fold`` (the year), ``parameters`` (text), ``sharpe`` (of the choice, yearly, over the dates
        before the fold; missing where nothing was chosen yet) and ``days`` (their number).
    """
    return pd.DataFrame(memory.get("choices", []), columns=["fold", "parameters", "sharpe", "days"])
