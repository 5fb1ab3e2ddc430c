"""What larger markets and larger training sets take: the stages up to the samples, and models by `memory.rows`.

Run as ``python benchmarks/scale.py`` in the project's root. Everything runs in temporary clones of what is committed.
The part `rows` needs the real stocks of ../shared/data/us57.
"""

import argparse
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from measuring import answer, child, show

from barograph import config, tables
from barograph.executors import from_environment
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

PARTS = ("markets", "rows")
SYMBOLS = (50, 200, 1000)
YEARS = 20
LARGER = {"symbols": 5000, "days": 6300}
WRITTEN = ("data/features.parquet", "data/labels.parquet", "data/samples.parquet")
ROWS = (4000, 8000, 16000, 32000, 64000)
BASE = 8000
MODELS = ("logistic_regression", "random_forest", "lightgbm")


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
        answer(options.child, {"walk": _walk})
        return
    with tempfile.TemporaryDirectory() as folder:
        if "markets" in options.only:
            _show_markets(Path(folder), options.symbols)
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
    clone.run("dvc", "repro", "samples")
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
    """Extend time and memory by the power of the number of bars with which they grew from the last but one market."""
    (bars, *before), (more, *after) = list(pairwise(points))[-1]
    larger = LARGER["symbols"] * LARGER["days"]
    for small, large, unit in zip(before, after, (3600.0, 1.0), strict=True):
        exponent = math.log(large / small) / math.log(more / bars)
        yield f"{exponent:.2f}"
        yield f"{large * (larger / more) ** exponent / unit:.2f}"


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
    settings = config.load_params(Path(config.PARAMS))
    features, labels, samples, folds, selection = (
        tables.read(table, Path(root)) for table in (FEATURES, LABELS, SAMPLES, FOLDS, SELECTION)
    )
    model = config.build(settings["models"][name], f"models.{name}")
    given = {"name": name, "seed": settings["seed"], "selection": selection}
    started = time.perf_counter()
    steps = list(walk(model, TrainingSet(features, labels), samples, folds, **given, executor=from_environment({})))
    seconds = time.perf_counter() - started
    return {"losses": losses_by_fold(steps, labels), "seconds": seconds}


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
