"""Switch: follow the strategy that did best of late."""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.backtest.execution import BasisPoints
from barograph.backtest.strategies.choice import TIE_DECIMALS, due
from barograph.backtest.strategies.combination import mixed
from barograph.backtest.strategies.contract import ByWeights, View, Wrapped
from barograph.backtest.strategies.sleeve import Sleeve, sleeves
from barograph.typing import STRICT, Floats


@dataclass(frozen=True, config=STRICT)
class Switch(ByWeights):
    """Follow the strategy with the highest trailing return on paper.

    Each strategy decides on a paper account. Every `choose_days` dates the one whose account gained most over the last
    `lookback` dates is chosen, today's return included; all share the equity equally until there are as many returns,
    and those that tie for the highest share it too. In between, the portfolio is rebalanced when a strategy that is
    followed decides.

    Parameters
    ----------
    strategies : dict of str to strategy
        At least one, by names of your choice.
    lookback : int
        Trading days.
    choose_days : int
        Trading days between choices, counted from the first date.
    cost_bps : float
        Basis points of the value traded that a paper account pays.
    """

    strategies: Annotated[dict[str, Wrapped], Field(min_length=1)]
    lookback: Annotated[int, Field(ge=1)]
    choose_days: Annotated[int, Field(ge=1)]
    cost_bps: BasisPoints

    def weights(self, day: View) -> Floats | None:
        """Follow the best; see :meth:`ByWeights.weights`."""
        held = sleeves(day, self.strategies, self.cost_bps)
        decided = {name: sleeve.decide(day) for name, sleeve in held.items()}
        before = day.memory.get("shares")
        if due(day, self.choose_days):
            day.memory["shares"] = self._shares(held)
        shares = day.memory["shares"]
        if shares == before and all(decided[name] is None for name in shares):
            return None
        return mixed(held, shares)

    def _shares(self, held: Mapping[str, Sleeve]) -> dict[str, float]:
        """Give the share of each strategy that is followed."""
        returns = {name: np.array(sleeve.returns[-self.lookback :]) for name, sleeve in held.items()}
        gains = {name: round(float(np.prod(1.0 + each)), TIE_DECIMALS) for name, each in returns.items()}
        enough = all(len(each) == self.lookback for each in returns.values())
        best = [name for name, gain in gains.items() if gain == max(gains.values()) or not enough]
        return dict.fromkeys(best, 1.0 / len(best))
