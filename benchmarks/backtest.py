"""How fast backtests are, beside vectorbt and backtrader, what context takes, and whether vectorbt's fills come out.

Run as ``python benchmarks/backtest.py`` in the project's root, or with ``--small`` to try it out. Each figure comes
from a process of its own. Times are medians of five runs after a first, in memory that the first has touched;
backtrader is timed in its second run.
"""

import argparse
import statistics
import tempfile
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fills
import numpy as np
import pandas as pd
import peers
from measuring import answer, child, seconds, show

from barograph import config
from barograph.backtest import Day, Execution, Management, Order, Simulation, run, simulate
from barograph.backtest.risk import (
    DrawdownBrake,
    EmergencyStop,
    GrossLimit,
    SectorLimit,
    SingleNameLimit,
    VolatilityBrake,
)
from barograph.market.panel import to_panel
from barograph.testing import simulate as simulate_market

KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40), "MALLOC_TOP_PAD_": str(1 << 26)}
PARTS = ("panel", "overlays", "events", "context", "growth", "fills")
TARGETS = {"panel": 20.0, "overlays": 10.0, "events": 1.0}
EVERY = 5
REPEATS = 5
SEED = 7
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Sizes:
    """Symbols and dates of the parts."""

    many: tuple[int, int]
    peer: tuple[int, int]
    context: tuple[int, ...]
    context_days: int
    growth: tuple[int, ...]
    growth_days: int


FULL = Sizes((500, 5000), (100, 500), (10, 100, 500), 2000, (500, 1000, 2000, 5000), 500)
SMALL = Sizes((60, 260), (60, 260), (10, 20, 40), 260, (50, 100, 200, 500), 260)


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="a try: markets of a hundredth of the size")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="some parts only")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        answer(options.child, CHILDREN)
        return
    sizes = SMALL if options.small else FULL
    print(f"Medians of {REPEATS} runs after a first; seconds of the wall clock and of the processor.\n")
    with tempfile.TemporaryDirectory() as root:
        for part in options.only:
            SHOWN[part](root, sizes)


def _child(**order: Any) -> Any:
    return child(__file__, KEEP_MEMORY, **order)


def _market(root: str, symbols: int, days: int) -> str:
    """Give the folder of a simulated market, made where it is asked for first."""
    folder = Path(root) / f"{symbols}x{days}"
    if not folder.is_dir():
        _child(job="make", folder=str(folder), symbols=symbols, days=days)
    return str(folder)


def _make(folder: str, symbols: int, days: int) -> None:
    """Write bars, daily weights of all symbols, and three features.

    The weights leave as much cash as a day's purchases cost, so that vectorbt fills them in any sequence.
    """
    years = days // 252 + 1
    bars = simulate_market(symbols=symbols, first_year=2022 - years, years=years, seed=SEED).bars
    bars = bars[bars["date"].isin(bars["date"].unique()[:days])].reset_index(drop=True)
    names = list(bars["symbol"].unique())
    dates = pd.DatetimeIndex(bars["date"].unique(), name="date")
    random = np.random.default_rng(SEED)
    weights = pd.DataFrame(0.95 * random.dirichlet(np.full(symbols, 400.0), size=len(dates)), dates, names)
    values = {name: random.normal(size=len(bars)) for name in peers.FEATURES}
    Path(folder).mkdir()
    for name, frame in {
        "bars": bars,
        "weights": weights,
        "features": bars[["symbol", "date"]].assign(**values),
    }.items():
        frame.to_parquet(_file(folder, name))


def _file(folder: str, name: str) -> Path:
    return Path(folder) / f"{name}.parquet"


def _read(folder: str, *names: str) -> list[pd.DataFrame]:
    return [pd.read_parquet(_file(folder, name)) for name in names]


def _execution(**changes: Any) -> Execution:
    """Give the settings of ``conf/execution/default.yaml`` with fills at the next close, some of them changed."""
    execution: Execution = config.build(config.compose()["execution"], "execution")
    return replace(execution, **({"price": "next_close"} | changes))


def _timed(work: Callable[[], Any]) -> dict[str, float]:
    """Run once, then several times; give the medians."""
    work()
    taken = [seconds(work) for _ in range(REPEATS)]
    return {clock: statistics.median(each[clock] for each in taken) for clock in ("wall", "processor")}


# Whole panel


def _panel(folder: str, by: str) -> dict[str, float]:
    """Rebalance every symbol daily; the last equity shows that all do the same."""
    bars, weights = _read(folder, "bars", "weights")
    execution = _execution()
    if by.startswith("barograph"):
        given = to_panel(bars) if by == "barograph, panel" else bars
        equity = simulate(given, weights, execution).equity
        taken = _timed(lambda: simulate(given, weights, execution))
    else:
        close, size = bars.pivot(index="date", columns="symbol", values="close"), weights.shift(1)
        trade = partial(peers.vectorbt, close, size, execution, call_seq=by.split()[-1])
        equity = trade().value()
        taken = _timed(trade)
    return taken | {"equity": float(equity.iloc[-1])}


def _show_panel(root: str, sizes: Sizes) -> None:
    symbols, days = sizes.many
    folder, rows, ours = _market(root, symbols, days), [], None
    for by in ("barograph, panel", "barograph, frame", "vectorbt auto", "vectorbt default"):
        taken = _child(job="panel", folder=folder, by=by)
        ours = ours or taken
        if abs(taken["equity"] / ours["equity"] - 1.0) > TOLERANCE:
            raise SystemExit(f"{by} ends with {taken['equity']}, barograph with {ours['equity']}")
        rows.append([by, *_rates(taken, symbols * days, ours), f"{TARGETS['panel']:.0f}" if "barograph" in by else ""])
    show(f"Daily rebalancing of all of {symbols} x {days:,} with costs", ["by", *RATES, "target"], rows)


# Overlays


LIMITS = {
    "without overlays": {},
    "three limits": {
        "single_name": SingleNameLimit(most=0.0021),
        "sector": SectorLimit(most=0.1, sectors={}),
        "gross": GrossLimit(most=0.9),
    },
    "two limits, a brake": {
        "single_name": SingleNameLimit(most=0.0021),
        "sector": SectorLimit(most=0.1, sectors={}),
        "drawdown": DrawdownBrake(start=0.05, full=0.2, least=0.2, most=0.9),
    },
    "three brakes": {
        "volatility": VolatilityBrake(level=0.1, half_life=21.0, days=21, most=1.0),
        "drawdown": DrawdownBrake(start=0.05, full=0.2, least=0.2, most=0.9),
        "stop": EmergencyStop(drawdown=0.9, daily_loss=0.9, released=[]),
    },
}


def _overlays(folder: str, by: str) -> dict[str, float]:
    """Rebalance every symbol daily under overlays, and count the limits that were applied."""
    bars, weights = _read(folder, "bars", "weights")
    panel, execution = to_panel(bars), _execution()
    universe = pd.DataFrame({"symbol": panel.symbols, "gics_sector": [f"{n % 11}" for n in range(len(panel.symbols))]})
    management = Management(overlays=LIMITS[by], universe=universe)
    trade = partial(simulate, panel, weights, execution, management=management)
    return _timed(trade) | {"caps": float(len(trade().caps))}


def _show_overlays(root: str, sizes: Sizes) -> None:
    symbols, days = sizes.many
    folder, rows, ours = _market(root, symbols, days), [], None
    for by in LIMITS:
        taken = _child(job="overlays", folder=folder, by=by)
        ours = ours or taken
        rates = _rates(taken, symbols * days, ours)
        rows.append([by, *rates, f"{taken['caps']:,.0f}", f"{TARGETS['overlays']:.0f}"])
    title = f"Daily rebalancing of all of {symbols} x {days:,} with costs, from a panel, under overlays"
    show(title, ["overlays", *RATES, "limits applied", "target"], rows)


RATES = ("s", "cpu s", "M symbol-bars/s", "M a cpu s", "cpu / ours")


def _rates(
    taken: Mapping[str, float], cells: int, ours: Mapping[str, float], ours_cells: int | None = None
) -> list[str]:
    wall, processor = taken["wall"], taken["processor"]
    ratio = processor / cells / (ours["processor"] / (ours_cells or cells))
    rates = (f"{cells / clock / 1e6:.3g}" for clock in (wall, processor))
    return [f"{wall:.3f}", f"{processor:.3f}", *rates, f"{ratio:.2f}"]


# Day by day


class Picking:
    """Reads three features a day, and sends ten orders a week."""

    def on_bar(self, day: Day) -> None:
        """Read the features; every fifth date, send orders."""
        features = [day.features[name] for name in peers.FEATURES]
        day.memory["days"] = day.memory.get("days", 0) + 1
        if day.memory["days"] % EVERY:
            return
        cash = day.memory.setdefault("initial", day.portfolio_value)
        for pick in peers.picks(features, day.bars.close, day.positions, cash):
            kind = "market" if pick.limit is None else "limit"
            day.send(Order(day.symbols[pick.place], shares=pick.shares, kind=kind, limit=pick.limit))


def _touch_tables(result: Simulation) -> int:
    """Build the tables of orders, trades and fills."""
    return int(result.rejections.sum()) + len(result.trades) + len(result.fills)


def _events(folder: str, by: str) -> dict[str, float]:
    """Let the strategy trade, from frames to tables."""
    bars, features = _read(folder, "bars", "features")
    execution = _execution(price="next_open", half_spread_bps=0.0, account="cash")
    if by == "backtrader":
        import by_backtrader

        trade = partial(by_backtrader.trade, bars, features, execution.commission_bps, execution.initial_cash, EVERY)
        done = trade()
        found = {"equity": done.broker.getvalue(), "fills": len(done.fills), "trades": len(done.trades)}
        return seconds(trade) | found | {"orders": done.sent}
    trade = partial(run, bars, Picking(), execution, features=features)
    result = trade()
    found = {
        "equity": float(result.equity.iloc[-1]),
        "fills": len(result.fills),
        "trades": int(result.trades["exit_date"].notna().sum()),
        "orders": len(result.orders),
    }
    return _timed(lambda: _touch_tables(trade())) | found


def _show_events(root: str, sizes: Sizes) -> None:
    rows, ours = [], None
    runs = [(sizes.many, "barograph"), (sizes.peer, "barograph"), (sizes.peer, "backtrader")]
    if find_spec("backtrader") is None:
        runs = runs[:1]
        print("backtrader is not installed, so that the part `events` has no peer: `uv pip install backtrader`\n")
    for (symbols, days), by in runs:
        taken = _child(job="events", folder=_market(root, symbols, days), by=by)
        if by == "backtrader":
            _same_trades(ours, taken)
        ours = taken if by == "barograph" else ours
        counts = (f"{taken[name]:,}" for name in ("orders", "fills", "trades"))
        target = f"{TARGETS['events']:.0f}" if not rows else ""
        rows.append([f"{symbols} x {days:,}", by, *_rates(taken, symbols * days, ours), *counts, target])
    title = "Day by day: three features read, ten orders a week, from frames to the tables of orders, fills and trades"
    show(title, ["symbols x days", "by", *RATES, "orders", "fills", "trades", "target"], rows)


def _same_trades(ours: Mapping[str, float] | None, theirs: Mapping[str, float]) -> None:
    """Refuse to compare what does not do the same."""
    if ours is None or ours["fills"] != theirs["fills"] or abs(ours["equity"] / theirs["equity"] - 1.0) > TOLERANCE:
        raise SystemExit(f"backtrader trades otherwise: {theirs}; barograph: {ours}")


# Context


MEASURED: list[int] = []


class Reading:
    """Reads every column every day, and notes the memory in use on the last date."""

    def __init__(self, names: list[str], shared: bool, last: pd.Timestamp) -> None:
        self.names, self.shared, self.last = names, shared, last

    def on_bar(self, day: Day) -> None:
        """Read."""
        source = day.context if self.shared else day.features
        for name in self.names:
            source[name]
        if day.date == self.last:
            MEASURED.append(tracemalloc.get_traced_memory()[0])


def _copied(series: dict[str, Any], dates: pd.DatetimeIndex, keys: pd.DataFrame) -> pd.DataFrame:
    places = dates.get_indexer(pd.DatetimeIndex(keys["date"]))
    return keys.assign(**{name: values[places] for name, values in series.items()})


def _context(folder: str, columns: int, how: str) -> int:
    """Give the bytes in use at the end of a run with context once per date, with a copy per symbol, or without any."""
    (bars,) = _read(folder, "bars")
    panel, keys = to_panel(bars), bars[["symbol", "date"]]
    dates, last = pd.DatetimeIndex(panel.dates), pd.Timestamp(panel.dates[-1])
    series = {f"series_{k}": np.random.default_rng(k).normal(size=len(dates)) for k in range(columns)}
    names = [] if how == "none" else list(series)
    tracemalloc.start()
    given: dict[str, Any] = {}
    if how == "date":
        given["context"] = pd.DataFrame(series, dates)
    if how == "symbol":
        given["features"] = _copied(series, dates, keys)
    run(panel, Reading(names, how == "date", last), _execution(), **given)
    return MEASURED[-1]


def _show_context(root: str, sizes: Sizes) -> None:
    rows = []
    for columns in (8, 50):
        for symbols in sizes.context:
            order = {"job": "context", "folder": _market(root, symbols, sizes.context_days), "columns": columns}
            none, date, symbol = (_child(how=how, **order) for how in ("none", "date", "symbol"))
            once, copied = (date - none) / 2**20, (symbol - none) / 2**20
            rows.append([f"{symbols}", f"{columns}", f"{once:.2f}", f"{copied:,.1f}", f"{copied / once:.1f}"])
    head = ["symbols", "columns", "once per date MiB", "a copy per symbol MiB", "ratio"]
    show(f"Context of {sizes.context_days:,} dates: the frame and the engine's arrays", head, rows)


# Growth


def _growth(folder: str, driver: str) -> dict[str, float]:
    bars, weights, features = _read(folder, "bars", "weights", "features")
    panel, execution = to_panel(bars), _execution()
    if driver == "simulate":
        return _timed(lambda: simulate(panel, weights, execution))
    return _timed(lambda: run(panel, Picking(), execution, features=features))


def _show_growth(root: str, sizes: Sizes) -> None:
    rows, first = [], {}
    for symbols in sizes.growth:
        folder, cells = _market(root, symbols, sizes.growth_days), symbols * sizes.growth_days
        for driver in ("simulate", "run"):
            taken = _child(job="growth", folder=folder, driver=driver)
            each = taken["processor"] / cells * 1e9
            ratio = each / first.setdefault(driver, each)
            times = f"{taken['wall']:.3f}", f"{taken['processor']:.3f}"
            rows.append([driver, f"{symbols:,}", *times, f"{each:.1f}", f"{ratio:.2f}"])
    rows.sort(key=lambda row: row[0], reverse=True)
    head = ["driver", "symbols", "s", "cpu s", "cpu ns a symbol-bar", "ratio"]
    show(f"Growth at {sizes.growth_days:,} dates", head, rows)


# Fills


def _fills() -> list[dict[str, Any]]:
    market = config.build(config.compose(["market=bundled"])["market"], "market")
    return fills.compare(market.load().bars, _execution(initial_cash=1e7))


def _show_fills(root: str, sizes: Sizes) -> None:  # noqa: ARG001
    done = _child(job="fills")
    rows = []
    for case in done:
        differences = (f"{case[name]:.1e}" for name in (*fills.COLUMNS, "position"))
        rows.append([case["name"], case["driver"], f"{case['fills']:,}", *differences])
    head = ["case", "driver", "fills", *fills.COLUMNS, "shares / position"]
    show("Fills on the bundled prices beside vectorbt's, largest relative difference", head, rows)
    fill, position = (max(case[name] for case in done) for name in ("shares", "position"))
    total = sum(case["fills"] for case in done)
    print(
        f"In vectorbt's convention the engine reproduces all {total:,} fills of vectorbt on the bundled prices:\n"
        f"prices are the same, shares differ by at most {fill:.1e} of a fill, {position:.1e} of the position.\n"
    )


CHILDREN: dict[str, Callable[..., Any]] = {
    "make": _make,
    "panel": _panel,
    "overlays": _overlays,
    "events": _events,
    "context": _context,
    "growth": _growth,
    "fills": _fills,
}
SHOWN: dict[str, Callable[[str, Sizes], None]] = {
    "panel": _show_panel,
    "overlays": _show_overlays,
    "events": _show_events,
    "context": _show_context,
    "growth": _show_growth,
    "fills": _show_fills,
}


if __name__ == "__main__":
    main()
