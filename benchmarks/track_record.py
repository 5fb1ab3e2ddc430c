"""How long it takes to read the record of 20 strategies over 16 years.

Run as ``python benchmarks/track_record.py`` in the project's root. The backtests come first and are not timed; their
round trips are. Times are medians of three runs after a first.
"""

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from measuring import seconds, show

from barograph import config
from barograph.backtest import Simulation, analytics, simulate
from barograph.backtest.attribution import attribution, contributions
from barograph.backtest.luck import luck
from barograph.backtest.monte_carlo import other_histories
from barograph.backtest.performance import figures
from barograph.backtest.record import daily_record
from barograph.market.panel import Panel, to_panel
from barograph.testing import simulate as simulate_market

STRATEGIES, YEARS, SYMBOLS, HELD, EVERY, SEED, REPEATS, TARGET = 20, 16, 20, 5, 5, 7, 3, 5.0


def main() -> None:
    """Print the table."""
    settings = config.compose()
    execution, validation, analysis = (
        config.build(settings[key], key) for key in ("execution", "validation", "backtest")
    )
    bars = simulate_market(symbols=SYMBOLS, first_year=2022 - YEARS, years=YEARS, seed=SEED).bars
    panel = to_panel(bars)
    books = {name: simulate(panel, weights, execution) for name, weights in _decisions(panel)}
    dates = pd.DatetimeIndex(panel.dates)
    folds = dates.year.to_numpy(np.int64)
    returns = {name: book.returns for name, book in books.items()}
    given = returns, folds
    days = _days(books, panel, folds, analysis.rolling_days)
    trips = {name: contributions(book, panel) for name, book in books.items()}
    trades = _trades(books, trips)
    market = {
        "sectors": pd.Series({symbol: f"sector {k % 5}" for k, symbol in enumerate(panel.symbols)}),
        "regimes": pd.Series("normal", dates),
        "events": pd.DataFrame({"event": ["one"], "start": [dates[500]], "end": [dates[600]]}),
    }
    wide = pd.DataFrame(returns)
    counted = {"tuning": 40, "predictors": STRATEGIES, "strategies": 1, "further": 0}
    drawn = {"block": analysis.block_days, "paths": analysis.paths, "level": validation.level}
    works: dict[str, Callable[[], Any]] = {
        "figures with intervals": lambda: [
            figures(_fresh(book), *given, name, validation, SEED, returns["universe"]) for name, book in books.items()
        ],
        "days, rolling figures": lambda: _days(books, panel, folds, analysis.rolling_days),
        "drawdowns, months": lambda: [
            (analytics.drawdowns(one), analytics.monthly_returns(one)) for one in returns.values()
        ],
        "round trips to returns": lambda: [contributions(book, panel) for book in books.values()],
        "attribution": lambda: attribution(trades, days, **market),
        "luck": lambda: luck(wide, blocks=analysis.overfitting_blocks, level=validation.level, **counted),
        "other histories": lambda: other_histories(wide, trips, folds, rng=np.random.default_rng(SEED), **drawn),
    }
    _print(works, len(dates), analysis.paths)


def _print(works: dict[str, Callable[[], Any]], days: int, paths: int) -> None:
    taken = {}
    for name, work in works.items():
        work()
        runs = [seconds(work) for _ in range(REPEATS)]
        taken[name] = [statistics.median(run[clock] for run in runs) for clock in ("wall", "processor")]
    taken["together"] = [sum(each[k] for each in taken.values()) for k in range(2)]
    rows = [[name, *(f"{value:.2f}" for value in each), ""] for name, each in taken.items()]
    rows[-1][-1] = f"{TARGET:.0f}"
    show(
        f"{STRATEGIES} strategies and the universe x {days:,} days, {paths:,} histories",
        ["part", "s", "cpu s", "target s"],
        rows,
    )


def _decisions(panel: Panel) -> list[tuple[str, pd.DataFrame]]:
    """Give each strategy five random names a week, and the universe all of them."""
    rng, dates = np.random.default_rng(SEED), pd.DatetimeIndex(panel.dates)[:-1:EVERY]
    found = []
    for k in range(STRATEGIES):
        ranks = rng.random((len(dates), len(panel.symbols))).argsort(axis=1)
        found.append((f"strategy {k}", pd.DataFrame((ranks < HELD) / HELD, dates, panel.symbols)))
    even = np.full((len(dates), len(panel.symbols)), 1.0 / len(panel.symbols))
    return [*found, ("universe", pd.DataFrame(even, dates, panel.symbols))]


def _fresh(book: Simulation) -> Simulation:
    """Forget the tables that a book has built, so that building them is timed."""
    for name in ("fills", "orders", "trades"):
        book.__dict__.pop(name, None)
    return book


def _days(books: dict[str, Simulation], panel: Panel, folds: Any, window: int) -> pd.DataFrame:
    universe = books["universe"].returns
    return pd.concat(
        [daily_record(book, panel, folds, universe, window).assign(portfolio=name) for name, book in books.items()]
    )


def _trades(books: dict[str, Simulation], trips: dict[str, Any]) -> pd.DataFrame:
    return pd.concat([book.trades.assign(portfolio=name, contribution=trips[name]) for name, book in books.items()])


if __name__ == "__main__":
    main()
