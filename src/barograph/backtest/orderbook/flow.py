"""Random traders: limit orders, market orders and cancellations that know nothing."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass as checked

from barograph.backtest.orderbook.book import BUY, SELL, OrderBook
from barograph.typing import STRICT

Rate = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
_FIRST_PRICE = 10_000


@checked(frozen=True, config=STRICT)
class Traders:
    """The rates of the zero-intelligence model of Smith et al. [1]_, per unit of time.

    Parameters
    ----------
    limits : float
        Limit orders per side and tick.
    ticks : int
        How far from the other side's best price they are sent.
    markets : float
        Market orders per side.
    cancels : float
        Cancellations per resting order.
    size : int
        Shares of an order.

    References
    ----------
    .. [1] Smith, E., Farmer, J. D., Gillemot, L. & Krishnamurthy, S. (2003). "Statistical Theory of the Continuous
       Double Auction." Quantitative Finance 3(6), 481-514.
    """

    limits: Rate = 0.5
    ticks: Annotated[int, Field(ge=2)] = 40
    markets: Rate = 2.0
    cancels: Rate = 0.05
    size: Annotated[int, Field(ge=1)] = 10


@dataclass
class Flow:
    """A book in which random traders trade.

    Attributes
    ----------
    book : OrderBook
    traders : Traders
    rng : Generator
    volume : int
        Shares that the traders' market orders have filled.
    """

    book: OrderBook
    traders: Traders
    rng: np.random.Generator
    volume: int = 0

    @classmethod
    def begin(cls, traders: Traders, rng: np.random.Generator) -> "Flow":
        """Open a book with an order on each tick, and let it run until these orders have mostly been cancelled."""
        flow = cls(OrderBook(), traders, rng)
        for tick in range(1, traders.ticks + 1):
            for side in (BUY, SELL):
                flow.book.limit(side, _FIRST_PRICE - side * tick, traders.size)
        flow.play(3.0 / traders.cancels)
        flow.volume = 0
        return flow

    @property
    def mid(self) -> float:
        """The mean of the best prices, in ticks; of one price where a side is empty."""
        found = [price for price in (self.book.best(BUY), self.book.best(SELL)) if price is not None]
        return sum(found) / len(found) if found else float(_FIRST_PRICE)

    def play(self, time: float) -> None:
        """Let the traders trade for some time."""
        traders, left = self.traders, time
        limits, markets = 2.0 * traders.limits * traders.ticks, 2.0 * traders.markets
        while True:
            total = limits + markets + traders.cancels * len(self.book)
            wait, which, side, place = self.rng.random(4)
            left += np.log1p(-wait) / total
            if left < 0.0:
                return
            chosen, sign = which * total, BUY if side < 0.5 else SELL
            if chosen < limits:
                self._limit(sign, 1 + int(place * traders.ticks))
            elif chosen < limits + markets:
                _, trades = self.book.market(sign, traders.size)
                self.volume += sum(trade.size for trade in trades)
            else:
                self.book.cancel(self.book.resting[int(place * len(self.book))])

    def _limit(self, side: int, ticks: int) -> None:
        other = self.book.best(-side)
        self.book.limit(side, (round(self.mid) if other is None else other) - side * ticks, self.traders.size)
