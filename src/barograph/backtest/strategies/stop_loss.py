"""Stop loss: close a position that has lost too much."""

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.backtest.strategies.choice import TIE_DECIMALS
from barograph.backtest.strategies.contract import ByWeights, View, Wrapped
from barograph.backtest.strategies.sleeve import sleeves
from barograph.typing import STRICT, Floats


@dataclass(frozen=True, config=STRICT)
class StopLoss(ByWeights):
    """Follow another strategy, but close a position whose price has moved against it by a share of its entry price.

    The loss is measured at the close, from the average price paid, and the position is closed at the next bar; a gap
    can cost more than `loss`. (An order of kind ``stop`` rests in the market and fills during the day.) The name is not
    held again until the strategy has let go of it or turned it round, and has chosen it anew.

    Parameters
    ----------
    strategy : strategy
        The one that is followed.
    loss : float
        In (0, 1): 0.1 closes a long position at 90 % of its entry price or below, a short one at 110 % or above.
    """

    reason: ClassVar[str] = "stop_loss"

    strategy: Wrapped
    loss: Annotated[float, Field(gt=0.0, lt=1.0)]

    def weights(self, day: View) -> Floats | None:
        """Close what has lost too much; see :meth:`ByWeights.weights`."""
        (sleeve,) = sleeves(day, {"strategy": self.strategy}).values()
        decided = sleeve.decide(day)
        held, memory = np.sign(day.weights), day.memory
        # The side of the position that was stopped, while the strategy clings to it; 0 otherwise.
        stopped = memory.get("stopped", np.zeros(len(held)))
        stopped = np.where(np.sign(sleeve.target) == stopped, stopped, 0.0)
        lost = np.round(held * (day.bars.close / day.entry_price - 1.0), TIE_DECIMALS) <= -self.loss
        stopped = memory["stopped"] = np.where(lost & (held != 0.0), held, stopped)
        out = stopped != 0.0
        if decided is not None:
            return np.where(out, 0.0, decided)
        closing = out & (held == stopped)
        return np.where(closing, 0.0, np.nan) if closing.any() else None
