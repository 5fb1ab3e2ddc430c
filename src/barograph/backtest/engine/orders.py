"""Orders: the checks of one, and the words for its kind, status and the code that says why it ended so."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

from barograph.errors import InputError

KINDS: Final = ("market", "limit", "stop", "stop_limit", "trailing_stop")
STATUSES: Final = ("", "working", "filled", "partly_filled", "cancelled", "expired", "rejected")
MOMENTS: Final = ("close", "open", "typical", "ohlc_mean")
CODES: Final = (
    "",
    "no_bar",
    "no_cash",
    "over_leverage",
    "nothing_to_borrow",
    "short_in_cash_account",
    "no_volume",
    "not_listed_yet",
    "delisted",
    "below_a_lot",
    "participation",
    "day_over",
    "replaced",
    "cancelled_by_strategy",
    "other_side_filled",
    "position_closed",
    "margin_call",
    "end_of_data",
    "emergency_stop",
)
# What an order may be for, and the prices that each kind needs: all of them, and no other.
_SIZES: Final = ("shares", "value", "weight")
_PRICES: Final = {
    "market": (),
    "limit": ("limit",),
    "stop": ("stop",),
    "stop_limit": ("limit", "stop"),
    "trailing_stop": ("trail",),
}


@dataclass(frozen=True)
class Order:
    """An order of one symbol. It is sent at the close of a date and works from the next date on.

    A bracket is an order with `take_profit` or `stop_loss`: when it first fills, a limit order and a stop order are
    sent that close what it has filled. They work from the bar after the fill, good till cancelled. The first fill of
    one cancels the other.

    Parameters
    ----------
    symbol : str
    shares, value, weight : float
        Exactly one of them. Shares and value (in the currency of the prices) are positive to buy, negative to sell.
        A weight is the share of equity that the position shall have after the order; it goes with a market order.
    kind : {"market", "limit", "stop", "stop_limit", "trailing_stop"}
        A limit order fills at its limit or better. A stop order becomes a market order at its trigger, a stop-limit
        order a limit order. A trailing stop's trigger follows the price: see `trail`.
    at : {"open", "close"}, optional
        Where a market order fills; by default where ``execution.price`` says.
    limit, stop : float
        Prices; 0 is a price.
    trail : float
        In (0, 1): the distance of a trailing stop as a share of the price. A stop that sells is `trail` below the
        highest high since it was sent, starting from the last close then; one that buys is above the lowest low.
    until : {"day", "cancelled"}
        A day order works for one date. The other one works until it fills or is cancelled.
    take_profit, stop_loss : float
        Prices of the bracket.
    max_bars : int
        The time stop: at the close of this many bars of the symbol after the entry's first fill, a market order is
        sent that closes what the entry has filled.
    reason : str
        Shown in the tables.

    Raises
    ------
    InputError
        For a contradiction, a price that is negative or not finite, and a `trail` that is no share: 20 for 20 %.
    """

    symbol: str
    shares: float | None = None
    value: float | None = None
    weight: float | None = None
    kind: Literal["market", "limit", "stop", "stop_limit", "trailing_stop"] = "market"
    at: Literal["open", "close"] | None = None
    limit: float | None = None
    stop: float | None = None
    trail: float | None = None
    until: Literal["day", "cancelled"] = "day"
    take_profit: float | None = None
    stop_loss: float | None = None
    max_bars: int | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        _one_of(self, "kind", KINDS)
        _one_of(self, "at", ("open", "close", None))
        _one_of(self, "until", ("day", "cancelled"))
        for name in (*_SIZES, "limit", "stop", "trail", "take_profit", "stop_loss"):
            _number(self, name)
        _size(self)
        _prices(self)
        _bracket(self)
        if self.at is not None and self.kind != "market":
            raise _error(self, f"at={self.at} goes with kind=market, not {self.kind}")
        if self.max_bars is not None and (not isinstance(self.max_bars, int) or self.max_bars < 1):
            raise _error(self, f"max_bars is {self.max_bars!r}; allowed is a whole number from 1")

    @property
    def direction(self) -> int:
        """1 buys, -1 sells; 0 for a weight, whose direction is known when it fills."""
        amount = self.shares if self.shares is not None else self.value
        return 0 if amount is None else 1 if amount > 0.0 else -1


def _error(order: Order, text: str) -> InputError:
    return InputError(f"order of {order.symbol}: {text}")


def _one_of(order: Order, name: str, allowed: tuple[Any, ...]) -> None:
    found = getattr(order, name)
    if found not in allowed:
        raise _error(order, f"{name} is {found!r}; allowed are {', '.join(map(str, allowed))}")


def _number(order: Order, name: str) -> None:
    found = getattr(order, name)
    if found is None:
        return
    try:
        value = float(found)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value) or isinstance(found, str):
        raise _error(order, f"{name} is {found!r}; a finite number is required")
    if name not in _SIZES and value < 0.0:
        raise _error(order, f"{name} is {value:g}; a price is never negative")
    object.__setattr__(order, name, value)


def _size(order: Order) -> None:
    given = [name for name in _SIZES if getattr(order, name) is not None]
    if len(given) != 1:
        raise _error(order, f"{' and '.join(given) or 'no size'} given; exactly one of {', '.join(_SIZES)} is required")
    if given == ["weight"] and order.kind != "market":
        raise _error(order, f"weight goes with kind=market; a {order.kind} order takes shares or value")
    if given != ["weight"] and getattr(order, given[0]) == 0.0:
        raise _error(order, f"{given[0]} is 0; positive buys, negative sells")


def _prices(order: Order) -> None:
    needed = _PRICES[order.kind]
    for name in ("limit", "stop", "trail"):
        if (getattr(order, name) is not None) != (name in needed):
            wrong = "is missing" if name in needed else f"is given; needed are {', '.join(needed) or 'no prices'}"
            raise _error(order, f"{name} of a {order.kind} order {wrong}")
    if order.trail is not None and not 0.0 < order.trail < 1.0:
        raise _error(order, f"trail is {order.trail:g}; allowed is a share between 0 and 1, 0.2 for 20 %")


def _bracket(order: Order) -> None:
    """Refuse a take-profit, entry and stop-loss that are not in this order, seen from the side of the entry."""
    entry = order.limit if order.limit is not None else order.stop
    names = (("stop_loss", order.stop_loss), ("entry", entry), ("take_profit", order.take_profit))
    steps = [(name, price) for name, price in names if price is not None]
    if (order.take_profit is None and order.stop_loss is None) or order.direction == 0:
        return
    for (lower, below), (upper, above) in pairwise(steps):
        if (above - below) * order.direction <= 0.0:
            side, word = ("buys", "above") if order.direction > 0 else ("sells", "below")
            raise _error(order, f"it {side}, but {upper} {above:g} is not {word} {lower} {below:g}")
