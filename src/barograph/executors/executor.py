"""The call that all executors answer, and the part of it that runs beside the work."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Protocol, TypeAlias, TypeVar

from pydantic import Field

from barograph.errors import InputError

Input = TypeVar("Input")
Task = TypeVar("Task")
Result = TypeVar("Result")
Work: TypeAlias = Callable[[Input, Task], Result]
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


def lost(workers: str) -> InputError:
    """Give the error of a worker that ended before its task was done."""
    return InputError(
        f"{workers}: a worker was killed before its task was done, as happens when memory runs out; run it again, with "
        "fewer workers if need be (BAROGRAPH_WORKERS)"
    )
