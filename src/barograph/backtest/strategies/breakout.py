"""Breakout: buy names that exceed the highest price of some weeks, sell them below the lowest of fewer."""

from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.backtest.strategies.choice import filled, places
from barograph.backtest.strategies.contract import ByWeights, View
from barograph.typing import STRICT, Floats


@dataclass(frozen=True, config=STRICT)
class Breakout(ByWeights):
    """Hold names between a breakout above Donchian's channel and a fall below a shorter one.

    A name is bought when its close exceeds the highest high of the `entry` dates before, and sold when its close is
    below the lowest low of the `exit` dates before. Bars without high and low count with their close. A name held has
    one of `k` equal places; if more are held, all have equal weights. The positions are rebalanced when a name comes or
    goes.

    Parameters
    ----------
    entry, exit : int
        Trading days, today not counted.
    k : int
        Number of places.

    References
    ----------
    Faith, C. (2007). Way of the Turtle, ch. 10. McGraw-Hill.
    """

    entry: Annotated[int, Field(ge=1)]
    exit: Annotated[int, Field(ge=1)]
    k: Annotated[int, Field(ge=1)]

    def weights(self, day: View) -> Floats | None:
        """Buy above one channel and sell below the other; see :meth:`ByWeights.weights`."""
        bars = max(self.entry, self.exit) + 1
        closes = day.history("close", bars)
        if len(closes) < bars:
            return None
        highs, lows = (filled(_or_close(day.history(name, bars), closes)) for name in ("high", "low"))
        close = closes[-1]
        held = day.memory.get("held", np.zeros(len(close), dtype=bool))
        rises = close > highs[-1 - self.entry : -1].max(axis=0)
        falls = close < lows[-1 - self.exit : -1].min(axis=0)
        now = (held & ~falls & ~np.isnan(closes).all(axis=0)) | rises
        day.memory["held"] = now
        return places(now, self.k) if (now != held).any() else None


def _or_close(values: Floats, closes: Floats) -> Floats:
    return np.where(np.isnan(values), closes, values)
