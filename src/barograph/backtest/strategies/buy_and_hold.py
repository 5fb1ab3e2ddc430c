"""Buy once and hold."""

import numpy as np
from pydantic.dataclasses import dataclass

from barograph.backtest.strategies.contract import ByWeights, View
from barograph.errors import InputError
from barograph.typing import STRICT, Floats


@dataclass(frozen=True, config=STRICT)
class BuyAndHold(ByWeights):
    """Buy equal parts of the names on the first date on which one of them has a bar, and never trade again.

    Parameters
    ----------
    symbols : list of str or None
        The names; None for all. Those without a bar on that date are not bought later.
    """

    symbols: list[str] | None

    def weights(self, day: View) -> Floats | None:
        """Buy once; see :meth:`ByWeights.weights`."""
        if day.memory.get("bought"):
            return None
        wanted = ~np.isnan(day.bars.close)
        if self.symbols is not None:
            if unknown := sorted(set(self.symbols) - set(map(str, day.symbols))):
                raise InputError(f"symbols: {unknown[0]} has no bars; allowed are the symbols of the market")
            wanted &= np.isin(day.symbols, self.symbols)
        if not wanted.any():
            return None
        day.memory["bought"] = True
        weights: Floats = wanted / wanted.sum()
        return weights
