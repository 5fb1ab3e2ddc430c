"""Champion against challenger: how often equal models pass at 52 weekly looks, and when a better one is found.

Run as ``python benchmarks/champion.py`` in the project's root; ``--simulations 100`` is a try.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from measuring import show
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm

from barograph.gate import brier_differences, sequential_p_values
from barograph.randomness import generator

LEVELS, DAYS_A_WEEK, LABEL_DAYS = (0.05, 0.1), 5, 14
COMMON = 0.5  # share of a symbol's variance that all symbols have in common
HALF_LIFE = 60  # trading days, of the market's state and of the models' mistakes
MISTAKE = 0.04  # standard deviation of a model's mistakes, in probability
LARGEST = 4.0  # times the mistake, of the worst model
SPELL = 63  # trading days of the models that are better by turns
YEAR, DECADE = 52, 520
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """Labels of 14 days whose true probabilities are known, and the mistakes of a model; arrays by date and symbol."""

    truth: Floats
    label: Ints
    mistake: Floats


Models = Callable[[World], tuple[Floats, Floats]]


def world(symbols: int, days: int, rng: np.random.Generator) -> World:
    """Draw a market: a label says whether the sum of the next 14 days' shocks leaves barriers that move slowly."""
    shock = np.sqrt(COMMON) * rng.standard_normal((days + LABEL_DAYS, 1))
    shock = shock + np.sqrt(1 - COMMON) * rng.standard_normal((days + LABEL_DAYS, symbols))
    total = np.cumsum(np.vstack([np.zeros((1, symbols)), shock]), axis=0)
    move = (total[LABEL_DAYS:] - total[:-LABEL_DAYS])[1:] / np.sqrt(LABEL_DAYS)
    barrier = np.exp(-0.3 + 0.3 * _slow(days, 1, rng))
    sell = np.broadcast_to(norm.cdf(-barrier), (days, symbols))
    truth = np.stack([sell, 1 - 2 * sell, sell], axis=-1)
    label = 1 + (move >= barrier).astype(np.int64) - (move <= -barrier)
    tilt = _slow(days, 3, rng)[:, None] + 0.5 * rng.standard_normal((1, symbols, 3))
    mistake = tilt - tilt.mean(axis=-1, keepdims=True)
    return World(truth, label, MISTAKE * mistake / mistake.std())


def _slow(days: int, columns: int, rng: np.random.Generator) -> Floats:
    keep = 0.5 ** (1 / HALF_LIFE)
    found, level = np.empty((days, columns)), rng.standard_normal(columns)
    for day in range(days):
        level = keep * level + np.sqrt(1 - keep**2) * rng.standard_normal(columns)
        found[day] = level
    return found


def forecast(market: World, size: Floats | float) -> Floats:
    """Give the truth plus so many times the mistake, cut to what is possible by one factor for each row."""
    bound = np.minimum(market.truth, 1 - market.truth) / np.abs(market.mistake)
    room = 0.9 * bound.min(axis=-1, keepdims=True) / LARGEST
    found: Floats = market.truth + size * market.mistake * np.minimum(1.0, room)
    return found


def p_values(market: World, champion: Floats, candidate: Floats, level: float) -> Floats:
    """Give the p value at every weekly look."""
    days, symbols = market.label.shape
    flat = (values.reshape(days * symbols, -1) for values in (champion, candidate))
    date = np.repeat(np.arange(days), symbols)
    difference, worst = brier_differences(*flat, market.label.ravel(), date)
    known = np.arange(days) + LABEL_DAYS
    difference[known >= days] = np.nan
    values = sequential_p_values(difference, worst, known, lag=LABEL_DAYS, level=level)
    looks: Floats = values[DAYS_A_WEEK - 1 :: DAYS_A_WEEK]
    return looks


def equal(market: World) -> tuple[Floats, Floats]:
    """Give two models whose mistakes are opposite: both have the same expected Brier score on every date."""
    return forecast(market, 1.0), forecast(market, -1.0)


def by_turns(market: World) -> tuple[Floats, Floats]:
    """Give two models that make the mistake by turns: equal on average, on no date."""
    first = (np.arange(len(market.truth)) // SPELL % 2 == 0)[:, None, None]
    return forecast(market, first.astype(float)), forecast(market, (~first).astype(float))


def lower(share: float, market: World) -> tuple[Floats, Floats]:
    """Give a champion, and a candidate with half its mistakes whose expected log loss is lower by this share."""

    def saved(size: float) -> float:
        champion, candidate = (_expected(market.truth, forecast(market, each)) for each in (size, size / 2))
        return 1 - candidate / champion - share

    size = LARGEST if saved(LARGEST) < 0 else brentq(saved, 0.0, LARGEST, xtol=1e-4)
    return forecast(market, size), forecast(market, size / 2)


def _expected(truth: Floats, given: Floats) -> float:
    return float(-(truth * np.log(given)).sum(axis=-1).mean())


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--simulations", type=int, default=1000)
    simulations = parser.parse_args().simulations
    rows = [
        [name, str(symbols), *_passed(models, symbols, simulations)]
        for name, models in (("equal on every date", equal), ("better by turns", by_turns))
        for symbols in (20, 57)
    ]
    head = ["models", "symbols", *(f"pass at {level:.0%}" for level in LEVELS)]
    show(f"{YEAR} weekly looks, {simulations} simulations", head, rows)
    rows = [
        [f"{share:.0%}", str(symbols), *_found(share, symbols, max(simulations // 10, 10))]
        for share in (0.01, 0.02, 0.05)
        for symbols in (20, 57)
    ]
    head = ["log loss lower by", "symbols", "in 52 weeks", "in 260 weeks", "median weeks", "three of four"]
    show(f"found at {LEVELS[0]:.0%}, {max(simulations // 10, 10)} simulations of {DECADE} weeks", head, rows)


def _passed(models: Models, symbols: int, simulations: int) -> list[str]:
    return [
        f"{np.mean([_looks(models, symbols, YEAR, level, draw).min() <= level for draw in range(simulations)]):.1%}"
        for level in LEVELS
    ]


def _found(share: float, symbols: int, simulations: int) -> list[str]:
    weeks = []
    for draw in range(simulations):
        found = np.flatnonzero(_looks(partial(lower, share), symbols, DECADE, LEVELS[0], draw) <= LEVELS[0])
        weeks.append(found[0] + 1 if found.size else np.inf)
    early = [f"{np.mean(np.array(weeks) <= limit):.0%}" for limit in (YEAR, 5 * YEAR)]
    late = [np.quantile(weeks, part, method="higher") for part in (0.5, 0.75)]
    return early + [f"{week:.0f}" if np.isfinite(week) else f"over {DECADE}" for week in late]


def _looks(models: Models, symbols: int, weeks: int, level: float, draw: int) -> Floats:
    market = world(symbols, weeks * DAYS_A_WEEK, generator(draw, "champion", str(symbols), weeks))
    return p_values(market, *models(market), level)


if __name__ == "__main__":
    main()
