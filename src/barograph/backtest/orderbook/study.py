"""What an order of many shares costs in a book with random traders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from barograph.backtest.orderbook.book import BUY, SELL
from barograph.backtest.orderbook.flow import Flow, Traders
from barograph.errors import InputError
from barograph.randomness import generator
from barograph.typing import Floats

_RESAMPLES: Final = 2_000


@dataclass(frozen=True)
class Exponent:
    """The exponent of impact in the order's size: the slope of log impact on log size, with a bootstrap interval."""

    value: float
    low: float
    high: float


def shortfall(flow: Flow, side: int, parts: Sequence[int], times: Sequence[float]) -> tuple[float, float]:
    """Trade an order in parts, each by a market order at the start of its time.

    Parameters
    ----------
    flow : Flow
        Changed by the order.
    side : {1, -1}
    parts : sequence of int
        Shares of each part; 0 trades nothing.
    times : sequence of float
        How long the traders trade after each part.

    Returns
    -------
    cost : float
        Ticks per share that the order was filled worse than the mid price before it.
    impact : float
        Ticks by which the mid price has moved with the order at its end.

    Raises
    ------
    InputError
        If the book cannot fill a part.
    """
    before, paid, total = flow.mid, 0.0, sum(parts)
    for part, time in zip(parts, times, strict=True):
        if part:
            _, trades = flow.book.market(side, part)
            if (filled := sum(trade.size for trade in trades)) < part:
                raise InputError(f"order book: {filled} of {part} shares were filled; a smaller order or more traders")
            paid += sum(trade.size * trade.price for trade in trades)
        flow.play(time)
    return side * (paid / total - before), side * (flow.mid - before)


def schedule_costs(
    schedules: Mapping[str, Sequence[int]], times: Sequence[float], traders: Traders, runs: int, seed: int
) -> pd.DataFrame:
    """Trade one order by several schedules, against the same random traders.

    Returns
    -------
    DataFrame
        A row per schedule: ``schedule``, ``cost`` (mean, in ticks per share), ``cost_low``, ``cost_high`` (95 % of the
        mean, by bootstrap over runs) and ``risk`` (standard deviation of the cost of an order). Each run buys in one
        book and sells in another.
    """
    rows = []
    for name, parts in schedules.items():
        costs = np.array([_both_sides(parts, times, traders, run, seed)[:, 0] for run in range(runs)])
        low, high = np.quantile(_resampled(costs, seed).mean(axis=(1, 2)), [0.025, 0.975])
        rows.append((name, costs.mean(), low, high, costs.std(ddof=1)))
    return pd.DataFrame(rows, columns=["schedule", "cost", "cost_low", "cost_high", "risk"])


def impact_of_sizes(
    sizes: Sequence[int], steps: int, time: float, traders: Traders, runs: int, seed: int
) -> pd.DataFrame:
    """Trade orders of several sizes in equal parts over the same time.

    Returns
    -------
    DataFrame
        ``run, size, impact``: in ticks, half of the difference between the mid prices after buying and after selling.
    """
    rows = []
    for run in range(runs):
        for size in sizes:
            parts = np.diff(np.round(np.linspace(0, size, steps + 1)).astype(int)).tolist()
            impacts = _both_sides(parts, [time / steps] * steps, traders, run, seed)[:, 1]
            rows.append((run, size, impacts.mean()))
    return pd.DataFrame(rows, columns=["run", "size", "impact"])


def impact_exponent(impacts: pd.DataFrame, seed: int) -> Exponent:
    """Fit the exponent to the mean impacts of sizes, and resample whole runs for its 95 % interval.

    Raises
    ------
    InputError
        If there is one size only, or a mean impact is not positive: too few runs.
    """
    table = impacts.pivot(index="run", columns="size", values="impact")
    sizes, values = np.log(table.columns.to_numpy(float)), table.to_numpy(float)
    if len(sizes) < 2 or (values.mean(axis=0) <= 0.0).any():
        raise InputError("impact exponent: two sizes and a positive mean impact of each are required; add runs")
    means = _resampled(values, seed).mean(axis=1)
    slopes = _slopes(sizes, means[(means > 0.0).all(axis=1)])
    low, high = np.quantile(slopes, [0.025, 0.975])
    return Exponent(float(_slopes(sizes, values.mean(axis=0)[None])[0]), float(low), float(high))


def _both_sides(parts: Sequence[int], times: Sequence[float], traders: Traders, run: int, seed: int) -> Floats:
    """Give cost and impact (2, 2) of buying, and of selling against traders of the same seed."""
    found = [
        shortfall(Flow.begin(traders, generator(seed, "orderbook", run)), side, parts, times) for side in (BUY, SELL)
    ]
    return np.array(found, np.float64)


def _resampled(values: Floats, seed: int) -> Floats:
    """Resample the runs (R, ...): (resamples, R, ...)."""
    rng = generator(seed, "orderbook", "resamples")
    return np.asarray(values[rng.integers(len(values), size=(_RESAMPLES, len(values)))], np.float64)


def _slopes(x: Floats, impacts: Floats) -> Floats:
    """Give the slope of each row's (R, S) logarithms on x (S,)."""
    return np.asarray(np.polyfit(x, np.log(impacts).T, 1)[0], np.float64)
