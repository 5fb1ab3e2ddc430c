"""Work that the tests give to executors; workers find it by name."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import barograph
from barograph.errors import InputError


class Fold(int):
    """A task with a name."""

    def __str__(self) -> str:
        return f"fold {int(self)}"


def shared() -> dict[str, Any]:
    values = np.random.default_rng(3).normal(size=(50_000, 4))
    return {"values": values, "table": pd.DataFrame({"x": np.arange(20_000.0)})}


def spectrum(given: dict[str, Any], fold: Fold, *, facts: bool) -> tuple[int, bytes, dict[str, Any]]:
    """Compute something whose last bits depend on the processor's kernels, and say where that was."""
    rows = given["values"][int(fold) * 1000 :]
    with threadpool_limits(1):
        singular = np.linalg.svd(rows, compute_uv=False)
    return int(fold), singular.tobytes(), _surroundings(given) if facts else {}


def surrounded(given: dict[str, Any], fold: int) -> tuple[int, bytes, dict[str, Any]]:
    return spectrum(given, Fold(fold), facts=True)


def _surroundings(given: dict[str, Any]) -> dict[str, Any]:
    arrays = {"values": given["values"], "table": given["table"]["x"].to_numpy()}
    return {
        "process": os.getpid(),
        "writable": [name for name, array in arrays.items() if array.flags.writeable],
        "copied": [name for name, array in arrays.items() if not _in_a_mapped_file(array.ctypes.data)],
        "package": barograph.__file__,
        "variables": dict(os.environ),
    }


def _in_a_mapped_file(address: int) -> bool:
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, _, _, _, inode, *_ = line.split()
        first, last = (int(edge, 16) for edge in span.split("-"))
        if first <= address < last:
            return inode != "0"
    return False


def meet(given: Path, fold: Fold) -> int:
    """Let the first task wait for the second."""
    if fold == 0:
        given.read_text()
    if fold == 1:
        given.write_text("go on")
    return int(fold)


def refuse(given: None, fold: Fold) -> int:
    if fold == 1:
        raise InputError("data.parquet, row 3: found 'x'; allowed are numbers")
    return int(fold)


def refuse_before(given: Path, fold: Fold) -> int:
    """Refuse both tasks, the second first."""
    if fold == 0:
        given.read_text()
    else:
        given.write_text("go on")
    raise InputError("refused")


def fail(given: None, fold: Fold) -> int:
    if fold == 1:
        raise KeyError("x")
    return int(fold)


def die(given: Path, fold: Fold) -> int:
    """Kill the worker as long as a file is there."""
    if fold == 1 and given.exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return int(fold)


def never_end(given: None, fold: Fold) -> int:
    """End the first task alone."""
    while fold > 0:
        signal.pause()
    return int(fold)
