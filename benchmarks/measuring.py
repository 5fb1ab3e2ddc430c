"""The parts that the benchmarks share: a job in a process of its own, its time, and the printed tables."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def answer(order: str, jobs: Mapping[str, Callable[..., Any]]) -> None:
    """Do the job that :func:`child` ordered, and print its result."""
    given = json.loads(order)
    print(json.dumps(jobs[given.pop("job")](**given)))


def child(script: str, environment: Mapping[str, str] | None = None, **order: Any) -> Any:
    """Run a script with ``--child`` and an order in a process of its own, and give the result that it prints."""
    command = [sys.executable, script, "--child", json.dumps(order)]
    variables = os.environ | dict(environment or {})
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{order}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def seconds(run: Callable[[], object]) -> dict[str, float]:
    """Run something, and say how long it took by the clock on the wall and by that of this process."""
    wall, processor = time.perf_counter(), time.process_time()
    run()
    return {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}


def show(title: str, head: list[str], rows: Iterable[list[str]]) -> None:
    """Print a table, its first column to the left and the others to the right."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    print(title)
    for line in lines:
        first, *others = (cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(["", line[0].ljust(len(first)), *others]))
    print(flush=True)
