"""Execution: the prices of fills and their costs."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.typing import STRICT

BasisPoints = Annotated[float, Field(ge=0.0, lt=10_000.0)]


@dataclass(frozen=True, config=STRICT)
class Execution:
    """Fills at the next bar, with commission and half the bid-ask spread.

    Market impact is off: fills are priced as if the portfolio were small against the volume traded, whatever its size.

    Parameters
    ----------
    price : {"next_close", "next_open"}
        Where an order decided at a close is filled: at the symbol's next close or at its next open. Only
        ``next_close`` works on bars without opens.
    commission_bps : float
        Basis points of the value traded, at the price paid or received.
    half_spread_bps : float
        Basis points by which the price paid is above, and the price received below, the bar's price.
    initial_cash : float
        In the currency of the prices; positive.
    max_leverage : float
        Largest sum of absolute target weights, and largest gross exposure over equity to which orders may lead.
    delisting_days : int
        Trading days without a bar after which a symbol counts as delisted.
    """

    price: Literal["next_close", "next_open"]
    commission_bps: BasisPoints
    half_spread_bps: BasisPoints
    initial_cash: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    max_leverage: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    delisting_days: Annotated[int, Field(ge=1)]

    @property
    def cost_bps(self) -> float:
        """Basis points that a trade costs, commission and half spread together."""
        return self.commission_bps + self.half_spread_bps
