"""How long the whole pipeline takes: cold, in short, unchanged, with several executors, and with five days more.

Run as ``python benchmarks/pipeline.py`` in the project's root. Everything runs in temporary clones of what is
committed, with DVC caches of their own. Seconds of the processor are those of all processes that a run has started.
"""

import argparse
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
from measuring import answer, child, show

from barograph import config, tables
from barograph.executors import from_environment
from barograph.features.schema import FEATURES
from barograph.folds.schema import FOLDS
from barograph.labels.schema import LABELS
from barograph.market import MarketData
from barograph.memory.schema import SAMPLES
from barograph.models import TrainingSet
from barograph.selection.schema import SELECTION
from barograph.testing import simulate
from barograph.training import walk

ROOT = Path(__file__).resolve().parents[1]
US57 = ROOT / "../shared/data/us57"
PARTS = ("stages", "executors", "days")
TARGETS = {"make repro": 480.0, "experiment=quick": 75.0, "unchanged": 3.0}
DAYS = 5
SHARE = 1 / 3
WALKED = ("random_forest", "lightgbm")
LAST_FOLDS = "folds.first_year=2016"
EXECUTORS: dict[str, dict[str, str]] = {
    "serial": {"BAROGRAPH_EXECUTOR": "serial"},
    **{f"loky {n}": {"BAROGRAPH_EXECUTOR": "loky", "BAROGRAPH_WORKERS": f"{n}"} for n in (1, 2, 4)},
    "ray": {"BAROGRAPH_EXECUTOR": "ray"},
    "slurm local": {"BAROGRAPH_EXECUTOR": "slurm", "BAROGRAPH_ADDRESS": "local"},
}
NEEDED = {"ray": "ray", "slurm local": "submitit"}
QUICK = ["experiment=quick"]
SIMULATED = {"symbols": 6, "first_year": 2003, "years": 7}
SMALL_MARKET = ["market=simulated", *(f"market.{name}={value}" for name, value in SIMULATED.items())]
SMALL_WORK = [
    *("memory.rows=1500", "tuning.trials=2", "tuning.rows=1000", "drift.permutations=199", "explain.rows=10"),
    *("validation.resamples=50", "validation.auc_resamples=20"),
]
THREE_MODELS = [
    *(f"~models.{name}" for name in ("svm", "extra_trees", "gradient_boosting", "xgboost", "neural_network")),
    "models.random_forest.params.n_estimators=20",
]


@dataclass(frozen=True)
class Sizes:
    """The data that the part `days` writes as files, and the overrides of each run."""

    source: str
    whole: list[str]
    quick: list[str]
    walked: list[str]
    files: list[str]


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="some parts only")
    parser.add_argument("--small", action="store_true", help="a small simulated market and few models, to try it out")
    parser.add_argument("--bundled", action="store_true", help="the bundled data, even where the real ones are")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        answer(options.child, CHILDREN)
        return
    sizes = _sizes(small=options.small, real=US57.is_dir() and not options.bundled)
    described = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    print(f"Revision {subprocess.check_output(described, text=True).strip()}\n")
    for part in options.only:
        with tempfile.TemporaryDirectory() as folder:
            SHOWN[part](Path(folder), sizes)


def _sizes(*, small: bool, real: bool) -> Sizes:
    if not small:
        return Sizes("us57" if real else "bundled", whole=[], quick=QUICK, walked=[LAST_FOLDS], files=[])
    whole = [*SMALL_MARKET, *SMALL_WORK, *THREE_MODELS]
    return Sizes(
        "simulated",
        whole=whole,
        quick=[*QUICK, *SMALL_MARKET, *SMALL_WORK, "folds.first_year=2008"],
        walked=[*whole, "folds.first_year=2007"],
        files=[*SMALL_WORK, *THREE_MODELS],
    )


@dataclass(frozen=True)
class Clone:
    """A clone in which commands run as a user would type them, each stage timed."""

    folder: Path

    @property
    def notes(self) -> Path:
        """The file with the times of the stages, beside the folder."""
        return self.folder.with_suffix(".times")

    @classmethod
    def make(cls, within: Path, name: str) -> "Clone":
        """Clone the project, without anything that DVC keeps."""
        made = cls(within / name)
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(made.folder)], check=True)
        python = within / "bin/python"
        python.parent.mkdir(exist_ok=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{ROOT / "benchmarks/timed.py"}" "$@"\n')
        python.chmod(0o755)
        return made

    def copy(self, name: str) -> "Clone":
        """Copy the clone with all that it has computed."""
        copied = Clone(self.folder.with_name(name))
        shutil.copytree(self.folder, copied.folder, symlinks=True)
        return copied

    def run(self, *command: str, **variables: str) -> dict[str, float]:
        """Run a command, and say how long it took."""
        within = self.folder.parent
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BAROGRAPH_")}
        environment |= {
            "PATH": os.pathsep.join([str(within / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": str(self.folder / "src"),
            "PYTHONDONTWRITEBYTECODE": "",
            "DVC_SITE_CACHE_DIR": str(within / "dvc-site"),
            "DVC_NO_ANALYTICS": "1",
            "STAGE_TIMES": str(self.notes),
        }
        with _seconds() as taken:
            done = subprocess.run(
                command, cwd=self.folder, env=environment | variables, capture_output=True, text=True, check=False
            )
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} in {self.folder}: {done.stdout}{done.stderr}")
        return taken

    def stages(self) -> list[dict[str, Any]]:
        """Give the times of all stages that have run."""
        return [json.loads(line) for line in self.notes.read_text().splitlines()]

    def lock(self) -> bytes:
        """Give the hashes of all that was computed."""
        return (self.folder / "dvc.lock").read_bytes()


@contextmanager
def _seconds() -> Iterator[dict[str, float]]:
    """Say how long something took, and how long the processes that it started and that have ended calculated."""
    taken: dict[str, float] = {}
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    yield taken
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken["wall"] = time.perf_counter() - wall
    taken["processor"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _cells(taken: dict[str, float]) -> list[str]:
    return [f"{taken['wall']:.2f}", f"{taken['processor']:.2f}"]


def _show_stages(within: Path, sizes: Sizes) -> None:
    """Run everything from nothing, then again, and the short experiment from nothing."""
    whole = Clone.make(within, "whole")
    runs = {"make repro": _cold(whole, sizes.whole)}
    stages = whole.stages()
    runs["unchanged"] = whole.run("dvc", "repro")
    if len(whole.stages()) > len(stages):
        raise SystemExit("dvc repro: stages ran again, although nothing was changed")
    short = Clone.make(within, "short")
    runs["experiment=quick"] = _cold(short, sizes.quick)
    rest = {key: runs["make repro"][key] - sum(each[key] for each in stages) for key in ("wall", "processor")}
    rows = [[each["stage"], *_cells(each)] for each in [*stages, {"stage": "DVC, between them", **rest}]]
    show("Stages of a cold run", ["stage", "s", "cpu s"], rows)
    rows = [[name, *_cells(runs[name]), f"{target:.2f}"] for name, target in TARGETS.items()]
    show("Whole runs", ["run", "s", "cpu s", "target s"], rows)


def _cold(clone: Clone, overrides: list[str]) -> dict[str, float]:
    """Do what `make repro` does."""
    steps = [clone.run("barograph", "params", *overrides), clone.run("dvc", "repro")]
    return {key: sum(step[key] for step in steps) for key in steps[0]}


def _show_executors(within: Path, sizes: Sizes) -> None:
    """Walk with two models over some folds, twice with every executor."""
    clone = Clone.make(within, "walk")
    clone.run("barograph", "params", *sizes.walked)
    clone.run("dvc", "repro", "samples", "select")
    rows, first = [], None
    for name, variables in EXECUTORS.items():
        if name in NEEDED and find_spec(NEEDED[name]) is None:
            rows.append([name, "not installed", *[""] * 4])
            continue
        with _seconds() as taken:
            walked = _child(job="walk", root=str(clone.folder), variables=variables)
        first = first or walked
        figures = *walked["seconds"], first["seconds"][1] / walked["seconds"][1]
        processor = "" if name == "ray" else f"{taken['processor']:.2f}"  # it leaves its workers to be reaped by others
        same = "yes" if walked["digest"] == first["digest"] else "NO"
        rows.append([name, *(f"{each:.2f}" for each in figures), processor, same])
    head = ["executor", "first walk s", "second walk s", "serial / second", "cpu s of both", "same bytes"]
    show(f"{' and '.join(WALKED)} over {first and first['folds']} folds", head, rows)


def _walk(root: str, variables: dict[str, str]) -> dict[str, Any]:
    """Walk twice in the folder of a clone, and digest all that the walk gives."""
    os.chdir(root)
    executor, settings = from_environment(variables), config.load_params(Path(config.PARAMS))
    features, labels, samples, folds, selection = (
        tables.read(table, Path(root)) for table in (FEATURES, LABELS, SAMPLES, FOLDS, SELECTION)
    )
    data, seconds, digests = TrainingSet(features, labels), [], set()
    for _ in range(2):
        started, digest = time.perf_counter(), hashlib.sha256()
        for name in WALKED:
            model = config.build(settings["models"][name], f"models.{name}")
            given = {"name": name, "seed": settings["seed"], "selection": selection, "in_full": True}
            for step in walk(model, data, samples, folds, **given, executor=executor):
                digest.update(step.predictions.to_csv(index=False).encode())
                digest.update(step.importance.to_csv(index=False).encode())
            for path, content in sorted(step.model.files.items()):
                digest.update(path.encode() + content)
        seconds.append(time.perf_counter() - started)
        digests.add(digest.hexdigest())
    return {"seconds": seconds, "digest": sorted(digests), "folds": len(folds)}


def _show_days(within: Path, sizes: Sizes) -> None:
    """Add five trading days to a folder of prices, and run with the cache of results and without it."""
    given = market(sizes.source)
    clone = Clone.make(within, "kept")
    write_files(given, clone.folder / "prices", without=DAYS)
    clone.run("barograph", "params", "market=files", "market.root=prices", *sizes.files)
    cache = {"BAROGRAPH_CACHE": str(within / "results")}
    runs = {f"{DAYS} days earlier, filling the cache": clone.run("dvc", "repro", **cache)}
    full = clone.copy("full")
    for each in (clone, full):
        write_files(given, each.folder / "prices", without=0)
    runs["in full, without the cache"] = full.run("dvc", "repro")
    earlier = len(clone.stages())
    runs[f"{DAYS} days more, with the cache"] = clone.run("dvc", "repro", **cache)
    whole = runs["in full, without the cache"]["wall"]
    rows = [[name, *_cells(taken), f"{taken['wall'] / whole:.2f}", ""] for name, taken in runs.items()]
    rows[-1][-1] = f"{SHARE:.2f}"
    title = f"{DAYS} trading days more of {sizes.source}"
    show(title, ["run", "s", "cpu s", "of the full run", "target"], rows)
    pairs = zip(full.stages()[-len(clone.stages()[earlier:]) :], clone.stages()[earlier:], strict=True)
    rows = [[more["stage"], f"{alone['wall']:.2f}", f"{more['wall']:.2f}"] for alone, more in pairs]
    show("Their stages", ["stage", "in full s", "with the cache s"], rows)
    print(
        f"dvc.lock with the cache and without it: {'the same bytes' if clone.lock() == full.lock() else 'DIFFERENT'}\n"
    )


def market(source: str) -> MarketData:
    """Load a market; an estimated VIX is left out, so that a folder of files gets the estimate anew."""
    if source == "us57":
        bars, context = (pd.read_parquet(US57 / f"{name}.parquet") for name in ("bars", "context"))
        bars, context = (frame.assign(date=pd.to_datetime(frame["date"])) for frame in (bars, context))
        return MarketData(bars, context, pd.read_csv(US57 / "universe.csv"))
    if source == "simulated":
        return simulate(**SIMULATED)
    loaded: MarketData = config.build(config.compose()["market"], "market").load()
    return MarketData(loaded.bars, loaded.context[["date", "index_close"]], loaded.universe)


def write_files(market: MarketData, folder: Path, *, without: int) -> None:
    """Write a market as a folder that `market=files` reads, without its last trading days."""
    days = sorted(market.bars["date"].unique())
    last = days[len(days) - 1 - without]
    folder.mkdir(exist_ok=True)
    for name in ("bars", "context"):
        frame = getattr(market, name)
        frame[frame["date"] <= last].to_parquet(folder / f"{name}.parquet", index=False)
    market.universe.to_csv(folder / "universe.csv", index=False)


SHOWN: dict[str, Callable[[Path, Sizes], None]] = {
    "stages": _show_stages,
    "executors": _show_executors,
    "days": _show_days,
}
CHILDREN: dict[str, Callable[..., Any]] = {"walk": _walk}

_child = partial(child, __file__)


if __name__ == "__main__":
    main()
