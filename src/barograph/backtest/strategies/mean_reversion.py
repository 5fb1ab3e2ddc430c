"""Mean reversion: buy names that fell far below their average, sell them when they are back."""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.backtest.strategies.choice import filled, places
from barograph.backtest.strategies.contract import ByWeights, View
from barograph.typing import STRICT, Floats


@dataclass(frozen=True, config=STRICT)
class MeanReversion(ByWeights):
    """Hold names between a close far below the moving average and the return to it.

    The score of a name is the distance of its close from the mean of its last `lookback` closes, in their standard
    deviations (ddof 1): the lower half of Bollinger's bands. A name is bought when the score is at most ``-entry`` and
    sold when it is at least ``-exit``. A name held has one of `k` equal places; if more are held, all have equal
    weights. The positions are rebalanced when a name comes or goes.

    Parameters
    ----------
    lookback : int
        Trading days of the moving average, today's included.
    entry, exit : float
        Standard deviations below the average, ``exit < entry``; a negative `exit` waits until the close is above it.
    k : int
        Number of places.

    References
    ----------
    Bollinger, J. (2001). Bollinger on Bollinger Bands. McGraw-Hill.
    """

    lookback: Annotated[int, Field(ge=3)]
    entry: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    exit: Annotated[float, Field(allow_inf_nan=False)]
    k: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _sells_above_its_purchase(self) -> "MeanReversion":
        if self.exit >= self.entry:
            raise ValueError(f"exit is {self.exit:g}; it must be less than entry, {self.entry:g}")
        return self

    def weights(self, day: View) -> Floats | None:
        """Buy what fell and sell what recovered; see :meth:`ByWeights.weights`."""
        closes, traded = filled(day.history("close", self.lookback)), ~np.isnan(day.bars.close)
        if len(closes) < self.lookback:
            return None
        deviation = closes.std(axis=0, ddof=1)
        unknown = np.full(len(traded), np.nan)
        score = np.divide(closes[-1] - closes.mean(axis=0), deviation, out=unknown, where=deviation > 0.0)
        held = day.memory.get("held", np.zeros(len(traded), dtype=bool))
        gone = np.isnan(closes).all(axis=0) | (traded & (score >= -self.exit))
        now = (held & ~gone) | (traded & (score <= -self.entry))
        day.memory["held"] = now
        return places(now, self.k) if (now != held).any() else None
