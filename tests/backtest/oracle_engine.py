"""A slow engine in plain Python, one event after the other; it shares no code with the engine that it checks.

A market is ``{date: {symbol: Quote}}``. A script is ``{date: [action]}``: ``("order", {...})`` sends an order,
``("row", {symbol: weight})`` rebalances, and ``("cancel", n)`` cancels the n-th order of the script if it still works.
"""

import itertools
import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

LIMITS = ("limit", "stop_limit")
STOPS = ("stop", "trailing_stop")
CANCELLED = ("replaced", "cancelled_by_strategy", "other_side_filled", "position_closed", "margin_call", "end_of_data")


class Quote(NamedTuple):
    """One bar of one symbol."""

    open: float
    high: float
    low: float
    close: float
    volume: float = math.nan
    factor: float = 1.0


class RuinError(Exception):
    """The equity is not positive."""


@dataclass(eq=False)
class Ticket:
    """An order and its fate."""

    symbol: str
    kind: str
    sent: int
    shares: float | None = None
    value: float | None = None
    weight: float | None = None
    at: str | None = None
    limit: float = math.nan
    stop: float = math.nan
    trail: float = math.nan
    until: str = "day"
    take_profit: float | None = None
    stop_loss: float | None = None
    max_bars: int | None = None
    entry: "Ticket | None" = None  # of a child: the order whose position it closes
    entry_side: float = 0.0  # of a child: the sign of what the entry had filled when the child was sent
    is_row: bool = False
    is_margin_call: bool = False
    reference: float = math.nan  # the best price that a trailing stop has seen
    left: float | None = None  # shares that are still wanted; unknown until the order is tried
    triggered: bool = False
    tried_on: int = -1
    bars_tried: int = 0
    filled: float = 0.0
    has_filled: bool = False  # also where what was bought was sold again
    status: str = "working"
    code: str = ""
    children: "list[Ticket]" = field(default_factory=list)
    due: int | None = None  # the time stop is sent when the symbol has had so many bars

    @property
    def only_reduces(self) -> bool:
        return self.entry is not None or self.is_margin_call

    @property
    def side(self) -> float:
        if self.entry:
            return -self.entry_side
        return math.copysign(1.0, next(x for x in (self.left, self.shares, self.value, self.weight) if x is not None))

    @property
    def level(self) -> float:
        """The price that triggers a stop."""
        return self.reference * (1 + self.side * self.trail) if self.kind == "trailing_stop" else self.stop

    def end(self, code: str, status: str = "") -> None:
        self.code = code or self.code
        if self.has_filled:
            self.status = "partly_filled" if self.code else "filled"
        else:
            unfilled = "expired" if code == "day_over" else "cancelled" if code in CANCELLED else "rejected"
            self.status = status or (unfilled if self.code else "filled")


@dataclass
class Part:
    """What one order of a basket may close and open, and why that is not all that it wants."""

    ticket: Ticket
    wanted: float
    closing: float
    opening: float
    code: str = ""
    closes_all: bool = False
    filled: float = 0.0
    is_first: bool = False
    total: float = 0.0  # what the order wants on this bar and, by its schedule, on later ones
    loss: float = 0.0  # half spread and impact, if all that is allowed fills


@dataclass
class Engine:
    """An account that lives through a market; `rules` has the fields of an Execution."""

    market: dict[Any, dict[str, Quote]]
    script: dict[Any, list[tuple[str, Any]]]
    rules: Any
    context: dict[Any, dict[str, float]] = field(default_factory=dict)
    shortable: dict[str, float] | None = None

    def __post_init__(self) -> None:
        self.dates = sorted(self.market)
        self.symbols = sorted({name for day in self.market.values() for name in day})
        self.cash: float = self.rules.initial_cash
        self.shares = dict.fromkeys(self.symbols, 0.0)
        self.marks: dict[str, float] = {}
        self.last_bar: dict[str, int] = {}
        self.bar_count = dict.fromkeys(self.symbols, 0)
        self.tickets: list[Ticket] = []
        self.scripted: list[Ticket] = []
        self.fills: list[dict[str, Any]] = []
        self.closes: list[dict[str, Any]] = []
        self.costs: list[dict[str, float]] = []
        self.ambiguous_bars = 0
        self.history: dict[str, list[Quote]] = {name: [] for name in self.symbols}

    # The order of events

    def play(self) -> "Engine":
        for t, date in enumerate(self.dates):
            self.t = t
            self.day = self.market[date]
            self.used = dict.fromkeys(self.symbols, 0.0)
            self.crossed = dict.fromkeys(self.symbols, 0.0)
            for name, quote in self.day.items():
                self.history[name].append(quote)
            self.costs.append(dict.fromkeys(("commission", "slippage", "interest", "borrow"), 0.0))
            self.pay_interest()
            self.pay_out_the_delisted()
            self.last_bar |= dict.fromkeys(self.day, self.t)
            self.marks |= {name: quote.open for name, quote in self.day.items() if not math.isnan(quote.open)}
            self.basket([ticket for ticket in self.today() if self.fills_at_open(ticket)])
            self.inside_the_bar()
            if self.rules.price in ("typical", "ohlc_mean"):
                self.marks |= {name: self.mean_price(quote) for name, quote in self.day.items()}
                self.basket([ticket for ticket in self.today() if market_order(ticket, self.rules.price)])
            self.marks |= {name: quote.close for name, quote in self.day.items()}
            self.basket([ticket for ticket in self.today() if market_order(ticket, "close")])
            self.after_the_close()
            self.act(self.script.get(date, []))
        for ticket in self.working():
            ticket.end("end_of_data")
        return self

    def working(self) -> list[Ticket]:
        return [ticket for ticket in self.tickets if ticket.status == "working"]

    def today(self) -> list[Ticket]:
        """Give the orders that today's bars may fill; each is tried once."""
        open_today = [ticket for ticket in self.working() if ticket.symbol in self.day and ticket.sent < self.t]
        return [ticket for ticket in open_today if ticket.tried_on < self.t]

    def pay_interest(self) -> None:
        if self.t == 0:
            return
        before = self.dates[self.t - 1]
        years = (self.dates[self.t] - before).days / 365
        interest = (
            self.cash * years * self.rate(self.rules.cash_rate if self.cash > 0 else self.rules.debit_rate, before)
        )
        borrow = 0.0
        for name, amount in self.shares.items():
            if amount < 0:
                rate = self.rules.borrow_rate if self.shortable is None else self.shortable[name]
                borrow += -amount * self.marks[name] * years * rate / 100
        self.cash += interest - borrow
        self.costs[-1] |= {"interest": -interest, "borrow": borrow}

    def rate(self, rate: float | str, date: Any) -> float:
        if isinstance(rate, str):
            rate = self.context[max(known for known in self.context if known <= date)][rate]
        return rate / 100

    def pay_out_the_delisted(self) -> None:
        for name, last in self.last_bar.items():
            if name in self.day or self.t - last != self.rules.delisting_days:
                continue
            for ticket in self.working():
                if ticket.symbol == name:
                    ticket.end("delisted", "cancelled")
            amount, self.shares[name] = self.shares[name], 0.0
            if amount:
                price = self.marks[name] * (1 - self.rules.delisting_haircut)
                self.cash += amount * price
                self.record(name, -amount, price, 0.0, 0.0, None)
        self.void_children()

    def fills_at_open(self, ticket: Ticket) -> bool:
        price = self.day[ticket.symbol].open
        if ticket.kind == "market":
            return ticket.at == "open" and not math.isnan(price)
        if ticket.kind in STOPS:
            return ticket.triggered or reaches(price, ticket.level, ticket.side)
        if ticket.kind == "stop_limit" and reaches(price, ticket.stop, ticket.side):
            ticket.triggered = True
        return (ticket.kind == "limit" or ticket.triggered) and reaches(price, ticket.limit, -ticket.side)

    def mean_price(self, quote: Quote) -> float:
        prices = quote[1:4] if self.rules.price == "typical" else quote[:4]
        return sum(prices) / len(prices)

    def inside_the_bar(self) -> None:
        stops = [ticket for ticket in self.today() if ticket.kind not in ("market", "limit") and not ticket.triggered]
        limits = [ticket for ticket in self.today() if ticket.kind in LIMITS and ticket not in stops]
        late = [ticket for ticket in stops if self.rules.first == "target" and self.other_side_inside(ticket)]
        self.ambiguous_bars += sum(self.inside(stop) and self.other_side_inside(stop) for stop in stops)
        for ticket in [*(stop for stop in stops if stop not in late), *limits, *late]:
            if ticket.status != "working" or not self.inside(ticket):
                continue
            if ticket in stops and ticket.kind == "stop_limit":
                ticket.triggered = True
            else:
                self.marks[ticket.symbol] = ticket.level if ticket.kind in STOPS else ticket.limit
                self.basket([ticket])

    def inside(self, ticket: Ticket) -> bool:
        """Say whether the bar reaches the stop, or trades through the limit, after its open."""
        quote, side = self.day[ticket.symbol], ticket.side
        if ticket.kind in STOPS or (ticket.kind == "stop_limit" and not ticket.triggered):
            return not ticket.triggered and reaches(quote.high if side > 0 else quote.low, ticket.level, side)
        best = quote.low if side > 0 else quote.high
        return reaches(best, ticket.limit, -side) and (self.rules.limit_touch or best != ticket.limit)

    def other_side_inside(self, ticket: Ticket) -> bool:
        others = [other for other in (ticket.entry.children if ticket.entry else []) if other is not ticket]
        return any(other in self.today() and other.kind != "market" and self.inside(other) for other in others)

    def after_the_close(self) -> None:
        worth = self.worth()
        self.closes.append({"equity": worth, "cash": self.cash, "shares": dict(self.shares)})
        if worth <= 1e-12 * self.rules.initial_cash:
            raise RuinError(self.dates[self.t])
        for ticket in self.working():
            if ticket.until == "day" and not ticket.bars_tried:
                ticket.end("day_over" if ticket.symbol in self.day else "no_bar")
        for ticket in self.working():
            if ticket.symbol in self.day and ticket.sent < self.t and ticket.kind == "trailing_stop":
                quote, best = self.day[ticket.symbol], ticket.reference
                ticket.reference = max(best, quote.high) if ticket.side < 0 else min(best, quote.low)
        for name in self.day:
            self.bar_count[name] += 1
        for entry in list(self.tickets):
            if entry.due == self.bar_count[entry.symbol]:
                entry.due = None
                entry.children.append(self.send(entry.symbol, until="cancelled", entry=entry))
        self.check_margin(worth)

    def check_margin(self, worth: float) -> None:
        gross = sum(abs(amount * self.marks[name]) for name, amount in self.shares.items() if amount)
        if self.rules.account == "cash" or worth >= self.rules.maintenance_margin * gross:
            return
        for ticket in self.working():
            held, priced = self.shares[ticket.symbol], ticket.symbol in self.marks
            if ticket.is_margin_call:
                ticket.end("replaced")
            elif not ticket.entry and (not priced or abs(held + self.wanted(ticket, worth, held)) > abs(held)):
                ticket.end("margin_call")
        cut = 1 - self.rules.max_leverage * worth / gross
        for name, amount in self.shares.items():
            if amount and cut > 0:
                self.send(name, shares=-amount * cut, is_margin_call=True, until="cancelled")

    # What the strategy does

    def act(self, actions: list[tuple[str, Any]]) -> None:
        for action, what in actions:
            if action == "order":
                self.scripted.append(self.send(**what))
                self.refuse_unlisted(self.scripted[-1])
            elif action == "cancel" and self.scripted[what].status == "working":
                self.scripted[what].end("cancelled_by_strategy")
        rows = [what for action, what in actions if action == "row"]
        for ticket in self.working() if rows else []:
            if ticket.is_row:
                ticket.end("replaced")
        for name in self.symbols if rows else []:
            weight = rows[-1].get(name, 0.0)
            if weight or self.shares[name]:
                self.send(name, weight=weight, is_row=True, until="cancelled")

    def refuse_unlisted(self, ticket: Ticket) -> None:
        if ticket.symbol not in self.last_bar:
            ticket.end("not_listed_yet")
        elif self.t - self.last_bar[ticket.symbol] >= self.rules.delisting_days:
            ticket.end("delisted")

    def send(self, symbol: str, kind: str = "market", **more: Any) -> Ticket:
        ticket = Ticket(symbol, kind, self.t, **more)
        ticket.at = ticket.at or self.rules.price.removeprefix("next_")
        ticket.reference = self.marks.get(symbol, math.nan)
        ticket.entry_side = math.copysign(1.0, ticket.entry.filled) if ticket.entry else 0.0
        self.tickets.append(ticket)
        return ticket

    # A basket: orders that are filled at one moment, each at the mark of its symbol

    def basket(self, tickets: list[Ticket]) -> None:
        worth = max(self.worth(), 0.0)
        after, asked, parts, planned = dict(self.shares), dict(self.shares), [], dict(self.crossed)
        for ticket in one_per_bracket(tickets):
            name, ticket.tried_on = ticket.symbol, self.t
            total = self.wanted(ticket, worth, asked[name])
            wanted = total * self.scheduled(ticket)
            if ticket.only_reduces:
                wanted = split(wanted, after[name])[0]
                if not wanted:
                    ticket.end("position_closed")
                    continue
            asked[name] += wanted
            part = self.allowed(ticket, wanted, after[name])
            part.total = total
            size = abs(part.closing + part.opening)
            part.loss = self.loss(ticket, planned[name], size)
            planned[name] += size if ticket.kind not in LIMITS else 0.0
            part.closes_all = part.closing != 0 and part.closing == -after[name]
            after[name] += part.closing
            parts.append(part)
        scale, code = self.scale(parts, after, worth)
        for part in parts:
            if part.opening and scale < 1:
                cut = self.in_lots(part.ticket, scale * part.opening)
                self.used[part.ticket.symbol] -= abs(part.opening - cut)
                part.opening, part.code = cut, part.code or code
            self.fill(part, worth)
        for part in parts:
            self.settle(part)
        self.void_children()

    def wanted(self, ticket: Ticket, worth: float, held: float) -> float:
        """Give the shares still to be bought; sold where negative."""
        price = self.marks[ticket.symbol]
        if ticket.entry:
            return ticket.side * max(ticket.entry_side * ticket.entry.filled - abs(ticket.filled), 0.0)
        if ticket.left is not None:
            return ticket.left
        if ticket.shares is not None:
            return ticket.shares
        if ticket.value is not None:
            return ticket.value / price
        target = (ticket.weight or 0.0) * worth
        return 0.0 if target and abs(target - held * price) <= 1e-12 * worth else target / price - held

    def allowed(self, ticket: Ticket, wanted: float, held: float) -> Part:
        """Split an order into its closing and its opening part, cut to what may be borrowed, lots and volume."""
        part, symbol = Part(ticket, wanted, *split(wanted, held)), ticket.symbol
        if part.opening < 0 and self.rules.account == "cash":
            part.opening, part.code = 0.0, "short_in_cash_account"
        elif part.opening < 0 and self.shortable is not None and symbol not in self.shortable:
            part.opening, part.code = 0.0, "nothing_to_borrow"
        if part.closing or part.opening:
            part.closing = part.closing if part.closing == -held else self.in_lots(ticket, part.closing)
            part.opening = self.in_lots(ticket, part.opening)
            part.code = part.code if part.closing or part.opening else part.code or "below_a_lot"
        limit = self.rules.participation
        if limit is None and self.rules.schedule != "volume_weighted":
            return part
        volume, limit = self.day[symbol].volume, math.inf if limit is None else limit
        if self.rules.impact and len(self.history[symbol]) < 2:
            volume = math.nan  # without a return there is no volatility
        for name in ("closing", "opening"):
            amount = getattr(part, name)
            room = max(limit * volume - self.used[symbol], 0.0) if volume > 0 else 0.0
            if abs(amount) > room:
                setattr(part, name, self.in_lots(ticket, math.copysign(room, amount)))
                part.code = part.code or ("participation" if volume > 0 else "no_volume")
            self.used[symbol] += abs(getattr(part, name))
        return part

    def in_lots(self, ticket: Ticket, amount: float) -> float:
        if self.rules.lot is None:
            return amount
        factor = self.day[ticket.symbol].factor
        return math.copysign(math.floor(abs(amount) * factor / self.rules.lot + 1e-9) * self.rules.lot / factor, amount)

    def scale(self, parts: list[Part], after: dict[str, float], worth: float) -> tuple[float, str]:
        """Give the common factor on all opening parts, and the code of those that it cuts."""
        if self.rules.account == "margin":
            kept = sum(abs(amount * self.marks[name]) for name, amount in after.items() if amount)
            opened = sum(abs(part.opening * self.marks[part.ticket.symbol]) for part in parts)
            room = self.rules.max_leverage * worth - kept
            return (1.0 if opened - room <= 2e-9 * worth or not opened else max(room, 0.0) / opened), "over_leverage"
        cash = self.cash - sum(self.money(part, part.closing) for part in parts)
        for part in parts if cash < -1e-12 * worth else []:
            loss = self.money(part, part.closing)
            if loss > 0:  # a sale that brings in less than its fee, which nobody could pay
                cash += loss
                self.used[part.ticket.symbol] -= abs(part.closing)
                part.closing, part.code = 0.0, "no_cash"

        def lacks(factor: float) -> float:
            return sum(self.money(part, factor * part.opening) for part in parts) - cash

        if lacks(1.0) <= 1e-12 * worth:
            return 1.0, ""
        low, high = 0.0, 1.0
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if lacks(middle) <= 0 else (low, middle)
        return low, "no_cash"

    def scheduled(self, ticket: Ticket) -> float:
        """Give the part of what an order wants that its schedule trades on this bar."""
        left = self.rules.schedule_bars - ticket.bars_tried
        if ticket.kind != "market" or ticket.only_reduces or left <= 1:
            return 1.0
        volumes = [quote.volume for quote in self.history[ticket.symbol] if quote.volume > 0][-20:]
        today = self.day[ticket.symbol].volume
        if self.rules.schedule == "twap" or not today > 0:
            return 1 / left
        return today / (today + (left - 1) * sum(volumes) / len(volumes))

    def loss(self, ticket: Ticket, before: float, size: float) -> float:
        """Give half spread and impact of shares that follow others on the bar, as a share of the price."""
        if ticket.kind in LIMITS:
            return 0.0
        half = self.rules.half_spread_bps / 1e4
        if not self.rules.impact or not size:
            return half
        closes = [quote.close for quote in self.history[ticket.symbol]][-21:]
        returns = [math.log(b / a) for a, b in itertools.pairwise(closes)]
        sigma = math.sqrt(sum(r * r for r in returns) / len(returns))
        volume = self.day[ticket.symbol].volume
        money = [self.rules.impact * sigma * math.sqrt(q / volume) * q for q in (before, before + size)]
        return min(half + (money[1] - money[0]) / size, 1.0)

    def bill(self, part: Part, amount: float) -> tuple[float, float, float]:
        """Give the price paid, the commission and the slippage of a fill at the mark."""
        ticket = part.ticket
        price, rules, size = self.marks[ticket.symbol], self.rules, abs(amount)
        if not amount:
            return price, 0.0, 0.0
        spread = math.copysign(part.loss, amount)
        fee = size * price * (1 + spread) * rules.commission_bps / 1e4
        fee += rules.commission_per_share * size * self.day[ticket.symbol].factor
        fee = max(rules.commission_minimum, fee) + rules.commission_per_order
        return price * (1 + spread), fee, size * price * abs(spread)

    def money(self, part: Part, amount: float) -> float:
        """Give the money that a fill takes from the account."""
        price, fee, _ = self.bill(part, amount)
        return amount * price + fee

    def fill(self, part: Part, worth: float) -> None:
        ticket, amount = part.ticket, part.closing + part.opening
        name = ticket.symbol
        if not amount or (not part.closes_all and abs(amount) * self.marks[name] <= 1e-12 * worth):
            return
        part.filled, part.is_first = amount, not ticket.has_filled
        part.loss = self.loss(ticket, self.crossed[name], abs(amount))
        self.crossed[name] += abs(amount) if ticket.kind not in LIMITS else 0.0
        self.cash -= self.money(part, amount)
        held = self.shares[name] + amount
        self.shares[name] = 0.0 if abs(held) <= 1e-12 * abs(amount) else held
        ticket.filled, ticket.has_filled = ticket.filled + amount, True
        self.record(name, amount, *self.bill(part, amount), ticket)

    def settle(self, part: Part) -> None:
        """End an order, or leave it working for what is carried; send its bracket, or end the bracket that it is of."""
        ticket = part.ticket
        ticket.bars_tried += 1
        if self.goes_on(part):
            ticket.triggered = ticket.triggered or ticket.kind in STOPS
            if ticket.weight is None:
                ticket.left = part.total - part.filled
        else:
            ticket.end(part.code)
        if part.is_first:
            for kind, name in (("limit", "take_profit"), ("stop", "stop_loss")):
                price = getattr(ticket, name)
                if price is not None:
                    child = self.send(ticket.symbol, kind, entry=ticket, until="cancelled", **{kind: price})
                    ticket.children.append(child)
            if ticket.max_bars is not None:
                ticket.due = self.bar_count[ticket.symbol] + 1 + ticket.max_bars
        if ticket.entry and ticket.filled:
            ticket.entry.due = None
            for other in [ticket.entry, *ticket.entry.children]:
                if other.status == "working" and other is not ticket:
                    other.end("other_side_filled")

    def goes_on(self, part: Part) -> bool:
        """Say whether an order has bars of its schedule left, or is carried on."""
        ticket = part.ticket
        if ticket.kind == "market" and not ticket.only_reduces and ticket.bars_tried < self.rules.schedule_bars:
            return True
        return self.rules.remainder == "carry" and part.code in ("participation", "no_volume")

    def void_children(self) -> None:
        """End the children of positions that are gone."""
        for ticket in self.tickets:
            if ticket.due is not None and self.shares[ticket.symbol] * ticket.filled <= 0:
                ticket.due = None
            held = self.shares[ticket.symbol]
            if ticket.only_reduces and ticket.status == "working" and held * ticket.side >= 0:
                ticket.end("position_closed")

    # The account

    def worth(self) -> float:
        return self.cash + sum(amount * self.marks[name] for name, amount in self.shares.items() if amount)

    def record(self, name: str, amount: float, price: float, fee: float, slippage: float, order: Ticket | None) -> None:
        self.costs[-1]["commission"] += fee
        self.costs[-1]["slippage"] += slippage
        fill = {"date": self.dates[self.t], "symbol": name, "shares": amount, "price": price}
        self.fills.append(fill | {"commission": fee, "slippage": slippage, "order": order})


def market_order(ticket: Ticket, at: str) -> bool:
    return ticket.kind == "market" and ticket.at == at


def one_per_bracket(tickets: list[Ticket]) -> list[Ticket]:
    """Leave one order of each bracket: its first child, or the entry where there is none."""
    first = {id(ticket.entry): ticket for ticket in reversed(tickets) if ticket.entry}
    return [ticket for ticket in tickets if first.get(id(ticket.entry or ticket), ticket) is ticket]


def reaches(price: float, level: float, side: float) -> bool:
    """Say whether a price is at or beyond a level: above it for side 1, below it for side -1."""
    return price >= level if side > 0 else price <= level


def split(amount: float, held: float) -> tuple[float, float]:
    """Give the part of an order that reduces a position, and the part that opens something new."""
    if amount * held >= 0:
        return 0.0, amount
    if abs(amount) < abs(held) * (1 - 1e-9):
        return amount, 0.0
    return -held, amount + held if abs(amount) > abs(held) * (1 + 1e-9) else 0.0


def round_trips(fills: list[dict[str, Any]], market: dict[Any, dict[str, Quote]]) -> list[dict[str, Any]]:
    """Pair fills first in, first out; what is still open at the end is valued at its last close."""
    trips: list[dict[str, Any]] = []
    for name in sorted({fill["symbol"] for fill in fills}):
        dates = [date for date in sorted(market) if name in market[date]]
        lots: list[dict[str, Any]] = []
        for fill in (fill for fill in fills if fill["symbol"] == name):
            rest = fill["shares"]
            while lots and rest * lots[0]["left"] < 0:
                lot = lots[0]
                size = min(abs(rest), abs(lot["left"]))
                trips.append(trip(lot, fill, size, dates, market))
                rest, lot["left"] = (x - math.copysign(size, x) for x in (rest, lot["left"]))
                rest = rest if abs(rest) > 1e-9 * abs(fill["shares"]) else 0.0
                if abs(lot["left"]) <= 1e-9 * abs(lot["shares"]):
                    del lots[0]
            if rest:
                lots.append(fill | {"left": rest})
        trips += [trip(lot, None, abs(lot["left"]), dates, market) for lot in lots]
    return trips


def trip(
    lot: dict[str, Any], end: dict[str, Any] | None, size: float, dates: list[Any], market: dict[Any, dict[str, Quote]]
) -> dict[str, Any]:
    name, side = lot["symbol"], math.copysign(1.0, lot["shares"])
    price = end["price"] if end else market[dates[-1]][name].close
    held = [date for date in dates if lot["date"] < date and (end is None or date <= end["date"])]
    whole = [market[date][name] for date in held if end is None or date < end["date"]]
    seen = [lot["price"], price, *(x if x == x else quote.close for quote in whole for x in (quote.high, quote.low))]
    parts = [(lot, size / abs(lot["shares"])), *([(end, size / abs(end["shares"]))] if end else [])]
    commission = sum(share * fill["commission"] for fill, share in parts)
    pnl = side * size * (price - lot["price"]) - commission
    percent_of = lot["price"] or math.nan  # nobody gains a percentage of nothing
    gains = sorted(side * 100 * (value / percent_of - 1) for value in seen)
    return {
        "symbol": name,
        "shares": side * size,
        "entry_date": lot["date"],
        "exit_date": end and end["date"],
        "entry_price": lot["price"],
        "exit_price": price,
        "bars": len(held),
        "pnl": pnl,
        "pnl_percent": 100 * pnl / (size * percent_of),
        "mae_percent": gains[0],
        "mfe_percent": gains[-1],
        "costs": commission + sum(share * fill["slippage"] for fill, share in parts),
    }
