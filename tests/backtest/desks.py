"""Situations, limits and strategies for the tests of sizing and risk."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from barograph.backtest import ByWeights, Execution
from barograph.backtest.risk import (
    BetaLimit,
    ClusterLimit,
    CorrelationLimit,
    GrossLimit,
    LiquidityLimit,
    NetLimit,
    Overlay,
    SectorLimit,
    SingleNameLimit,
    StrategyLimit,
)
from barograph.backtest.situation import Known, Situation
from barograph.typing import Floats

SECTORS = np.array(["Energy", "Energy", "Utilities", "Utilities", "Energy", None], dtype=object)
OVERLAYS: dict[str, Overlay] = {
    "liquidity": LiquidityLimit(participation=0.1, days=2, lookback=5),
    "single_name": SingleNameLimit(most=0.2),
    "cluster": ClusterLimit(most=0.4, correlation=0.5, lookback=20, every=7),
    "sector": SectorLimit(most=0.3, sectors={"Utilities": 0.25}),
    "net": NetLimit(low=-0.2, high=0.3),
    "beta": BetaLimit(most=0.3, lookback=20, every=7),
    "correlation": CorrelationLimit(warn=-0.5, start=-0.4, full=0.6, least=0.2, most=0.9, lookback=20, every=7),
    "strategy": StrategyLimit(strategies={"mine": 0.7}),
    "gross": GrossLimit(most=0.6),
}
FREE = Execution(
    price="next_close", commission_bps=0.0, half_spread_bps=0.0, initial_cash=1e6, max_leverage=2.0, delisting_days=21
)


def market(days: int = 60, names: int = 6, seed: int = 3) -> dict[str, Floats]:
    """Draw closes and volumes with a common factor, some gaps, and an index."""
    rng = np.random.default_rng(seed)
    common = 0.01 * rng.standard_normal((days, 1))
    closes = 50.0 * np.exp(np.cumsum(common + 0.008 * rng.standard_normal((days, names)), axis=0))
    closes[rng.random(closes.shape) < 0.02] = np.nan
    closes[0] = 50.0
    volume = np.where(np.isnan(closes), np.nan, rng.integers(2_000, 60_000, closes.shape).astype(float))
    return {"close": closes, "volume": volume, "index_close": 1000.0 * np.exp(np.cumsum(common[:, 0]))}


def situation(tables: dict[str, Floats], places: Any, *, portfolio: str = "mine", **more: Any) -> Situation:
    """Give what is known at places of a market, with an equity of a million."""
    names = tables["close"].shape[1]
    known = Known(portfolio, np.array([f"S{n}" for n in range(names)], dtype=object), 2.0, SECTORS[:names])
    chosen = np.asarray(places, np.int64)
    return Situation(known, chosen, tables.__getitem__, frozenset(tables), np.full(len(chosen), 1e6), **more)


def bars_of(closes: Floats, start: str = "2019-01-01") -> pd.DataFrame:
    """Lay closes (T, N) out as bars that open at the close before."""
    dates = pd.bdate_range(start, periods=len(closes), unit="us")
    opens = np.vstack([closes[:1], closes[:-1]])
    parts = [
        pd.DataFrame(
            {
                "symbol": f"S{n}",
                "date": dates,
                "open": opens[:, n],
                "high": np.maximum(opens[:, n], closes[:, n]),
                "low": np.minimum(opens[:, n], closes[:, n]),
                "close": closes[:, n],
                "volume": 1e6,
            }
        )
        for n in range(closes.shape[1])
    ]
    return pd.concat(parts, ignore_index=True).dropna(subset="close")


def dates_of(bars: pd.DataFrame) -> pd.DatetimeIndex:
    """Give the dates of bars in their order."""
    return pd.DatetimeIndex(np.sort(bars["date"].unique()))


@dataclass(frozen=True)
class Decides(ByWeights):
    """Decides what a function of the number of the date gives."""

    rule: Callable[[int], Any]

    def weights(self, day: Any) -> Floats | None:
        number = day.memory["number"] = day.memory.get("number", -1) + 1
        decided = self.rule(number)
        return None if decided is None else np.asarray(decided, float)
