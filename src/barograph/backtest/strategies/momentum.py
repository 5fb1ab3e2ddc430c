"""Momentum: hold the names that rose most over the past year, without its last month."""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.backtest.strategies.choice import TIE_DECIMALS, due, filled, top
from barograph.backtest.strategies.contract import ByWeights, View
from barograph.typing import STRICT, Floats


@dataclass(frozen=True, config=STRICT)
class Momentum(ByWeights):
    """Hold the names with the highest past return, equally weighted.

    The return runs from the close `lookback` dates ago to the close `skip` dates ago: with 252 and 21 the "12-1"
    momentum, which leaves out the last month because short-term returns reverse. A name needs a close on the first of
    these dates and a bar today. Names that tie at the last place share the places left equally.

    Parameters
    ----------
    lookback, skip : int
        Trading days, ``skip < lookback``.
    k : int
        Number of names.
    rebalance_days : int
        Trading days between rebalances, counted from the first date.

    References
    ----------
    Jegadeesh, N., & Titman, S. (1993). Returns to buying winners and selling losers. Journal of Finance 48(1), 65-91.
    """

    lookback: Annotated[int, Field(ge=2)]
    skip: Annotated[int, Field(ge=0)]
    k: Annotated[int, Field(ge=1)]
    rebalance_days: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _skips_less_than_all(self) -> "Momentum":
        if self.skip >= self.lookback:
            raise ValueError(f"skip is {self.skip}; it must be less than lookback, {self.lookback}")
        return self

    def weights(self, day: View) -> Floats | None:
        """Rank the names on a rebalance date; see :meth:`ByWeights.weights`."""
        if not due(day, self.rebalance_days):
            return None
        closes = filled(day.history("close", self.lookback + 1))
        if len(closes) <= self.lookback:
            return None
        earned = closes[-1 - self.skip] / closes[0] - 1.0
        score: Floats = np.where(np.isnan(day.bars.close), np.nan, earned)
        return top(np.round(score, TIE_DECIMALS), self.k)
