"""The call that all executors answer, and the part of it that runs beside the work."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeAlias, TypeVar

from pydantic import Field

import barograph
from barograph.errors import InputError
from barograph.processor import pinned

Input = TypeVar("Input")
Task = TypeVar("Task")
Result = TypeVar("Result")
Work: TypeAlias = Callable[[Input, Task], Result]
Handle = TypeVar("Handle")
Workers: TypeAlias = Annotated[int, Field(ge=1)] | None


class Executor(Protocol):
    """A place where tasks run: this process, others on this machine, or other machines."""

    def run(self, work: Work[Input, Task, Result], shared: Input, tasks: Sequence[Task]) -> Iterator[Result]:
        """Run ``work(shared, task)`` for every task.

        Parameters
        ----------
        work : callable
            A function of a module, or a partial of one, so that another process finds it.
        shared : object
            The input of all tasks. Its arrays are read-only; other processes map them into memory once.
        tasks : sequence
            Small objects; ``str(task)`` names a task in messages.

        Yields
        ------
        object
            The results, in the order of the tasks and as soon as they are there.

        Raises
        ------
        InputError
            If the work raises it, with the task's name before the message; or if a worker is killed. An error of
            another kind carries the task's name as a note.
        """


def done(work: Callable[[Any, Any], Any], shared: Any, task: Any) -> Any:
    """Do one task, and name it in what it raises."""
    try:
        return work(shared, task)
    except InputError as error:
        raise InputError(f"{task}: {error}") from error
    except Exception as error:
        error.add_note(f"in {task}")
        raise


def outcome(work: Callable[[Any, Any], Any], shared: Any, task: Any) -> tuple[Any, Exception | None]:
    """Do one task, and return what it raises: the library that runs the worker has ways with errors."""
    try:
        return done(work, shared, task), None
    except Exception as error:
        return None, error


def lost(workers: str) -> InputError:
    """Give the error of a worker that ended before its task was done."""
    return InputError(
        f"{workers}: a worker was killed before its task was done, as happens when memory runs out; run it again, with "
        "fewer workers if need be (BAROGRAPH_WORKERS)"
    )


def absent(executor: str) -> InputError:
    """Give the error of an executor whose library is not installed; its extra has its name."""
    return InputError(f"executor {executor} needs more libraries: pip install 'barograph[{executor}]'")


def worker_environment() -> dict[str, str]:
    """Give the variables of a worker: one thread, the kernels of this process, and this package before any other."""
    paths = [str(Path(barograph.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {**pinned(), "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def in_order(
    tasks: Sequence[Task],
    at_most: int,
    start: Callable[[Task], Handle],
    wait: Callable[[list[Handle]], list[Handle]],
    take: Callable[[Handle], Result],
    cancel: Callable[[list[Handle]], object],
) -> Iterator[Result]:
    """Run tasks, at most so many at a time, and give their results in order.

    Parameters
    ----------
    tasks : sequence
    at_most : int
    start : callable
        Starts a task elsewhere and returns at once.
    wait : callable
        Given the tasks that run, returns when at least one has ended, with those that still run.
    take : callable
        Gives the result of a task that has ended, or raises.
    cancel : callable
        Ends the tasks that run, once a result could not be taken or nobody asks for the rest.

    Yields
    ------
    object
    """
    waiting, started, running = deque(tasks), deque[Handle](), list[Handle]()
    try:
        while waiting or started:
            while waiting and len(running) < at_most:
                with _uninterrupted():  # else a task might run that is not known yet, and go on
                    started.append(start(waiting.popleft()))
                    running.append(started[-1])
            running = wait(running)
            while started and started[0] not in running:
                yield take(started.popleft())
    finally:
        if running:
            cancel(running)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait until the end of the block. Processes that are started in it never get it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupts: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
        if interrupts:
            signal.raise_signal(signal.SIGINT)
