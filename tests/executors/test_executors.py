"""All executors do the same: the results, their order, the errors, and nothing left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import barograph
from barograph.errors import InputError
from barograph.executors import Ray, Serial, Slurm
from barograph.executors.executor import in_order, worker_environment

from . import work
from .conftest import ELSEWHERE, EXECUTORS, ROOT, forget_workers, parameters

FOLDS = [work.Fold(number) for number in range(4)]
every = pytest.mark.parametrize("executor", parameters(EXECUTORS))
every_elsewhere = pytest.mark.parametrize("executor", parameters(ELSEWHERE))
every_elsewhere_but_slurm = pytest.mark.parametrize("executor", parameters(ELSEWHERE, long=("ray", "slurm")))


@every
def test_no_tasks_no_results(executor):
    assert list(executor.run(work.refuse, None, [])) == []


@every_elsewhere
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="the system does not say what is mapped")
def test_workers_give_the_same_bytes_from_mapped_arrays_on_a_thread_with_our_variables(executor, monkeypatch):
    passed_on = {"OMP_WAIT_POLICY": "PASSIVE", "TF_ENABLE_ONEDNN_OPTS": "0"}
    for name, value in passed_on.items():
        monkeypatch.setenv(name, value)
    given = work.shared()
    results = list(executor.run(partial(work.spectrum, facts=True), given, FOLDS))
    expected = list(Serial().run(partial(work.spectrum, facts=False), given, FOLDS))
    assert [result[:2] for result in results] == [result[:2] for result in expected]
    for _, _, found in results:
        assert found["process"] != os.getpid()
        assert found["writable"] == []
        assert found["copied"] == []
        assert found["package"] == barograph.__file__
        assert (passed_on | {"OMP_NUM_THREADS": "1"}).items() <= found["variables"].items()


@every_elsewhere_but_slurm
def test_tasks_that_end_in_another_order_come_in_theirs(executor, tmp_path):
    meeting = tmp_path / "meeting"
    os.mkfifo(meeting)
    assert list(executor.run(work.meet, meeting, FOLDS)) == [0, 1, 2, 3]


@every
def test_an_input_error_names_the_task_in_one_line_after_the_results_before_it(executor):
    results = executor.run(work.refuse, None, FOLDS[:2])
    assert next(results) == 0
    with pytest.raises(InputError) as caught:
        next(results)
    assert type(caught.value) is InputError
    assert str(caught.value) == "fold 1: data.parquet, row 3: found 'x'; allowed are numbers"


@every_elsewhere_but_slurm
def test_of_two_errors_the_first_in_order_is_raised(executor, tmp_path):
    meeting = tmp_path / "meeting"
    os.mkfifo(meeting)
    with pytest.raises(InputError, match=r"^fold 0: refused$"):
        list(executor.run(work.refuse_before, meeting, FOLDS[:2]))


@every
def test_another_error_carries_the_task_as_a_note(executor):
    results = executor.run(work.fail, None, FOLDS[:2])
    assert next(results) == 0
    with pytest.raises(KeyError) as caught:
        next(results)
    assert caught.value.args == ("x",)
    assert caught.value.__notes__ == ["in fold 1"]


@every_elsewhere
def test_a_killed_worker_ends_in_one_line_and_a_rerun_works(executor, tmp_path, monkeypatch):
    import submitit

    monkeypatch.setattr(submitit.LocalJob, "_results_timeout_s", 0)
    (deadly := tmp_path / "deadly").touch()
    with pytest.raises(InputError, match=r"a worker was killed .* \(BAROGRAPH_WORKERS\)$") as caught:
        list(executor.run(work.die, deadly, FOLDS[:2]))
    assert "\n" not in str(caught.value)
    deadly.unlink()
    forget_workers()
    assert list(executor.run(work.die, deadly, FOLDS[:2])) == [0, 1]


@every_elsewhere_but_slurm
def test_closing_early_ends_the_tasks_that_run(executor, processes):
    results = executor.run(work.never_end, None, FOLDS)
    assert next(results) == 0
    assert processes()
    results.close()


INTERRUPTED = """
import signal
from barograph.executors import *
from tests.executors import work
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs in the background is deaf to it
for result in {executor}.run(work.never_end, None, [work.Fold(number) for number in range(4)]):
    print("running", flush=True)
"""


@every_elsewhere
@pytest.mark.parametrize(
    "send", [os.killpg, pytest.param(os.kill, marks=pytest.mark.long)], ids=["in a terminal", "to the driver alone"]
)
def test_an_interrupt_ends_the_tasks_that_run(executor, send, processes):
    arguments = [sys.executable, "-c", INTERRUPTED.format(executor=executor)]
    with subprocess.Popen(arguments, stdout=-1, stderr=-1, text=True, start_new_session=True) as driver:
        try:
            assert driver.stdout.readline() == "running\n"
            assert len(processes()) > 1
            send(driver.pid, signal.SIGINT)
            _, errors = driver.communicate(timeout=60)
        finally:
            driver.kill()
    assert driver.returncode == -signal.SIGINT
    assert errors.count("Traceback") == 1
    assert errors.strip().endswith("KeyboardInterrupt")


@pytest.mark.parametrize(("executor", "library"), [(Ray(), "ray"), (Slurm(), "submitit")])
def test_an_absent_library_is_named_by_its_extra(executor, library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match=rf"pip install 'barograph\[{type(executor).__name__.lower()}\]'$"):
        list(executor.run(work.refuse, None, FOLDS))


def test_a_worker_gets_this_package_before_any_other_and_our_kernels(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "src")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("OTHER", "x")
    found = worker_environment()
    assert found["PYTHONPATH"] == f"{ROOT / 'src'}{os.pathsep}src"
    assert found["OPENBLAS_CORETYPE"] == "Haswell"
    assert "OTHER" not in found


class _Place:
    """A place where tasks end at once: of those that run the last first, or the first."""

    def __init__(self, *, last_first: bool) -> None:
        self.kept = slice(-1) if last_first else slice(1, None)
        self.most = 0
        self.cancelled: list[int] = []

    def wait(self, running: list[int]) -> list[int]:
        self.most = max(self.most, len(running))
        return running[self.kept]

    def take(self, task: int) -> int:
        if task == 7:
            raise KeyError(task)
        return task

    def run(self, tasks, at_most, start=lambda task: task):
        return in_order(tasks, at_most, start, self.wait, self.take, self.cancelled.extend)


@pytest.mark.parametrize("last_first", [False, True])
@pytest.mark.parametrize("at_most", [1, 2, 3, 9])
def test_so_many_tasks_run_at_a_time_and_all_come_in_order(at_most, last_first):
    place = _Place(last_first=last_first)
    assert list(place.run(range(5), at_most)) == [0, 1, 2, 3, 4]
    assert place.most == min(at_most, 5)
    assert place.cancelled == []


def test_tasks_that_run_are_cancelled_when_a_result_is_an_error():
    place = _Place(last_first=False)
    with pytest.raises(KeyError):
        list(place.run([7, 1, 2, 3], 3))
    assert place.cancelled == [1, 2]


def test_tasks_that_run_are_cancelled_when_nobody_asks_for_the_rest():
    place = _Place(last_first=False)
    results = place.run(range(9), 3)
    assert [next(results), next(results)] == [0, 1]
    results.close()
    assert place.cancelled == [2, 3]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let an interrupt raise also where the tests run in the background, which is deaf to it."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.mark.usefixtures("interruptible")
def test_a_task_that_is_started_during_an_interrupt_is_cancelled_too():
    place = _Place(last_first=False)

    def start(task: int) -> int:
        if task == 1:
            signal.raise_signal(signal.SIGINT)
        return task

    with pytest.raises(KeyboardInterrupt):
        list(place.run(range(9), 3, start))
    assert place.cancelled == [0, 1]
