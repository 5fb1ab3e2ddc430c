"""One task after the other, in this process."""

from collections.abc import Iterator, Sequence

from pydantic.dataclasses import dataclass

from barograph.executors.executor import Input, Result, Task, Work, done
from barograph.typing import STRICT


@dataclass(frozen=True, config=STRICT)
class Serial:
    """Runs the tasks in this process."""

    def run(self, work: Work[Input, Task, Result], shared: Input, tasks: Sequence[Task]) -> Iterator[Result]:
        """Run the tasks; see :meth:`barograph.executors.Executor.run`."""
        for task in tasks:
            yield done(work, shared, task)
