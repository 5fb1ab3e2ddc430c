"""Regime switch: a strategy or an exposure for each regime."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import numpy as np
from pydantic import AfterValidator, Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.backtest.strategies.contract import ByWeights, View, decides_weights
from barograph.backtest.strategies.sleeve import sleeves
from barograph.errors import InputError
from barograph.typing import STRICT, Floats

_BASE: Final = "base"


def _share_or_strategy(part: Any) -> Any:
    if isinstance(part, bool) or not isinstance(part, int | float):
        return decides_weights(part)
    if not 0.0 <= part < np.inf:
        raise ValueError(f"{part} is no exposure; a finite number of at least 0 is needed")
    return float(part)


@dataclass(frozen=True, config=STRICT)
class RegimeSwitch(ByWeights):
    """Follow another strategy, or a share of one, in each regime.

    The regime is the context's ``regime`` at the close of the date. Every strategy decides on every date, each on a
    paper account; when the regime changes, the weights of the regime's strategy are taken over as they are, and while
    it lasts the portfolio is rebalanced whenever that strategy decides. A date without a regime changes nothing.

    Parameters
    ----------
    strategy : strategy or None
        The one of which the regimes with a number hold that share.
    regimes : dict of str to float or strategy
        For each regime an exposure (0: cash, 1: the strategy's weights as they are), or another strategy.
    """

    strategy: Annotated[Any, AfterValidator(lambda given: given if given is None else decides_weights(given))]
    regimes: Annotated[dict[str, Annotated[Any, AfterValidator(_share_or_strategy)]], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_what_the_numbers_are_shares_of(self) -> "RegimeSwitch":
        numbers = [regime for regime, part in self.regimes.items() if isinstance(part, float)]
        if numbers and self.strategy is None:
            raise ValueError(f"regimes.{numbers[0]} is a share of a strategy, but strategy is None; name one")
        return self

    def weights(self, day: View) -> Floats | None:
        """Take the weights of the regime's strategy; see :meth:`ByWeights.weights`."""
        held = sleeves(day, self._strategies())
        decided = {name: sleeve.decide(day) for name, sleeve in held.items()}
        regime = day.context["regime"]
        if not isinstance(regime, str):
            return None
        if regime not in self.regimes:
            raise InputError(f"regimes: {regime!r} is not among them; there are {sorted(self.regimes)}")
        part = self.regimes[regime]
        followed = (_BASE, part) if isinstance(part, float) else (regime, 1.0)
        changed = day.memory.get("followed") != followed
        day.memory["followed"] = followed
        name, exposure = followed
        return exposure * held[name].target if changed or decided[name] is not None else None

    def _strategies(self) -> Mapping[str, Any]:
        base = {} if self.strategy is None else {_BASE: self.strategy}
        return base | {regime: part for regime, part in self.regimes.items() if not isinstance(part, float)}
