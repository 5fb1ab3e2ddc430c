"""How fast features are made, and in how much memory: the whole catalogue, and ten indicators beside other libraries.

Run as ``python benchmarks/features.py`` in the project's root, or with ``--quick`` for markets a tenth of the size.
Each figure comes from a process of its own. Times are those of a second run, in memory that the first has touched: on
many virtual machines the first touch of a page costs more than what is computed into it. Peaks are those of a first
run, of the whole process, interpreter, libraries and the tables that were read included.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import indicators
import numpy as np
import pandas as pd
from measuring import answer, child, show

from barograph import config, tables
from barograph.features import catalogue, compute, stream
from barograph.features.schema import FEATURES
from barograph.market import MarketData
from barograph.market.schema import BARS, CONTEXT, FACTS, UNIVERSE
from barograph.regimes.schema import REGIME_SERIES
from barograph.testing import simulate

KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40), "MALLOC_TOP_PAD_": str(1 << 26)}
TABLES = {"bars": BARS, "context": CONTEXT, "universe": UNIVERSE, "regimes": REGIME_SERIES, "facts": FACTS}
SIZES = ((20, 8313), (50, 5000), (500, 5000))
PARTS = ("catalogue", "growth", "memory", "libraries", "archive")
STAGES = ("regimes", "features", "labels", "archive")


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="markets a tenth of the size")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="some parts only")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        answer(options.child, CHILDREN)
        return
    scale = 10 if options.quick else 1
    print("Second runs in touched memory; peaks of first runs; seconds of the wall clock and of the processor.\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        few, tenth, many = (Market(folder, max(symbols // scale, 3), days) for symbols, days in SIZES)
        if "catalogue" in options.only:
            _show_catalogue([few.folder, many.folder])
        if "growth" in options.only:
            _show_growth(tenth.folder, many.folder)
        if "memory" in options.only:
            _show_memory([tenth.folder, many.folder])
        if "libraries" in options.only:
            _show_libraries(many.folder)
        if "archive" in options.only:
            _show_archive(folder, 76 // scale)


@dataclass(frozen=True)
class Market:
    """A simulated market, made when a part first asks for it."""

    within: Path
    symbols: int
    days: int

    @cached_property
    def folder(self) -> Path:
        """Where its tables lie."""
        folder = self.within / f"{self.symbols}x{self.days}"
        _child(job="make", folder=str(folder), symbols=self.symbols, days=self.days)
        return folder


def _make(folder: str, symbols: int, days: int) -> None:
    """Write a simulated market with all the inputs that some feature reads."""
    data = simulate(symbols=symbols, first_year=2022 - days // 252, years=days // 252 + 1, facts=True)
    dates = data.context["date"].iloc[:days]
    context = _with_all_columns(data.context.iloc[:days])
    rule = config.build(config.compose()["regime"], "regime")
    written = {
        "bars": data.bars[data.bars["date"].isin(dates)],
        "context": context,
        "universe": data.universe,
        "regimes": rule.table(context),
        "facts": data.facts,
    }
    for name, table in TABLES.items():
        tables.write(table, written[name], Path(folder))


def _with_all_columns(context: pd.DataFrame) -> pd.DataFrame:
    random = np.random.default_rng(0)
    walks = {
        name: 20.0 * np.exp(np.cumsum(random.normal(0.0, 0.01, len(context))))
        for name in ("us2y", "us10y", "usd_broad", "usd_index", "vix3m", "vix9d", "vix_high", "vix_low", "wti")
        if name not in context
    }
    return context.assign(**walks)


def _read(folder: str) -> dict[str, pd.DataFrame]:
    return {name: tables.read(table, Path(folder)) for name, table in TABLES.items()}


def _whole(market: dict[str, pd.DataFrame]) -> int:
    return compute(**market).shape[1] - 2


def _streamed(market: dict[str, pd.DataFrame]) -> int:
    columns = 0
    for block in stream(MarketData(**market)):
        columns = block.shape[1] - 2
    return columns


def _written(market: dict[str, pd.DataFrame]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = tables.write_blocks(FEATURES, stream(MarketData(**market)), Path(folder))
        return path.stat().st_size


WORK: dict[str, Callable[[dict[str, pd.DataFrame]], Any]] = {
    "compute": _whole,
    "stream": _streamed,
    "write": _written,
    **{name: lambda market, run=run: run(market["bars"]).shape[0] for name, run in indicators.LIBRARIES.items()},
}


def _measure(work: str, folder: str, repeat: bool) -> dict[str, float]:
    """Do one piece of work in this process, and say how long it took and how much memory."""
    market = _read(folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = WORK[work](market)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, processor = time.perf_counter(), time.process_time()
    if repeat:
        WORK[work](market)
    return {
        "rows": len(market["bars"]),
        "symbols": len(market["universe"]),
        "result": result,
        "wall": time.perf_counter() - wall,
        "processor": time.process_time() - processor,
        "before": before / 2**20,
        "peak": peak / 2**20,
    }


def _check(folder: str) -> None:
    indicators.check(_read(folder)["bars"])


CHILDREN: dict[str, Callable[..., Any]] = {"make": _make, "measure": _measure, "check": _check}


def _child(**order: Any) -> Any:
    """Do a job in a process of its own; this one stays small, as a child's peak counts from its parent's."""
    return child(__file__, KEEP_MEMORY if order.get("repeat") else None, **order)


def _measured(work: str, folder: Path, *, repeat: bool) -> dict[str, Any]:
    result: dict[str, Any] = _child(job="measure", work=work, folder=str(folder), repeat=repeat)
    return result


def _show_catalogue(markets: Iterable[Path]) -> None:
    rows = []
    for folder in markets:
        for work, width in (("compute", 8), ("stream", 4)):
            timed, peak = _measured(work, folder, repeat=True), _measured(work, folder, repeat=False)
            output = timed["rows"] * timed["result"] * width / 2**30
            values = timed["rows"] * timed["result"] / timed["wall"] / 1e6
            rows.append(
                [
                    f"{timed['symbols']} x {timed['rows'] // timed['symbols']:,}",
                    work,
                    f"{timed['result']}",
                    f"{timed['wall']:.2f}",
                    f"{timed['processor']:.2f}",
                    f"{values:.0f}",
                    f"{output:.2f}",
                    f"{peak['peak']:.2f}",
                    f"{peak['peak'] / output:.2f}",
                ]
            )
    head = ["symbols x days", "by", "features", "s", "cpu s", "M values/s", "output GiB", "peak GiB", "peak / output"]
    show(f"The whole catalogue ({len(catalogue())} features)", head, rows)


def _show_growth(tenth: Path, many: Path) -> None:
    small, large = (_measured("stream", folder, repeat=True) for folder in (tenth, many))
    cost = [work["processor"] / work["rows"] * 1e6 for work in (small, large)]
    rows = [
        [f"{work['rows']:,}", f"{work['processor']:.2f}", f"{each:.2f}", f"{each / cost[0]:.2f}"]
        for work, each in zip((small, large), cost, strict=True)
    ]
    show("Ten times the work", ["rows", "cpu s", "us a row", "ratio"], rows)


def _show_memory(markets: Sequence[Path]) -> None:
    """Stream to a file and extend the peak in proportion to the symbols."""
    rows, done = [], [_measured("write", market, repeat=False) for market in markets]
    for work in done:
        table = [f"{work['symbols']}", f"{work['rows']:,}", f"{work['result'] / 2**30:.2f}"]
        rows.append([*table, f"{work['before']:.2f}", f"{work['peak']:.2f}"])
    slope = (done[1]["peak"] - done[0]["peak"]) / (done[1]["rows"] - done[0]["rows"])
    large = 5000 * 7500
    rows.append(["5000", f"{large:,}", "", "", f"{done[0]['peak'] + slope * (large - done[0]['rows']):.1f} (extended)"])
    show("Streamed to parquet", ["symbols", "rows", "file GiB", "with the bars read GiB", "peak GiB"], rows)


def _show_libraries(market: Path) -> None:
    _child(job="check", folder=str(market))
    rows, ours = [], 0.0
    for name in indicators.LIBRARIES:
        work = _measured(name, market, repeat=True)
        ours = ours or work["wall"]
        each = work["rows"] * len(indicators.NAMES) / work["wall"] / 1e6
        rows.append(
            [name, f"{work['wall']:.2f}", f"{work['processor']:.2f}", f"{each:.1f}", f"{work['wall'] / ours:.2f}"]
        )
    title = f"The same {len(indicators.NAMES)} indicators ({', '.join(indicators.NAMES)})"
    show(title, ["library", "s", "cpu s", "M rows/s an indicator", "time / ours"], rows)


def _show_archive(folder: Path, symbols: int) -> None:
    """Run the stages between the market and the archive in this process, twice."""
    from barograph.stages.stage import Stage

    root = folder / "archive"
    data = simulate(symbols=symbols, first_year=2006, years=18, events=True, facts=True)
    for name in ("bars", "context", "universe", "facts"):
        tables.write(TABLES[name], getattr(data, name), root)
    settings = config.compose()
    signals = root / settings["features"]["signals"]
    signals.parent.mkdir(parents=True)
    signals.write_bytes(Path(settings["features"]["signals"]).read_bytes())
    seconds: dict[str, float] = {}
    for _ in range(2):
        for name in STAGES:
            stage = import_module(f"barograph.stages.{name}")
            start = time.perf_counter()
            said = stage.main.__wrapped__(Stage(settings, root, root, None))
            seconds[name] = time.perf_counter() - start
    rows = [[name, f"{each:.2f}"] for name, each in seconds.items()]
    rows.append(["together", f"{sum(seconds.values()):.2f}"])
    show(f"Archive of {symbols} symbols, features included: {said}", ["stage", "s"], rows)


if __name__ == "__main__":
    main()
