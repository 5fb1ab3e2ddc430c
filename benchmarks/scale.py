"""What larger markets, larger training sets and further nodes take.

Run as ``python benchmarks/scale.py`` in the project's root. Everything runs in temporary clones of what is committed.
The part `rows` needs the real stocks of ../shared/data/us57.
"""

import argparse
import hashlib
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from measuring import answer, child, show

from barograph import config, tables
from barograph.executors import Ray, Serial, from_environment
from barograph.features.schema import FEATURES
from barograph.folds.schema import FOLDS
from barograph.labels.schema import LABELS
from barograph.losses import log_losses
from barograph.memory.schema import SAMPLES
from barograph.models import TrainingSet
from barograph.names import KEY, PROBABILITIES
from barograph.selection.schema import SELECTION
from barograph.training import Step, walk
from pipeline import Clone, market, write_files

PARTS = ("markets", "nodes", "rows")
SYMBOLS = (50, 200, 1000)
YEARS = 20
LARGER = {"symbols": 5000, "days": 6300}
WRITTEN = ("data/features.parquet", "data/labels.parquet", "data/samples.parquet")
ROWS = (4000, 8000, 16000, 32000, 64000)
BASE = 8000
MODELS = ("logistic_regression", "random_forest", "lightgbm")
WALKED = ("logistic_regression", "lightgbm")
MANY = [
    *("market=simulated", "market.symbols=1000", "market.first_year=2010", "market.years=8", "folds.first_year=2015"),
    "features.families=[momentum,volatility]",
]


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="some parts only")
    parser.add_argument("--symbols", type=int, nargs="+", default=SYMBOLS, help="the sizes of the simulated markets")
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="the budgets of training rows")
    parser.add_argument("--models", nargs="+", default=MODELS, help="the models of the part `rows`")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        answer(options.child, {"walk": _walk, "walk_on": _walk_on})
        return
    with tempfile.TemporaryDirectory() as folder:
        if "markets" in options.only:
            _show_markets(Path(folder), options.symbols)
        if "nodes" in options.only:
            _show_nodes(Path(folder))
        if "rows" in options.only:
            _show_rows(Path(folder), options.rows, options.models)


def _show_markets(within: Path, sizes: list[int]) -> None:
    """Run the stages up to the samples on simulated markets, and extend their growth to a larger market."""
    runs = [_market(within, symbols) for symbols in sizes]
    rows = [row for run in runs for row in _rows_of(run)]
    title = f"Simulated markets of {YEARS} years"
    show(title, ["symbols, stage", "bars", "s", "cpu s", "peak GiB", "written GiB"], rows)
    grown: dict[str, list[tuple[float, ...]]] = {}
    for run in runs:
        for each in run["stages"]:
            grown.setdefault(each["stage"], []).append((run["bars"], each["wall"], each["peak_gib"]))
    rows = [[stage, *_law(points)] for stage, points in grown.items()]
    title = f"By the growth of the last two: {LARGER['symbols']:,} symbols x {LARGER['days']:,} days"
    show(title, ["stage", "exponent of s", "hours", "exponent of GiB", "GiB"], rows)


def _market(within: Path, symbols: int) -> dict[str, Any]:
    """Run the stages up to the samples on a simulated market."""
    clone = Clone.make(within, f"market-{symbols}")
    clone.run("barograph", "params", "market=simulated", f"market.symbols={symbols}", f"market.years={YEARS}")
    clone.run("dvc", "config", "--local", "cache.type", "hardlink")
    clone.run("dvc", "repro", "features", "samples")
    written = {path: (clone.folder / path).stat().st_size / 1024**3 for path in WRITTEN}
    bars = len(pd.read_parquet(clone.folder / "data/market/bars.parquet", columns=["date"]))
    return {"symbols": symbols, "bars": bars, "stages": clone.stages(), "written": written}


def _rows_of(run: dict[str, Any]) -> Iterator[list[str]]:
    for each in run["stages"]:
        written = next((size for path, size in run["written"].items() if each["stage"] in path), math.nan)
        figures = [f"{each[key]:.1f}" for key in ("wall", "processor")]
        size = "" if math.isnan(written) else f"{written:.2f}"
        yield [f"{run['symbols']:,} {each['stage']}", f"{run['bars']:,}", *figures, f"{each['peak_gib']:.2f}", size]


def _law(points: list[tuple[float, ...]]) -> Iterator[str]:
    """Extend time and memory by the power of the number of bars with which they grew from the last but one market.

    The power is at least one: a smaller one comes from fixed costs, which do not grow on.
    """
    (bars, *before), (more, *after) = list(pairwise(points))[-1]
    larger = LARGER["symbols"] * LARGER["days"]
    for small, large, unit in zip(before, after, (3600.0, 1.0), strict=True):
        exponent = math.log(large / small) / math.log(more / bars)
        yield f"{exponent:.2f}"
        yield f"{large * (larger / more) ** max(exponent, 1.0) / unit:.2f}"


def _show_nodes(within: Path) -> None:
    """Walk with two models over three folds of 1,000 symbols, in one process and on a Ray cluster of two nodes."""
    clone = Clone.make(within, "nodes")
    clone.run("barograph", "params", *MANY)
    clone.run("dvc", "repro", "samples", "select")
    runs = {"serial": _child(job="walk_on", root=str(clone.folder), nodes=0)}
    runs["Ray, two nodes of one core"] = _child(job="walk_on", root=str(clone.folder), nodes=2)
    rows = [
        [name, f"{run['seconds']:.1f}", "yes" if run["digest"] == runs["serial"]["digest"] else "NO"]
        for name, run in runs.items()
    ]
    title = f"{' and '.join(WALKED)} over {runs['serial']['folds']} folds of {runs['serial']['rows']:,} rows"
    show(title, ["executor", "s", "same bytes"], rows)


def _walk_on(root: str, nodes: int) -> dict[str, Any]:
    """Walk on a cluster of so many nodes, or in this process, and digest all predictions."""
    os.chdir(root)
    with _cluster(nodes) as address:
        executor = Ray(address=address) if address else Serial()
        data, given, settings, tables_read = _loaded(root)
        started, digest = time.perf_counter(), hashlib.sha256()
        for name in WALKED:
            model = config.build(settings["models"][name], f"models.{name}")
            for step in walk(model, data, *tables_read, name=name, **given, executor=executor):
                digest.update(step.predictions.to_csv(index=False).encode())
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "digest": digest.hexdigest(), "folds": len(tables_read[1]) - 1, "rows": len(data.keys)}


@contextmanager
def _cluster(nodes: int) -> Iterator[str | None]:
    """Start a Ray cluster of so many nodes with a core each, on the loopback interface; none without nodes."""
    if not nodes:
        yield None
        return
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # else Ray takes a public address of the machine
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "node_ip_address": "127.0.0.1"}
    cluster = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
    try:
        for _ in range(nodes - 1):
            cluster.add_node(**node)
        cluster.wait_for_nodes()
        yield cluster.address
    finally:
        cluster.shutdown()


def _loaded(root: str) -> tuple[TrainingSet, dict[str, Any], dict[str, Any], tuple[pd.DataFrame, pd.DataFrame]]:
    """Read what a walk needs: its data, its arguments, the settings, and the tables of samples and folds."""
    settings = config.load_params(Path(config.PARAMS))
    features, labels, samples, folds, selection = (
        tables.read(table, Path(root)) for table in (FEATURES, LABELS, SAMPLES, FOLDS, SELECTION)
    )
    given = {"seed": settings["seed"], "selection": selection}
    return TrainingSet(features, labels), given, settings, (samples, folds)


def _show_rows(within: Path, sizes: list[int], models: list[str]) -> None:
    """Walk with several models on real stocks, and compare each budget of rows with the default."""
    clone = Clone.make(within, "rows")
    write_files(market("us57"), clone.folder / "prices", without=0)
    losses: dict[str, dict[int, np.ndarray]] = {name: {} for name in models}
    seconds: dict[str, dict[int, float]] = {name: {} for name in models}
    for size in sizes:
        clone.run("barograph", "params", "market=files", "market.root=prices", f"memory.rows={size}")
        clone.run("dvc", "repro", "samples", "select")
        for name in models:
            walked = _child(job="walk", root=str(clone.folder), name=name)
            losses[name][size], seconds[name][size] = np.array(walked["losses"]), walked["seconds"]
            print(f"{name}, {size:,} rows: {losses[name][size].mean():.5f}, {seconds[name][size]:.1f} s", flush=True)
    rows = [
        [f"{name}, {size:,}", f"{seconds[name][size]:.1f}", f"{of.mean():.5f}", *paired(losses[name][BASE], of)]
        for name in models
        for size, of in losses[name].items()
    ]
    folds = len(losses[models[0]][sizes[0]])
    title = f"Log loss by memory.rows, 57 stocks, {folds} folds, each fold one case"
    show(title, ["model, rows", "s", "log loss", f"1e-5 saved against {BASE:,}", "t"], rows)


def _walk(root: str, name: str) -> dict[str, Any]:
    """Walk with one model, and give the log loss of each fold and the time."""
    os.chdir(root)
    data, given, settings, tables_read = _loaded(root)
    model = config.build(settings["models"][name], f"models.{name}")
    started = time.perf_counter()
    steps = list(walk(model, data, *tables_read, name=name, **given, executor=from_environment({})))
    seconds = time.perf_counter() - started
    return {"losses": losses_by_fold(steps, data.labels), "seconds": seconds}


def losses_by_fold(steps: Iterable[Step], labels: pd.DataFrame) -> list[float]:
    """Give the log loss of each fold that has labels."""
    predictions = pd.concat([step.predictions for step in steps])
    known = predictions.merge(labels[[*KEY, "label"]], on=KEY)
    known["loss"] = log_losses(known[list(PROBABILITIES)].to_numpy(), known["label"].to_numpy())
    losses: list[float] = known.groupby("fold")["loss"].mean().tolist()
    return losses


def paired(base: np.ndarray, of: np.ndarray) -> list[str]:
    """Give the mean of what each fold saves, and its t value."""
    saved = 1e5 * (base - of)
    if not saved.any():
        return ["", ""]
    return [f"{saved.mean():.0f}", f"{saved.mean() / (saved.std(ddof=1) / math.sqrt(saved.size)):.1f}"]


_child: Callable[..., Any] = partial(child, __file__)


if __name__ == "__main__":
    main()
