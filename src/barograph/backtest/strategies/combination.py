"""Combination: hold several strategies at once."""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.backtest.strategies.contract import ByWeights, View, Wrapped
from barograph.backtest.strategies.sleeve import Sleeve, sleeves
from barograph.typing import STRICT, Floats

Share = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


@dataclass(frozen=True, config=STRICT)
class Combination(ByWeights):
    """Divide the equity between strategies, by fixed shares or by the inverse of their volatility.

    Each strategy decides on a paper account. When one of them decides, the portfolio is rebalanced to the sum of their
    weights times their shares; those that did not decide count with the weights that they have. Positions of two
    strategies in one name are netted before anything is traded.

    Parameters
    ----------
    strategies : dict of str to strategy
        At least one, by names of your choice.
    shares : dict of str to float or None
        For each strategy its share of the equity; together at most 1, the rest is cash. None divides it by the inverse
        of each strategy's volatility on paper; equally, until all of them have moved for `lookback` dates.
    lookback : int
        Trading days over which volatility (ddof 1) is measured.
    """

    strategies: Annotated[dict[str, Wrapped], Field(min_length=1)]
    shares: dict[str, Share] | None
    lookback: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _has_a_share_for_each(self) -> "Combination":
        if self.shares is None:
            return self
        if self.shares.keys() != self.strategies.keys():
            raise ValueError(f"shares are given for {sorted(self.shares)}; they are needed for {[*self.strategies]}")
        if (total := sum(self.shares.values())) > 1.0 + 1e-9:
            raise ValueError(f"shares sum to {total:g}; at most 1 is allowed")
        return self

    def weights(self, day: View) -> Floats | None:
        """Mix the strategies' weights; see :meth:`ByWeights.weights`."""
        held = sleeves(day, self.strategies)
        decided = [sleeve.decide(day) for sleeve in held.values()]
        if all(each is None for each in decided):
            return None
        return mixed(held, self.shares or self._inverse_volatility(held))

    def _inverse_volatility(self, held: Mapping[str, Sleeve]) -> dict[str, float]:
        returns = [sleeve.returns[-self.lookback :] for sleeve in held.values()]
        volatility = np.array([np.std(each, ddof=1) if len(each) == self.lookback else 0.0 for each in returns])
        inverse = 1.0 / volatility if (volatility > 0.0).all() else np.ones(len(volatility))
        return dict(zip(held, (inverse / inverse.sum()).tolist(), strict=True))


def mixed(held: Mapping[str, Sleeve], shares: Mapping[str, float]) -> Floats:
    """Give the sum of the strategies' target weights times their shares."""
    weights: Floats = np.sum([share * held[name].target for name, share in shares.items()], axis=0)
    return weights
