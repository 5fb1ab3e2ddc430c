"""Days without an engine behind them: what a strategy decides on, date by date, on a paper account."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from barograph.backtest.strategies.sleeve import Sleeve

Decisions = list[list[float] | None]


class Market:
    """Closes by symbol, and whatever else a strategy reads, in lists with a value per date."""

    def __init__(self, closes: dict[str, Any], *, start: str = "2021-03-01", **given: Any) -> None:
        self.symbols = np.array(list(closes))
        close = np.column_stack([np.asarray(values, float) for values in closes.values()])
        self.dates = pd.date_range(start, periods=len(close), freq="B", unit="us")
        self.bars = dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": np.ones_like(close)}
        self.bars |= {name: np.asarray(given.pop(name), float) for name in tuple(self.bars) if name in given}
        self.signals = {name: np.asarray(values, float) for name, values in given.pop("signals", {}).items()}
        self.context = given

    def day(self, t: int) -> Any:
        columns = self.bars | self.signals

        def history(name: str, bars: int | None = None) -> Any:
            return columns[name][max(0, t + 1 - bars) if bars else 0 : t + 1]

        return SimpleNamespace(
            date=self.dates[t],
            symbols=self.symbols,
            bars=SimpleNamespace(**{name: values[t] for name, values in self.bars.items()}),
            signals={name: values[t] for name, values in self.signals.items()},
            features={},
            context={name: values[t] for name, values in self.context.items()},
            history=history,
        )


def follow(strategy: Any, market: Market, *, cost_bps: float = 0.0) -> tuple[Decisions, Sleeve]:
    """Give what a strategy decides on each date, and the paper account at the end."""
    sleeve, decided = Sleeve(strategy, cost_bps), []
    for t in range(len(market.dates)):
        weights = sleeve.decide(market.day(t))
        decided.append(None if weights is None else [float(weight) for weight in weights])
    return decided, sleeve


class Scripted:
    """Decides what it was told, date by date; None after the end."""

    def __init__(self, *decisions: list[float] | None) -> None:
        self.decisions = decisions

    def weights(self, day: Any) -> Any:
        t = day.memory.get("t", 0)
        day.memory["t"] = t + 1
        decided = self.decisions[t] if t < len(self.decisions) else None
        return None if decided is None else np.array(decided, float)
