"""Fundamentals and sentiment of simulated stocks, each with the day from which it is known."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from barograph.market.simulation.economy import LIMIT, SECTORS
from barograph.market.simulation.tables import symbol_names
from barograph.randomness import generator
from barograph.typing import Dates, Floats


@dataclass(frozen=True)
class Fundamental:
    """A quarterly figure: mean and standard deviation, the latter of the logarithm where it is positive by nature."""

    mean: float
    spread: float
    positive: bool = False


FUNDAMENTALS: Final = {
    "pe_ratio": Fundamental(20.0, 0.35, positive=True),
    "peg_ratio": Fundamental(1.6, 0.35, positive=True),
    "return_on_equity": Fundamental(0.15, 0.08),
    "debt_to_equity": Fundamental(0.8, 0.45, positive=True),
    "profit_margin": Fundamental(0.10, 0.06),
    "operating_margin": Fundamental(0.15, 0.07),
    "eps_growth": Fundamental(0.08, 0.15),
    "revenue_growth": Fundamental(0.06, 0.08),
    "free_cash_flow_yield": Fundamental(0.045, 0.025),
    "dividend_yield": Fundamental(0.02, 0.40, positive=True),
}
WEEKLY: Final = ("news_sentiment", "social_sentiment")
MONTHLY: Final = ("analyst_sentiment", "institutional_sentiment", "insider_sentiment")

# Shares of variance: of the sector, of the stock, and of the moving part.
_SECTOR, _STOCK, _MOVING = 0.3, 0.4, 0.3
_QUARTERLY_MEMORY: Final = 0.85
_SENTIMENT_MEMORY: Final = 0.7


def simulate_facts(seed: int, symbols: int, dates: pd.DatetimeIndex) -> pd.DataFrame:
    """Draw ten fundamentals a quarter, two sentiments a week and three a month.

    Fundamentals are known 20 to 45 days after the quarter's end, on a weekday drawn for each stock, all ten at once.
    Weekly sentiment is known on the week's Friday, monthly on the month's last day. A figure has a part of the sector,
    a part of the stock, and a part that moves with a memory of 0.85 a quarter (sentiment 0.7 a step, between -1 and 1).
    None is related to a return.

    The dates are the sessions of whole calendar years. Facts begin in the half year before them, so that every field of
    every stock is known on the first session. More stocks or years leave the earlier rows as they are.
    """
    begin, last = pd.Timestamp(dates[0].year, 1, 1), dates[-1]
    quarters = pd.date_range(begin - pd.DateOffset(months=4), last, freq="QE").to_numpy()
    weeks = pd.date_range(begin - pd.DateOffset(days=14), last, freq="W-FRI").to_numpy()
    months = pd.date_range(begin - pd.DateOffset(months=2), last, freq="ME").to_numpy()
    names = symbol_names(symbols)
    reported = _report_days(seed, symbols, quarters)
    tables = [_long(names, tuple(FUNDAMENTALS), reported, _fundamentals(seed, symbols, quarters))]
    for fields, days in ((WEEKLY, weeks), (MONTHLY, months)):
        mood = _moving(seed, fields[0], (symbols, len(days), len(fields)), _SENTIMENT_MEMORY)
        tables.append(_long(names, fields, np.tile(days, (symbols, 1)), np.tanh(0.5 * mood)))
    facts = pd.concat(tables, ignore_index=True)
    return facts[facts["available_from"] <= last].reset_index(drop=True)


def _fundamentals(seed: int, symbols: int, quarters: Dates) -> Floats:
    count = len(FUNDAMENTALS)
    sector = generator(seed, "simulated", "facts", "sectors").standard_normal((len(SECTORS), count))
    stock = np.stack([generator(seed, "simulated", "facts", n).standard_normal(count) for n in range(symbols)])
    moving = _moving(seed, "fundamentals", (symbols, len(quarters), count), _QUARTERLY_MEMORY)
    still = np.sqrt(_SECTOR) * sector[np.arange(symbols) % len(SECTORS)] + np.sqrt(_STOCK) * stock
    scores: Floats = still[:, None, :] + np.sqrt(_MOVING) * moving
    for number, figure in enumerate(FUNDAMENTALS.values()):
        spread = figure.spread * scores[:, :, number]
        scores[:, :, number] = figure.mean * np.exp(spread) if figure.positive else figure.mean + spread
    return scores


def _moving(seed: int, purpose: str, shape: tuple[int, int, int], memory: float) -> Floats:
    """Draw autoregressions of unit variance, a seed for each purpose and stock; (stocks, steps, fields)."""
    values: Floats = np.empty(shape)
    for stock, steps in enumerate(values):
        steps[:] = generator(seed, "simulated", purpose, stock).standard_normal(steps.shape)
    values.clip(-LIMIT, LIMIT, out=values)
    kept = np.sqrt(1 - memory**2)
    for step in range(1, shape[1]):
        values[:, step] = memory * values[:, step - 1] + kept * values[:, step]
    return values


def _report_days(seed: int, symbols: int, quarters: Dates) -> Dates:
    """Give the weekdays on which the quarters are reported, 20 to 45 days after they ended; (stocks, quarters)."""
    late = [generator(seed, "simulated", "reports", n).integers(20, 44, len(quarters)) for n in range(symbols)]
    days = quarters.astype("datetime64[D]") + np.stack(late).astype("timedelta64[D]")
    weekdays: Dates = np.busday_offset(days, 0, roll="forward")
    return weekdays


def _long(names: list[str], fields: tuple[str, ...], days: Dates, values: Floats) -> pd.DataFrame:
    symbols, steps, width = values.shape
    stock = np.repeat(np.arange(symbols), steps * width)
    return pd.DataFrame(
        {
            "symbol": pd.Series(names, dtype="str").take(stock).array,
            "field": pd.Series(fields, dtype="str").take(np.tile(np.arange(width), symbols * steps)).array,
            "available_from": np.repeat(days.astype("datetime64[us]").ravel(), width),
            "value": values.ravel(),
        }
    )
