"""VIX guard: no new positions while volatility is high."""

from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.backtest.strategies.contract import ByWeights, View, Wrapped
from barograph.backtest.strategies.sleeve import sleeves
from barograph.typing import STRICT, Floats


@dataclass(frozen=True, config=STRICT)
class VixGuard(ByWeights):
    """Follow another strategy, but open and enlarge no position while the VIX is above a level.

    Positions may be reduced and closed at any level. When the VIX is back at the level or below, the positions that
    were held back are opened. A date whose VIX is not known is not guarded.

    Parameters
    ----------
    strategy : strategy
        The one that is followed.
    level : float
        Of the context's ``vix`` at the close.
    """

    strategy: Wrapped
    level: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]

    def weights(self, day: View) -> Floats | None:
        """Hold back what is new; see :meth:`ByWeights.weights`."""
        (sleeve,) = sleeves(day, {"strategy": self.strategy}).values()
        decided = sleeve.decide(day)
        if not day.context["vix"] > self.level:
            return sleeve.target if day.memory.pop("held_back", False) else decided
        if decided is None:
            return None
        now = day.weights
        kept = np.where(decided * now > 0.0, np.copysign(np.minimum(np.abs(decided), np.abs(now)), decided), 0.0)
        allowed = np.where(np.isnan(decided), np.nan, kept)
        if (np.abs(allowed) < np.abs(decided)).any():
            day.memory["held_back"] = True
        return allowed
