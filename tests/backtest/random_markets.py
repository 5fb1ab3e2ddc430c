"""Random markets, settings and orders. Prices are on a coarse grid, so that they often meet levels exactly."""

from typing import Any

import numpy as np

from .known_answers import RULES, Bar, Case

TICK = 0.25
NAMES = "ABCDE"


def random_case(seed: int) -> Case:
    """Draw a market with late listings, gaps, delistings and missing volume, and orders of every kind."""
    rng = np.random.default_rng(seed)
    days, names = int(rng.integers(4, 30)), NAMES[: rng.integers(1, 6)]
    rules = random_rules(rng)
    bars = {name: random_bars(rng, days, rules) for name in names}
    for t in range(days):
        if all(series[t] is None for series in bars.values()):
            bars["A"][t] = (10.0, 10.0, 10.0, 10.0, 100.0, 1.0)
    known = [name for name in names if any(bar is not None for bar in bars[name])]
    bars = {name: bars[name] for name in known}
    script, count = {}, 0
    for t in range(days):
        actions: list[tuple[str, Any]] = []
        while rng.random() < 0.45:
            action = random_action(rng, bars, t, count, rules)
            count += action[0] == "order"
            actions.append(action)
        if actions:
            script[t] = actions
    shortable = {name: float(rng.choice([0.0, 12.0])) for name in known if rng.random() < 0.6}
    return Case(
        bars, script, [], [], rules,
        context={"rate": np.round(rng.uniform(-1, 8, days), 2).tolist()},
        shortable=shortable if rng.random() < 0.4 else None,
    )  # fmt: skip


def random_rules(rng: np.random.Generator) -> dict[str, Any]:
    def some(*values: Any, share: float = 0.5) -> Any:
        """Give the first value, or sometimes one of the others."""
        return values[0] if rng.random() > share else values[rng.integers(1, len(values))]

    rules = RULES | {
        "price": some("next_open", "next_close", "typical", "ohlc_mean"),
        "commission_bps": some(0.0, 7.0, 50.0),
        "half_spread_bps": some(0.0, 10.0, 100.0),
        "max_leverage": some(1.0, 1.5, 2.0, 0.5),
        "delisting_days": some(21, 1, 2, 3),
        "delisting_haircut": some(0.0, 0.3, 1.0),
        "account": some("margin", "cash"),
        "maintenance_margin": some(0.25, 0.1, 0.45, 0.6),
        "cash_rate": some(0.0, 3.0, "rate"),
        "debit_rate": some(0.0, 9.0, "rate"),
        "borrow_rate": some(0.0, 5.0),
        "lot": some(None, 1.0, 5.0, 0.1, share=0.4),
        "commission_per_share": some(0.0, 0.01, 0.2, share=0.3),
        "commission_minimum": some(0.0, 1.0, 20.0, share=0.3),
        "commission_per_order": some(0.0, 0.5, 10.0, share=0.3),
        "participation": some(None, 0.1, 1.0),
        "remainder": some("cancel", "carry"),
        "limit_touch": some(False, True),
        "first": some("stop", "target"),
        "impact": some(None, 0.5, 2.0, 30.0),
        "schedule": some("whole", "twap", "volume_weighted"),
    }
    if rules["impact"] is not None and rules["participation"] is None:
        rules["participation"] = some(0.1, 0.5, 1.0)
    if rules["schedule"] == "volume_weighted" and rules["price"] == "next_open":
        rules["schedule"] = "twap"
    if rules["schedule"] != "whole":
        rules["schedule_bars"] = some(2, 3, 5)
    if rules["account"] == "cash":
        rules["max_leverage"] = 1.0
    rules["maintenance_margin"] = min(rules["maintenance_margin"], 1 / rules["max_leverage"])
    return rules


def random_bars(rng: np.random.Generator, days: int, rules: dict[str, Any]) -> list[Bar | None]:
    """Draw a walk with gaps through levels; the symbol may be listed late, pause and be delisted."""
    start = int(rng.integers(0, days)) if rng.random() < 0.25 else 0
    stop = int(rng.integers(start + 1, days + 1)) if rng.random() < 0.3 else days
    gaps, wild = rng.choice([0.0, 0.1, 0.3]), rng.choice([1.0, 3.0])
    close, factor = float(rng.uniform(5, 60)), 1.0
    series: list[Bar | None] = []
    for t in range(days):
        opens = _tick(close * np.exp(0.02 * wild * rng.standard_normal()))
        close = _tick(opens * np.exp(0.03 * rng.standard_normal()))
        high = max(opens, close) + TICK * int(rng.integers(0, 9))
        low = max(min(opens, close) - TICK * int(rng.integers(0, 9)), TICK)
        if rng.random() < 0.05:
            factor = round(factor * float(rng.choice([0.5, 0.97, 1.25])), 4)
        volume = float(rng.choice([np.nan, 0.0, 100.0, 300.0, 1e5], p=[0.05, 0.05, 0.3, 0.3, 0.3]))
        missing = not start <= t < stop or rng.random() < gaps
        series.append(None if missing else (opens, high, low, close, volume, factor))
    if series[start] is None:
        series[start] = (close, close, close, close, 100.0, 1.0)
    return series


def _tick(price: float) -> float:
    return max(round(float(price) / TICK) * TICK, TICK)


def random_action(
    rng: np.random.Generator, bars: dict[str, list[Bar | None]], t: int, count: int, rules: dict[str, Any]
) -> tuple[str, Any]:
    choice = rng.random()
    if choice < 0.1 and count:
        return "cancel", int(rng.integers(count))
    names = list(bars)
    if choice < 0.25:
        return random_row(rng, names, rules)
    name = names[rng.integers(len(names))]
    past = [bar[3] for bar in bars[name][: t + 1] if bar is not None]
    order = random_order(rng, past[-1] if past else 20.0, rules["max_leverage"])
    return "order", {"symbol": name} | order


def random_row(rng: np.random.Generator, names: list[str], rules: dict[str, Any]) -> tuple[str, Any]:
    # The gap to the leverage allowed is larger than the amounts that the engines call rounding.
    weights = rng.dirichlet(np.ones(len(names))) * rng.choice([0.0, 0.5, 1.0]) * rules["max_leverage"] * (1 - 1e-6)
    weights *= rng.choice([1.0, 1.0, 1.0, 0.0, -1.0], len(names))
    return "row", {name: float(weight) for name, weight in zip(names, weights, strict=True) if rng.random() < 0.8}


def random_order(rng: np.random.Generator, price: float, max_leverage: float) -> dict[str, Any]:
    side = float(rng.choice([1.0, 1.0, -1.0]))
    kind = str(rng.choice(["market", "market", "limit", "stop", "stop_limit", "trailing_stop"]))
    weight = side * min(float(rng.choice([0.02, 0.1, 0.3, 0.6, 1.3]) * rng.uniform(0.5, 1.0)), max_leverage)
    shares = 1000.0 * weight / price
    sizes = [{"shares": shares}, {"shares": round(shares) or side}, {"value": 1000.0 * weight}, {"weight": weight}]
    order = {"kind": kind, "until": str(rng.choice(["day", "cancelled"]))} | sizes[rng.integers(3 + (kind == "market"))]
    if kind == "market":
        order["at"] = [None, "open", "close"][rng.integers(3)]
    if kind in ("stop", "stop_limit"):
        order["stop"] = _tick(price + side * TICK * int(rng.integers(-2, 9)))
    if kind in ("limit", "stop_limit"):
        order["limit"] = _tick(price - side * TICK * int(rng.integers(-4, 9))) * float(rng.random() > 0.03)
    if kind == "trailing_stop":
        order["trail"] = float(rng.choice([0.03125, 0.0625, 0.125]))
    entry = order.get("limit", order.get("stop", price))
    return order | (random_bracket(rng, entry, side) if rng.random() < 0.45 else {})


def random_bracket(rng: np.random.Generator, entry: float, side: float) -> dict[str, Any]:
    target, loss = entry + side * TICK * rng.integers(1, 6), entry - side * TICK * rng.integers(1, 6)
    bracket: dict[str, Any] = {}
    if rng.random() < 0.8 and target >= 0:
        bracket["take_profit"] = float(target)
    if rng.random() < 0.8 and loss >= 0:
        bracket["stop_loss"] = float(loss)
    if rng.random() < 0.4:
        bracket["max_bars"] = int(rng.integers(1, 5))
    return bracket
