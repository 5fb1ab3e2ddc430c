"""`barograph compile`: compile the numerical kernels, so that the first run need not."""

from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from barograph.backtest import Day, Execution, Management, Order, simulate
from barograph.backtest import run as run_strategy
from barograph.backtest.monte_carlo import other_histories
from barograph.backtest.risk import GrossLimit, NetLimit, SingleNameLimit
from barograph.drift.comparison import compare_values
from barograph.drift.permutation import cut_blocks, draw_blocks
from barograph.features import stream
from barograph.market import Simulated
from barograph.randomness import generator
from barograph.scoring.auc import resampled_auc

_MARKET: Final = Simulated(
    seed=0, symbols=3, first_year=2018, years=3, signal=0.0, calendar="XNYS", start=None, end=None, facts=True
)
_EXECUTION: Final = Execution(
    price="next_close",
    commission_bps=1.0,
    half_spread_bps=4.0,
    initial_cash=1e6,
    max_leverage=1.0,
    delisting_days=21,
    participation=0.1,
    impact=1.0,
    schedule="volume_weighted",
    schedule_bars=2,
)
_ROWS: Final = 500


class _Buyer:
    def on_bar(self, day: Day) -> None:
        day.send(Order(str(day.symbols[0]), shares=1.0))


def run() -> str:
    """Call the kernels of features, scores, drift and backtests once; numba keeps them beside the source."""
    market = _MARKET.load()
    for _ in stream(market):
        pass
    _scores()
    _drift()
    weights = pd.DataFrame(0.5, market.bars["date"].unique()[:9], market.bars["symbol"].unique()[:2])
    overlays = {"name": SingleNameLimit(most=0.4), "net": NetLimit(low=0.0, high=0.6), "gross": GrossLimit(most=0.5)}
    for given in ({}, overlays):
        simulate(market.bars, weights, _EXECUTION, management=Management(overlays=given))
    _ = run_strategy(market.bars, _Buyer(), _EXECUTION).trades
    _histories()
    return "kernels compiled"


def _histories() -> None:
    steps = pd.DataFrame({"portfolio": np.linspace(-0.01, 0.01, _ROWS)})
    folds, trips = np.arange(_ROWS) // 250, {"portfolio": np.linspace(-0.1, 0.1, 9)}
    other_histories(steps, trips, folds, block=21, paths=2, level=0.95, rng=generator(0, "compile"))


def _scores() -> None:
    tie, date, positive = np.arange(_ROWS, dtype=np.int32), np.arange(_ROWS), np.arange(_ROWS) % 2 == 0
    resampled_auc(tie, date, positive, np.ones((_ROWS, 2), np.float32))


def _drift() -> None:
    dates = np.arange(_ROWS)
    blocks = cut_blocks(dates < _ROWS // 2, dates >= _ROWS // 2, 20)
    draw = partial(draw_blocks, permutations=9, rng=generator(0, "compile"))
    compare_values(np.linspace(0.0, 1.0, _ROWS), blocks.of_date, blocks, draw, 10, 0.05)
