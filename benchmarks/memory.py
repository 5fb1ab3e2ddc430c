"""How fast the archive is made and the samples are drawn, and in how much memory.

Run as ``python benchmarks/memory.py`` in the project's root. The market is that of 57 real stocks where
``../shared/data/us57`` is there, else a simulated one of that size. Each figure comes from a process of its own. Times
are those of a second run; peaks are those of a first, of what the process holds beyond interpreter and libraries.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import draws
import pandas as pd
from measuring import answer, child, show

from barograph import config, tables
from barograph.archive import archive_tables
from barograph.archive.schema import ARCHIVE, EVENTS
from barograph.folds import Fold, tabulate_folds
from barograph.folds.schema import FOLDS, TEST_WINDOWS
from barograph.labels import label_bars
from barograph.labels.schema import LABELS
from barograph.market.schema import BARS
from barograph.memory import draw_samples
from barograph.memory.schema import EXAM_SAMPLES, EXAMS, SAMPLES
from barograph.regimes.schema import REGIME_SERIES
from barograph.stages.stage import Stage
from barograph.testing import simulate

US57 = Path("../shared/data/us57")
TARGETS = {"archive": 5.0, "samples": 5.0}
READS = {"archive": (BARS, LABELS, REGIME_SERIES), "samples": (LABELS, REGIME_SERIES, EVENTS, ARCHIVE)}
WRITES = {"archive": (EVENTS, ARCHIVE), "samples": (FOLDS, EXAMS, EXAM_SAMPLES, SAMPLES)}
DRAWS = (["memory=hybrid"], ["memory=balanced"], ["memory=placebo"], ["memory=hybrid", "folds.first_year=2019"])


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--simulated", action="store_true", help="the simulated market, even where the real one is")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        answer(options.child, CHILDREN)
        return
    with tempfile.TemporaryDirectory() as root:
        said = _child(job="make", root=root, real=US57.is_dir() and not options.simulated)
        print(f"{said}\nSecond runs; peaks of first runs; seconds of the wall clock and of the processor.\n")
        _show_stages(root)
        _show_peers(root)


def _make(root: str, real: bool) -> str:
    """Write what the stages read."""
    if real:
        bars, context = (pd.read_parquet(US57 / f"{name}.parquet") for name in ("bars", "context"))
        bars, context = (frame.assign(date=pd.to_datetime(frame["date"])) for frame in (bars, context))
    else:
        data = simulate(symbols=57, first_year=1990, years=33, events=True)
        bars, context = data.bars, data.context
    settings = config.compose()
    regimes = config.build(settings["regime"], "regime").table(context)
    labels = label_bars(bars, config.build(settings["label"], "label"))
    known = labels[labels["date"].isin(regimes["date"])].reset_index(drop=True)
    events, archive = archive_tables(known, regimes, bars, config.build(settings["archive"], "archive"))
    written = (bars, labels, regimes, events, archive)
    for table, frame in zip((*READS["archive"], *WRITES["archive"]), written, strict=True):
        tables.write(table, frame[list(table.columns)], Path(root))
    kind = "real" if real else "simulated"
    return f"{bars['symbol'].nunique()} {kind} symbols, {len(labels):,} labelled rows, {len(events):,} events"


def _stage(root: str, name: str, overrides: list[str]) -> Callable[[], str]:
    stage = import_module(f"barograph.stages.{name}")
    settings = config.compose(overrides)
    if name == "samples":
        tables.write(TEST_WINDOWS, tabulate_folds(_folds(root, settings)), Path(root))
        settings["folds.embargo"] = settings["folds"]["embargo"]
    given: Stage = Stage(settings, Path(root), Path(root), None)
    run: Callable[[], str] = lambda: stage.main.__wrapped__(given)  # noqa: E731
    return run


def _folds(root: str, settings: dict[str, Any]) -> list[Fold]:
    labels, regimes = (tables.read(table, Path(root)) for table in READS["samples"][:2])
    folds: list[Fold] = config.build(settings["folds"], "folds").over(labels, regimes)
    return folds


def _library(root: str, name: str) -> Callable[[], Any]:
    held = [tables.read(table, Path(root)) for table in READS[name]]
    settings = config.compose()
    if name == "archive":
        bars, labels, regimes = held
        archive = config.build(settings["archive"], "archive")
        return lambda: archive_tables(labels, regimes, bars, archive)[1]
    memory, folds = config.build(settings["memory"], "memory"), _folds(root, settings)
    return lambda: pd.concat(draw_samples(*held, memory=memory, folds=folds, seed=7)[1], ignore_index=True)


def _peer(root: str, name: str) -> Callable[[], Any]:
    held = [tables.read(table, Path(root)) for table in READS[name]]
    settings = config.compose()
    if name == "archive":
        bars, labels, regimes = held
        detection = config.build(settings["archive"], "archive").detection
        events = tables.read(EVENTS, Path(root))
        named = events[events["kind"] == "configured"]
        return lambda: draws.archive_rows(labels, regimes, bars, named, detection)
    labels, _, events, archive = held
    memory, folds = config.build(settings["memory"], "memory"), _folds(root, settings)
    return lambda: draws.samples(labels, events, archive, folds, memory)


WORK = {"stage": _stage, "library": _library, "peer": _peer}


def _measure(kind: str, root: str, repeat: bool, **order: Any) -> dict[str, Any]:
    """Do one piece of work in this process, and say how long it took and how much memory it held."""
    run = WORK[kind](root, **order)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, processor = time.perf_counter(), time.process_time()
    if repeat:
        run()
    return {
        "wall": time.perf_counter() - wall,
        "processor": time.process_time() - processor,
        "peak": (peak - before) / 2**10,
    }


def _sizes(root: str, name: str) -> dict[str, float]:
    """Say how large the tables are that a stage reads and writes, in memory, and how many rows it writes."""
    frames = [tables.read(table, Path(root)) for table in (*READS[name], *WRITES[name])]
    bytes_ = sum(frame.memory_usage(deep=True).sum() for frame in frames)
    folds = frames[-1]["fold"].nunique() if name == "samples" else 0
    return {"tables": float(bytes_) / 2**20, "rows": len(frames[-1]), "folds": folds}


def _check(root: str) -> None:
    """Refuse to compare what does not do the same."""
    ours, theirs = (work(root, "archive")() for work in (_library, _peer))
    keys = [table[["event", "symbol", "date"]].sort_values(["event", "symbol", "date"]) for table in (ours, theirs)]
    pd.testing.assert_frame_equal(*(key.reset_index(drop=True) for key in keys), check_dtype=False)
    ours, theirs = (work(root, "samples")() for work in (_library, _peer))
    counts = [table.groupby(["fold", table["event"].fillna("")]).size() for table in (ours, theirs)]
    pd.testing.assert_series_equal(*counts, check_index_type=False)


CHILDREN: dict[str, Callable[..., Any]] = {"make": _make, "measure": _measure, "sizes": _sizes, "check": _check}

_child = partial(child, __file__)


def _show_stages(root: str) -> None:
    """Run the two stages, reading and writing their tables."""
    rows = []
    for name, overrides in [("archive", []), *(("samples", overrides) for overrides in DRAWS)]:
        order = {"kind": "stage", "root": root, "name": name, "overrides": overrides}
        timed, first = (_child(job="measure", repeat=repeat, **order) for repeat in (True, False))
        size = _child(job="sizes", root=root, name=name)
        rows.append(
            [
                " ".join([name, *overrides]),
                f"{size['folds'] or ''}",
                f"{size['rows']:,}",
                *(f"{each:.2f}" for each in (timed["wall"], timed["processor"], TARGETS[name])),
                *(f"{each:,.0f}" for each in (size["tables"], first["peak"])),
                f"{first['peak'] / size['tables']:.2f}",
            ]
        )
    head = ["stage", "folds", "rows", "s", "cpu s", "target s", "tables MiB", "peak MiB", "peak / tables"]
    show("Stage work", head, rows)


def _show_peers(root: str) -> None:
    """Compare with pandas on tables in memory."""
    _child(job="check", root=root)
    rows = []
    for name in TARGETS:
        ours, theirs = (
            _child(job="measure", repeat=True, kind=kind, root=root, name=name) for kind in ("library", "peer")
        )
        for by, work in (("barograph", ours), ("pandas", theirs)):
            figures = work["wall"], work["processor"], work["processor"] / ours["processor"]
            rows.append([name, by, *(f"{each:.2f}" for each in figures)])
    show("The same work in pandas", ["work", "by", "s", "cpu s", "cpu / ours"], rows)


if __name__ == "__main__":
    main()
