"""The market on which the audit runs: simulated, with all that makes a feature act out of the ordinary."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph import tables
from barograph.features import FeatureSet, available
from barograph.features.signals import merge
from barograph.market import MarketData, Simulated, read_signals
from barograph.market.schema import BARS, CONTEXT, FACTS, SIGNALS, UNIVERSE
from barograph.randomness import generator

SIMULATED: Final = Simulated(
    seed=0, symbols=8, first_year=2006, years=6, signal=0.0, calendar="XNYS", start=None, end=None, facts=True
)
Market = dict[str, Any]
Rule = Callable[[pd.DataFrame], pd.DataFrame]
_REQUIRED: Final = {"bars": BARS, "context": CONTEXT, "universe": UNIVERSE}
_OPTIONAL: Final = {"facts": FACTS, "signals": SIGNALS}
_PRICES: Final = ["open", "high", "low", "close"]
_GAP_DAYS: Final = 15
_CRASH: Final = {"at": 0.60, "days": 10, "fall": 0.35, "vix": 82.0, "storm_days": 45}


def audited_market(features: FeatureSet, regimes: Rule, *, own_data: bool) -> Market:
    """Give the tables of a market by name, simulated or, of the user's, those in data/market/ with the signals."""
    return _on_disk(features.signals) if own_data else _simulated(regimes, features.calendar)


def left_out(market: Market, regimes: Rule, calendar: str | None) -> dict[str, list[str]]:
    """Give the features that the market has no inputs for, with what is lacking."""
    return available(MarketData(**market, regimes=regimes(market["context"])), calendar)[1]


def _on_disk(signals: str) -> Market:
    root = Path()
    market = {name: tables.read(table, root) for name, table in _REQUIRED.items()}
    given = {name: tables.read(table, root) for name, table in _OPTIONAL.items() if (root / table.path).is_file()}
    of_user, _ = read_signals(Path(signals), market["universe"])
    joined, _ = merge({SIGNALS.path: given.pop("signals", None), signals: of_user})
    return market | given | ({} if joined is None else {"signals": joined})


def _simulated(regimes: Rule, calendar: str | None) -> Market:
    """Simulate a market, with a random walk for every further series that some feature of the catalogue reads."""
    data = troubled_market()
    market: Market = {name: table for name in (*_REQUIRED, *_OPTIONAL) if (table := getattr(data, name)) is not None}
    context = market["context"]
    lacking = sorted({column for columns in left_out(market, regimes, calendar).values() for column in columns})
    walks = {
        column: np.exp(np.cumsum(generator(SIMULATED.seed, "audit", column).normal(0.0, 0.01, len(context))))
        for column in lacking
    }
    return market | {"context": context.assign(**walks)}


def troubled_market() -> MarketData:
    """Simulate a market with a late listing, a delisting, a gap, unusual bars, and a crash.

    The first symbol is listed late and the second delisted early; the third has no bars for 15 days, the fourth days
    without volume, the fifth days on which the volume is not known, the sixth days without a move. In the crash all
    prices fall by 35 % within ten days, and the VIX exceeds 60.
    """
    market = SIMULATED.load()
    context, universe = market.context, market.universe
    assert context is not None
    assert universe is not None
    dates = pd.DatetimeIndex(context["date"])
    names = universe["symbol"].tolist()
    storm = _storm(len(dates))
    level = pd.Series(np.cumprod(1 + storm), dates)
    bars = market.bars.copy()
    bars[_PRICES] = bars[_PRICES].mul(bars["date"].map(level), axis=0)
    bars = bars[~_without_bars(bars, names, dates)].reset_index(drop=True)
    quiet, unknown, still = (_days(bars, names[3 + n], dates, share) for n, share in enumerate((0.35, 0.45, 0.55)))
    bars["volume"] = bars["volume"].mask(quiet, 0.0).mask(unknown)
    bars.loc[still, _PRICES] = np.tile(bars["close"].shift(1)[still].to_numpy()[:, None], len(_PRICES))
    first = int(_CRASH["at"] * len(dates))
    vix = context["vix"].to_numpy().copy()
    shape = np.sin(np.linspace(0.1, np.pi - 0.1, int(_CRASH["storm_days"])))
    stormy = slice(first, first + shape.size)
    vix[stormy] = np.maximum(vix[stormy], vix[stormy] + (_CRASH["vix"] - vix[stormy]) * shape)
    context = context.assign(vix=vix, index_close=context["index_close"].to_numpy() * level.to_numpy())
    given: dict[str, Any] = vars(market) | {"bars": bars, "context": context}
    return MarketData(**given)


def _storm(days: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Give the return that the crash adds to each day's."""
    returns, first, length = np.zeros(days), int(_CRASH["at"] * days), int(_CRASH["days"])
    returns[first : first + length] = (1 - _CRASH["fall"]) ** (1 / length) - 1
    return returns


def _without_bars(bars: pd.DataFrame, names: list[str], dates: pd.DatetimeIndex) -> "pd.Series[bool]":
    symbol, date, days = bars["symbol"], bars["date"], len(dates)
    suspended = dates[days // 2 : days // 2 + _GAP_DAYS]
    unlisted = (symbol == names[0]) & (date < dates[days // 3])
    delisted = (symbol == names[1]) & (date > dates[2 * days // 3])
    return unlisted | delisted | ((symbol == names[2]) & date.isin(suspended))


def _days(bars: pd.DataFrame, name: str, dates: pd.DatetimeIndex, share: float) -> "pd.Series[bool]":
    """Tell which rows are of a symbol and of one of three days, each a fortnight after the other."""
    first = int(share * len(dates))
    return (bars["symbol"] == name) & bars["date"].isin(dates[[first, first + 10, first + 20]])
