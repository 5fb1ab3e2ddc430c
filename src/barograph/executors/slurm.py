"""Tasks as jobs of a Slurm cluster, by submitit."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.executors.executor import (
    Input,
    Result,
    Task,
    Work,
    Workers,
    absent,
    in_order,
    lost,
    outcome,
    worker_environment,
)
from barograph.typing import STRICT

_FOLDER: Final = Path(".barograph/jobs")
_LOCAL: Final = "local"
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, config=STRICT)
class Slurm:
    """Runs each task as a job of a Slurm cluster, on one core.

    The jobs read their input from a folder under the current one, `.barograph/jobs`, which has to be on a file system
    that all machines share. It is removed at the end.

    Parameters
    ----------
    workers : int, optional
        How many jobs are submitted at a time; by default all.
    address : str, optional
        The partition; by default that of the cluster. With `local` the jobs are processes of this machine, by default
        one per core.
    minutes : int
        How long a job may take.
    """

    workers: Workers = None
    address: str | None = None
    minutes: Annotated[int, Field(ge=1)] = 240

    def run(self, work: Work[Input, Task, Result], shared: Input, tasks: Sequence[Task]) -> Iterator[Result]:
        """Run the tasks; see :meth:`barograph.executors.Executor.run`."""
        if not tasks:
            return
        try:
            import submitit
        except ImportError as error:
            raise absent("slurm") from error
        import joblib

        with _folder() as folder:
            executor = _executor(submitit, self, folder)
            given = folder / "given.joblib"
            joblib.dump((work, shared), given)
            yield from in_order(
                tasks,
                self.workers or (joblib.cpu_count() if self.address == _LOCAL else len(tasks)),
                start=lambda task: _submit(submitit, executor, given, task),
                wait=_wait,
                take=lambda job: _take(submitit, job),
                cancel=_end if self.address == _LOCAL else _cancel,
            )


@contextmanager
def _folder() -> Iterator[Path]:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=_FOLDER.absolute()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # a job that was cancelled may write there still


def _executor(submitit: Any, settings: Slurm, folder: Path) -> Any:
    if settings.address == _LOCAL:
        executor = submitit.LocalExecutor(folder)
        executor.update_parameters(timeout_min=settings.minutes)
        return executor
    if not shutil.which("srun"):
        raise InputError("executor slurm: this machine has no srun; the address `local` runs the jobs here")
    executor = submitit.SlurmExecutor(folder)
    executor.update_parameters(job_name="barograph", partition=settings.address, time=settings.minutes, cpus_per_task=1)
    return executor


def _submit(submitit: Any, executor: Any, given: Path, task: Any) -> Any:
    try:
        with _variables(worker_environment()):
            return executor.submit(_job, given, task)
    except submitit.core.utils.FailedJobError as error:
        raise InputError(f"executor slurm: sbatch refused a job: {_last_line(str(error))}") from error


@contextmanager
def _variables(given: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _job(given: Path, task: Any) -> tuple[Any, Exception | None]:
    if os.environ.get("SUBMITIT_EXECUTOR") == _LOCAL:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # submitit ignores it, for Slurm's sake
    work, shared = _read(given)
    return outcome(work, shared, task)


@cache
def _read(given: Path) -> Any:
    import joblib

    return joblib.load(given, mmap_mode="r")


def _wait(jobs: list[Any]) -> list[Any]:
    while len(running := [job for job in jobs if not job.done()]) == len(jobs):
        time.sleep(_POLL_SECONDS)
    return running


def _take(submitit: Any, job: Any) -> Any:
    without_result = (submitit.core.utils.FailedJobError, submitit.core.utils.UncompletedJobError)
    try:
        result, error = job.result()
        if isinstance(error, without_result):  # raised by submitit amid the work when the job's time is over
            raise error
    except without_result as failure:
        said = _last_line(job.stderr() or "")
        raise lost(f"slurm job {job.job_id}" + (f", which ended with {said!r}" if said else "")) from failure
    if error is not None:
        raise error
    return result


def _cancel(jobs: list[Any]) -> None:
    for job in jobs:
        job.cancel(check=False)


def _end(processes: list[Any]) -> None:
    while running := [process for process in processes if not process.done()]:
        for process in running:
            os.kill(int(process.job_id), signal.SIGTERM)
        time.sleep(_POLL_SECONDS)


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
