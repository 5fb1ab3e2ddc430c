"""What a search of parameters gains out of sample, for each model, beside the start of its search space.

Run as ``python benchmarks/search.py`` in the project's root. Everything runs in temporary clones of what is committed,
on the bundled prices and on the real stocks of ../shared/data/us57 where they are.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from measuring import answer, child, show
from scale import losses_by_fold, paired

from barograph import config, tables
from barograph.executors import from_environment
from barograph.features.schema import FEATURES
from barograph.folds import tabulated_folds
from barograph.folds.schema import FOLDS, TEST_WINDOWS
from barograph.labels.schema import LABELS
from barograph.memory.schema import SAMPLES
from barograph.models import TrainingSet
from barograph.selection import kept_features
from barograph.selection.schema import SELECTION
from barograph.training import walk
from barograph.tuning import tune, tuned, tuning_rows, unsearched
from pipeline import US57, Clone, market, write_files

SOURCES = ("bundled", "us57")


def main() -> None:
    """Print a table per market."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", choices=SOURCES, nargs="+", default=SOURCES, help="some markets only")
    parser.add_argument("--models", nargs="+", default=list(config.compose()["models"]), help="some models only")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        answer(options.child, {"compare": _compare})
        return
    for source in options.only:
        if source == "us57" and not US57.is_dir():
            print(f"us57: {US57} is not there")
            continue
        with tempfile.TemporaryDirectory() as folder:
            _show(Path(folder), source, options.models)


def _show(within: Path, source: str, models: list[str]) -> None:
    """Search and walk with each model, and compare fold by fold."""
    clone = Clone.make(within, source)
    write_files(market(source), clone.folder / "prices", without=0)
    clone.run("barograph", "params", "market=files", "market.root=prices")
    clone.run("dvc", "repro", "samples", "select")
    rows = []
    for name in models:
        found = _child(job="compare", root=str(clone.folder), name=name)
        start, searched = (np.array(found["losses"][way]) for way in ("start", "searched"))
        params = " ".join(f"{key}={value:.3g}" for key, value in found["params"].items())
        rows.append([name, f"{found['seconds']:.1f}", f"{start.mean():.5f}", *paired(start, searched), params])
        print(*rows[-1], flush=True)
    head = ["model", "search s", "log loss at the start", "1e-5 saved by the search", "t", "found"]
    show(f"Search against start, {source}, {len(start)} folds, each fold one case", head, rows)


def _compare(root: str, name: str) -> dict[str, Any]:
    """Search, then walk with the start and with what the search found."""
    os.chdir(root)
    settings, executor = config.load_params(Path(config.PARAMS)), from_environment({})
    features, labels, samples, folds, selection, windows = (
        tables.read(table, Path(root)) for table in (FEATURES, LABELS, SAMPLES, FOLDS, SELECTION, TEST_WINDOWS)
    )
    data, seed = TrainingSet(features, labels), settings["seed"]
    model, tuning = config.build(settings["models"][name], name), config.build(settings["tuning"], "tuning")
    first = tabulated_folds(windows)[0]
    kept = kept_features(selection, first.number, data.names)
    rows = tuning_rows(data, first, tuning, embargo=settings["folds"]["embargo"], features=kept)
    started = time.perf_counter()
    searched = tune(model, rows, tuning, name=name, seed=seed, executor=executor)
    seconds = time.perf_counter() - started
    losses = {}
    for way, result in {"start": unsearched(model, name), "searched": searched}.items():
        given = {"name": name, "seed": seed, "selection": selection, "executor": executor}
        steps = walk(tuned(model, json.loads(json.dumps(result.found)), name), data, samples, folds, **given)
        losses[way] = losses_by_fold(steps, labels)
    return {"losses": losses, "seconds": seconds, "params": searched.found["params"]}


_child: Callable[..., Any] = partial(child, __file__)


if __name__ == "__main__":
    main()
