"""Tasks in processes of this machine, by loky."""

import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

from pydantic.dataclasses import dataclass

from barograph.executors.executor import Input, Result, Task, Work, Workers, lost, outcome
from barograph.executors.serial import Serial
from barograph.typing import STRICT

_WATCH_SECONDS: Final = 0.5
_MAPPED_FROM: Final = 10_000  # bytes; smaller arrays travel with the task


@dataclass(frozen=True, config=STRICT)
class Loky:
    """Runs the tasks in processes of this machine, each on one thread.

    Parameters
    ----------
    workers : int, optional
        The number of processes; by default the number of cores that this process may use.
    """

    workers: Workers = None

    def run(self, work: Work[Input, Task, Result], shared: Input, tasks: Sequence[Task]) -> Iterator[Result]:
        """Run the tasks; see :meth:`barograph.executors.Executor.run`."""
        from joblib import Parallel, cpu_count, delayed, parallel_config
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        workers = min(self.workers or cpu_count(), len(tasks))
        if workers <= 1:
            yield from Serial().run(work, shared, tasks)
            return
        with parallel_config(backend="loky", inner_max_num_threads=1, initializer=_follow_the_parent):
            parallel = Parallel(
                workers, return_as="generator", batch_size=1, pre_dispatch="all", max_nbytes=_MAPPED_FROM, mmap_mode="r"
            )
            # Errors are raised in the order of the tasks, as in a serial run; joblib would raise the earliest.
            with _quiet(), closing(parallel(delayed(outcome)(work, shared, task) for task in tasks)) as outcomes:
                try:
                    for result, error in outcomes:
                        if error is not None:
                            raise error
                        yield result
                except TerminatedWorkerError as error:
                    raise lost(f"loky with {workers} workers") from error


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        # loky replaces a worker whose memory has grown, as it does with the first model of a library.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
        warnings.filterwarnings("ignore", r"\d+ tasks which were still being processed", UserWarning)
        yield


def _follow_the_parent() -> None:
    """Leave interrupts to the parent, and end when it does: it may be killed without a word."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)
