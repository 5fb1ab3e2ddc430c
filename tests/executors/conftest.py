"""The executors, and a check of what each leaves behind."""

import logging
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from joblib.externals.loky import reusable_executor

from barograph.executors import Executor, Loky, Ray, Serial, Slurm

ROOT = Path(__file__).parents[2]
MARK = "MARK_OF_A_TEST"
ELSEWHERE = {"loky": Loky(workers=2), "slurm": Slurm(workers=2, address="local"), "ray": Ray(workers=2)}
EXECUTORS = {"serial": Serial(), **ELSEWHERE}


def parameters(executors: dict[str, Executor], *, long: tuple[str, ...] = ("ray",)) -> list:
    """Give the executors as parameters of a test; with those in `long` it runs in `make test-long` alone."""
    marks = {name: [pytest.mark.long] if name in long else [] for name in executors}
    return [pytest.param(executor, id=name, marks=marks[name]) for name, executor in executors.items()]


def forget_workers() -> None:
    """End the workers that loky keeps for the next call in the same process."""
    if reusable_executor._executor:
        reusable_executor._executor.shutdown(wait=True, kill_workers=True)


@pytest.fixture(autouse=True)
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[psutil.Process]]]:
    """List the processes that this test has started; none is left after it, and no folder of jobs."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), str(ROOT)]))
    monkeypatch.chdir(tmp_path)
    level = logging.getLogger("ray").level
    yield lambda: _marked(mark)
    logging.getLogger("ray").setLevel(level)
    forget_workers()
    assert not list(tmp_path.glob(".barograph/jobs/*"))
    _, alive = psutil.wait_procs(_marked(mark), timeout=30)
    assert alive == []


def _marked(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARK) == mark and "resource_tracker" not in " ".join(process.cmdline()):
                found.append(process)
    return found
