"""From simulated arrays to the tables of market data."""

import numpy as np
import pandas as pd

from barograph.market.simulation.economy import SECTORS, Economy
from barograph.market.simulation.stocks import complete_bars
from barograph.randomness import generator
from barograph.typing import Floats

_VALUES = ("open", "high", "low", "close", "volume")


def symbol_names(symbols: int) -> list[str]:
    """Name the stocks S001, S002, ..., S999, S1000, ...; more stocks leave the first names as they are."""
    return [f"S{number:03d}" for number in range(1, symbols + 1)]


def to_tables(
    seed: int, economy: Economy, closes: Floats, dates: pd.DatetimeIndex
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Lay a simulated market with closes of shape (T, N) out as bars, context and universe.

    From the seed come the bars around the closes, the yields and the dollar.
    """
    names = symbol_names(closes.shape[1])
    sectors = [SECTORS[number % len(SECTORS)] for number in range(len(names))]
    universe = pd.DataFrame({"symbol": names, "name": [f"Simulated {n}" for n in names], "gics_sector": sectors})
    return _bars(seed, economy, closes, dates, names), _context(seed, economy, dates), universe


def _bars(seed: int, economy: Economy, closes: Floats, dates: pd.DatetimeIndex, names: list[str]) -> pd.DataFrame:
    values = np.empty((len(_VALUES), len(names), len(dates)))
    for number, close in enumerate(np.ascontiguousarray(closes.T)):
        values[:, number] = complete_bars(seed, number, economy, close)
    symbol = pd.Series(names, dtype="str").repeat(len(dates)).reset_index(drop=True)
    columns = {"symbol": symbol, "date": np.tile(dates.to_numpy(), len(names))}
    return pd.DataFrame(columns | {column: row.ravel() for column, row in zip(_VALUES, values, strict=True)})


def _context(seed: int, economy: Economy, dates: pd.DatetimeIndex) -> pd.DataFrame:
    steps = generator(seed, "simulated", "macro").standard_normal((len(dates), 2))
    return pd.DataFrame(
        {
            "date": dates,
            "index_close": 1000.0 * np.cumprod(1 + economy.index_return),
            "vix": economy.vix,
            "us10y": 4.0 * np.exp(0.01 * np.cumsum(steps[:, 0])),
            "usd_broad": 100.0 * np.exp(0.003 * np.cumsum(steps[:, 1])),
        }
    )
