"""Small markets and scripted strategies."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from barograph.backtest import Day, Execution, Order, Simulation, run

from .invariants import check

FREE = Execution(
    price="next_open", commission_bps=0.0, half_spread_bps=0.0, initial_cash=1000.0, max_leverage=1.0, delisting_days=21
)
CASH = replace(FREE, account="cash")
Quote = tuple[float, ...] | None


def ohlc(**symbols: list[Quote]) -> pd.DataFrame:
    """Lay out (open, high, low, close[, volume[, factor]]) per business day; None leaves a bar out."""
    dates = pd.date_range("2020-01-06", periods=len(next(iter(symbols.values()))), freq="B", unit="us")
    names = ("open", "high", "low", "close", "volume", "factor")
    rows = [
        {"symbol": symbol, "date": date} | dict.fromkeys(names[:5], np.nan) | dict(zip(names, quote, strict=False))
        for symbol, quotes in symbols.items()
        for date, quote in zip(dates, quotes, strict=True)
        if quote is not None
    ]
    return pd.DataFrame(rows).sort_values(["symbol", "date"], ignore_index=True)


def flat(price: float, days: int) -> list[Quote]:
    """Give bars that do not move."""
    return [(price, price, price, price, 1000.0)] * days


class Script:
    """Sends orders on numbered days; a callable is called with the day."""

    def __init__(self, days: Mapping[int, Any]) -> None:
        self.days = days

    def on_bar(self, day: Day) -> None:
        number = day.memory["number"] = day.memory.get("number", -1) + 1
        for step in self.days.get(number, []):
            if isinstance(step, Order):
                day.send(step)
            else:
                step(day)


def play(bars: pd.DataFrame, days: Mapping[int, Any], execution: Execution = FREE, **tables: Any) -> Simulation:
    """Run a script, and check the accounts."""
    return check(run(bars, Script(days), execution, **tables), bars, execution)


def last_order(result: Simulation, order: int = 0) -> tuple[str, str]:
    """Give status and code of an order."""
    row = result.orders.set_index("order").loc[order]
    return str(row["status"]), str(row["code"])


def fills_of(result: Simulation) -> list[tuple[int, str, float, float]]:
    """Give day number, symbol, shares and price of each fill."""
    days = {date: t for t, date in enumerate(result.equity.index)}
    return [
        (days[row.date], str(row.symbol), float(row.shares), float(row.price))  # type: ignore[index, arg-type]
        for row in result.fills.itertuples()
    ]


def random_bars(rng: np.random.Generator, *, gaps: float = 0.15, factor: bool = False) -> pd.DataFrame:
    """Draw bars with gaps, opens away from the close before, and volumes of which some are missing."""
    days, count = int(rng.integers(4, 30)), int(rng.integers(1, 6))
    close = 50.0 * np.exp(np.cumsum(0.03 * rng.standard_normal((days, count)), axis=0))
    opened = close * np.exp(0.02 * rng.standard_normal((days, count)))
    high = np.maximum(opened, close) * np.exp(0.02 * rng.random((days, count)))
    low = np.minimum(opened, close) * np.exp(-0.02 * rng.random((days, count)))
    volume = np.where(rng.random((days, count)) < 0.1, np.nan, rng.integers(0, 40, (days, count)).astype(float))
    there = rng.random((days, count)) >= gaps
    there[rng.integers(days)] = True
    return ohlc(
        **{
            f"S{n}": [
                (opened[t, n], high[t, n], low[t, n], close[t, n], volume[t, n], *([0.5] if factor else []))
                if there[t, n]
                else None
                for t in range(days)
            ]
            for n in range(count)
        }
    )


def random_execution(rng: np.random.Generator, **fixed: Any) -> Execution:
    """Draw settings with every option, those given fixed."""
    account = rng.choice(["cash", "margin"])
    drawn: dict[str, Any] = {
        "price": str(rng.choice(["next_open", "next_close"])),
        "commission_bps": float(rng.choice([0.0, 10.0])),
        "half_spread_bps": float(rng.choice([0.0, 20.0])),
        "initial_cash": 10_000.0,
        "account": str(account),
        "max_leverage": 1.0 if account == "cash" else float(rng.choice([1.0, 2.0])),
        "delisting_days": int(rng.integers(1, 6)),
        "cash_rate": float(rng.choice([0.0, 3.0])),
        "debit_rate": float(rng.choice([0.0, 8.0])),
        "borrow_rate": float(rng.choice([0.0, 5.0])),
        "commission_minimum": float(rng.choice([0.0, 1.5])),
        "commission_per_order": float(rng.choice([0.0, 0.5])),
        "participation": rng.choice([None, 0.5]),
        "remainder": str(rng.choice(["carry", "cancel"])),
        "delisting_haircut": float(rng.choice([0.0, 0.3])),
        "limit_touch": bool(rng.random() < 0.5),
        "first": str(rng.choice(["stop", "target"])),
    }
    return Execution(**(drawn | fixed))


def random_trader(seed: int) -> Callable[[Day], None]:
    """Give a callback that sends orders of every kind, drawn anew on each date."""

    def trade(day: Day) -> None:
        rng = np.random.default_rng([seed, day.date.toordinal()])
        for _ in range(int(rng.integers(0, 4))):
            n = int(rng.integers(len(day.symbols)))
            close = float(day.history("close", 5)[:, n][~np.isnan(day.history("close", 5)[:, n])][-1:].sum()) or 50.0
            _send(day, rng, str(day.symbols[n]), close)
        for order in day.open_orders:
            if rng.random() < 0.05:
                day.cancel(order.number)
        if rng.random() < 0.1:
            weights = rng.dirichlet(np.ones(len(day.symbols))) * rng.choice([-1.0, 1.0, 1.0], len(day.symbols))
            day.rebalance_to_weights(weights * rng.choice([0.5, 1.0]))

    return trade


def _send(day: Day, rng: np.random.Generator, symbol: str, close: float) -> None:
    side = float(rng.choice([-1.0, 1.0]))
    kind = str(rng.choice(["market", "limit", "stop", "stop_limit", "trailing_stop"]))
    size: dict[str, float] = [
        {"shares": side * float(rng.uniform(1, 60))},
        {"value": side * float(rng.uniform(100, 3000))},
        {"weight": side * float(rng.uniform(0, 0.9))},
    ][int(rng.integers(3 if kind == "market" else 2))]
    more: dict[str, Any] = {"until": str(rng.choice(["day", "cancelled"]))}
    if kind in ("limit", "stop_limit"):
        more["limit"] = close * float(rng.uniform(0.97, 1.03))
    if kind in ("stop", "stop_limit"):
        more["stop"] = close * float(rng.uniform(0.97, 1.03))
    if kind == "trailing_stop":
        more["trail"] = float(rng.uniform(0.01, 0.1))
    if kind == "market" and rng.random() < 0.5:
        more["at"] = str(rng.choice(["open", "close"]))
    if rng.random() < 0.4:
        more |= {"take_profit": close * (1 + 0.03 * side), "stop_loss": close * (1 - 0.03 * side)}
    if rng.random() < 0.3:
        more["max_bars"] = int(rng.integers(1, 5))
    day.send(Order(symbol, kind=kind, **size, **more))  # type: ignore[arg-type]
