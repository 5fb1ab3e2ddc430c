"""The book: resting orders by price and time, and what an arriving order trades with."""

from bisect import bisect_left, insort
from dataclasses import dataclass

from barograph.errors import InputError

BUY, SELL = 1, -1


@dataclass(frozen=True)
class Trade:
    """Shares that change hands: at the price of the order that rested."""

    maker: int
    taker: int
    price: int
    size: int


class OrderBook:
    """Orders in price-time priority: the best price first, at one price the oldest first.

    Sides are 1 (buy) and -1 (sell), prices whole ticks, sizes whole shares. An order's number is its place in the order
    of arrival.
    """

    def __init__(self) -> None:
        # Prices times the side, so that the best price is the last of either list.
        self._prices: dict[int, list[int]] = {BUY: [], SELL: []}
        # Orders of a price by number: a dict keeps them in the order of arrival.
        self._levels: dict[int, dict[int, dict[int, int]]] = {BUY: {}, SELL: {}}
        self._places: dict[int, tuple[int, int]] = {}
        self._arrived = 0

    def limit(self, side: int, price: int, size: int) -> tuple[int, list[Trade]]:
        """Trade up to a price, and let the rest wait there.

        Returns
        -------
        number : int
        trades : list of Trade

        Raises
        ------
        InputError
            If the side is neither 1 nor -1, or the size is not positive.
        """
        number, trades, left = self._take(side, size, price)
        if left:
            level = self._levels[side].get(price)
            if level is None:
                level = self._levels[side][price] = {}
                insort(self._prices[side], side * price)
            level[number] = left
            self._places[number] = side, price
        return number, trades

    def market(self, side: int, size: int) -> tuple[int, list[Trade]]:
        """Trade at whatever price; what finds nobody is cancelled. Returns and raises as :meth:`limit`."""
        number, trades, _ = self._take(side, size, None)
        return number, trades

    def cancel(self, number: int) -> int:
        """Take a resting order out, and give the size that was left.

        Raises
        ------
        InputError
            If no order of that number rests.
        """
        if number not in self._places:
            raise InputError(f"order book: no order {number} rests; it has filled, was cancelled or never rested")
        side, price = self._places.pop(number)
        left = self._levels[side][price].pop(number)
        self._forget_empty(side, price)
        return left

    def best(self, side: int) -> int | None:
        """Give the best price of a side; None where nothing rests."""
        prices = self._prices[side]
        return side * prices[-1] if prices else None

    def depth(self, side: int) -> list[tuple[int, int]]:
        """Give price and size of every level, the best first."""
        prices = [side * price for price in reversed(self._prices[side])]
        return [(price, sum(self._levels[side][price].values())) for price in prices]

    @property
    def resting(self) -> list[int]:
        """The numbers of all orders that rest, oldest first."""
        return list(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _take(self, side: int, size: int, worst: int | None) -> tuple[int, list[Trade], int]:
        """Trade with the other side up to a price; give the number, the trades and the size left."""
        if side not in (BUY, SELL) or size < 1:
            raise InputError(f"order book: side {side}, size {size}; allowed are 1 or -1, and whole shares from 1")
        number, trades, left = self._arrived, [], size
        self._arrived += 1
        while left and (price := self.best(-side)) is not None and (worst is None or side * price <= side * worst):
            level = self._levels[-side][price]
            maker, rests = next(iter(level.items()))
            traded = min(left, rests)
            trades.append(Trade(maker, number, price, traded))
            left -= traded
            if traded == rests:
                del level[maker], self._places[maker]
                self._forget_empty(-side, price)
            else:
                level[maker] = rests - traded
        return number, trades, left

    def _forget_empty(self, side: int, price: int) -> None:
        if not self._levels[side][price]:
            del self._levels[side][price]
            prices = self._prices[side]
            del prices[bisect_left(prices, side * price)]
