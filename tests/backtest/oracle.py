"""A slow portfolio in exact decimals, one order at a time; it shares no code with the engine that it checks."""

from dataclasses import dataclass, field
from decimal import Decimal, getcontext
from typing import Any

getcontext().prec = 50


@dataclass
class Broker:
    """An account that knows one date at a time."""

    cash: Decimal
    commission: Decimal
    half_spread: Decimal
    max_leverage: Decimal
    shares: dict[str, Decimal] = field(default_factory=dict)
    last: dict[str, Decimal] = field(default_factory=dict)
    orders: dict[str, Decimal] = field(default_factory=dict)
    trades: list[dict[str, Any]] = field(default_factory=list)

    def worth(self) -> Decimal:
        return self.cash + sum((amount * self.last[name] for name, amount in self.shares.items()), Decimal(0))

    def value(self, name: str) -> Decimal:
        """Give the worth of what is held of one name."""
        return self.shares[name] * self.last[name] if name in self.shares else Decimal(0)

    def execute(self, date: Any, quotes: dict[str, Decimal]) -> None:
        self.last.update(quotes)
        ready = {name: weight for name, weight in self.orders.items() if name in quotes}
        if not ready:
            return
        worth = max(self.worth(), Decimal(0))
        goals = {name: weight * worth for name, weight in ready.items()}
        # An order is a reduction of what is held, followed by the opening of something new.
        reduced, openings = {}, {}
        for name, goal in goals.items():
            held = self.value(name)
            if goal * held <= 0:
                reduced[name], openings[name] = Decimal(0), goal
            elif abs(goal) <= abs(held):
                reduced[name], openings[name] = goal, Decimal(0)
            else:
                reduced[name], openings[name] = held, goal - held
        stays = sum((abs(reduced.get(n, self.value(n))) for n in set(self.shares) | set(reduced)), Decimal(0))
        wish = sum(map(abs, openings.values()), Decimal(0))
        room = self.max_leverage * worth - stays
        part = Decimal(1)
        if wish > 0 and wish - room > Decimal("2e-9") * worth:
            part = max(room, Decimal(0)) / wish
        for name in ready:
            del self.orders[name]
            goal = reduced[name] + part * openings[name]
            if goal != 0 and abs(goal - self.value(name)) <= Decimal("1e-12") * worth:
                continue
            self.exchange(date, name, goal / quotes[name] - self.shares.get(name, Decimal(0)), quotes[name])

    def exchange(self, date: Any, name: str, amount: Decimal, quote: Decimal) -> None:
        if amount == 0:
            return
        side = 1 if amount > 0 else -1
        price = quote + side * quote * self.half_spread
        fee = abs(amount * price) * self.commission
        self.cash -= amount * price
        self.cash -= fee
        self.shares[name] = self.shares.get(name, Decimal(0)) + amount
        slip = abs(amount * (price - quote))
        self.trades.append(
            {"date": date, "symbol": name, "shares": amount, "price": price, "commission": fee, "slippage": slip}
        )

    def pay_out(self, date: Any, name: str) -> None:
        self.orders.pop(name, None)
        amount = self.shares.pop(name, Decimal(0))
        if amount == 0:
            return
        self.cash += amount * self.last[name]
        nothing = Decimal(0)
        self.trades.append(
            {"date": date, "symbol": name, "shares": -amount, "price": self.last[name]}
            | {"commission": nothing, "slippage": nothing}
        )


def replay(
    market: dict[Any, dict[str, tuple[float, float]]],
    decisions: dict[Any, dict[str, float]],
    *,
    at_open: bool,
    commission_bps: float,
    half_spread_bps: float,
    cash: float,
    max_leverage: float = 1.0,
    delisting_days: int = 21,
) -> tuple[Broker, dict[Any, Decimal], dict[Any, dict[str, Decimal]]]:
    """Play a market of (open, close) quotes by date and symbol; give the account, equity and shares by date."""
    broker = Broker(
        Decimal(cash), Decimal(commission_bps) / 10_000, Decimal(half_spread_bps) / 10_000, Decimal(max_leverage)
    )
    equity, held = {}, {}
    traded: dict[str, int] = {}
    for number, date in enumerate(sorted(market)):
        day = market[date]
        for name in [name for name, last in traded.items() if name not in day and number - last == delisting_days]:
            broker.pay_out(date, name)
        traded |= dict.fromkeys(day, number)
        broker.execute(date, {name: Decimal(quote[0 if at_open else 1]) for name, quote in day.items()})
        broker.last.update({name: Decimal(quote[1]) for name, quote in day.items()})
        equity[date] = broker.worth()
        held[date] = dict(broker.shares)
        if date in decisions:
            broker.orders = {name: Decimal(weight) for name, weight in decisions[date].items()}
    return broker, equity, held
