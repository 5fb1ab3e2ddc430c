"""Tasks on a Ray cluster, on this machine or on others."""

import logging
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pydantic.dataclasses import dataclass

import barograph
from barograph.errors import InputError
from barograph.executors.executor import (
    Input,
    Result,
    Task,
    Work,
    Workers,
    absent,
    done,
    in_order,
    lost,
    worker_environment,
)
from barograph.typing import STRICT

_LOOPBACK: Final = {"127.0.0.1", "::1"}
_HOST_AND_PORT: Final = re.compile(r"(?P<host>[^/]+):(?P<port>\d+)")
_QUIET: Final[dict[str, Any]] = {"log_to_driver": False, "logging_level": logging.ERROR}


@dataclass(frozen=True, config=STRICT)
class Ray:
    """Runs the tasks on a Ray cluster, each on one thread.

    A connection that the caller has made with ``ray.init`` is used and left open.

    Parameters
    ----------
    workers : int, optional
        How many tasks run at a time; by default one per core of this machine or of the cluster.
    address : str, optional
        The cluster to connect to, as ``ray.init`` takes it. By default a cluster on this machine, which nothing outside
        it can reach and which ends with the run.
    """

    workers: Workers = None
    address: str | None = None

    def run(self, work: Work[Input, Task, Result], shared: Input, tasks: Sequence[Task]) -> Iterator[Result]:
        """Run the tasks; see :meth:`barograph.executors.Executor.run`."""
        if not tasks:
            return
        try:
            import ray
            from ray import exceptions
        except ImportError as error:
            raise absent("ray") from error

        def take(reference: Any) -> Result:
            try:
                result: Result = ray.get(reference)
            except exceptions.RayTaskError as error:
                raise error.cause from error
            except (
                exceptions.NodeDiedError,
                exceptions.ObjectLostError,
                exceptions.OutOfMemoryError,
                exceptions.WorkerCrashedError,
            ) as error:
                raise lost(f"ray on {self.address or 'this machine'}") from error
            return result

        with _connected(ray, self, len(tasks)):
            task = ray.remote(done).options(num_cpus=1, runtime_env={"env_vars": _environment(self)})
            work_there, shared_there = ray.put(work), ray.put(shared)
            yield from in_order(
                tasks,
                self.workers or len(tasks),
                start=lambda given: task.remote(work_there, shared_there, given),
                wait=lambda running: ray.wait(running, num_returns=1)[1],
                take=take,
                cancel=lambda running: [ray.cancel(reference, force=True) for reference in running],
            )


def _environment(executor: Ray) -> dict[str, str]:
    variables = worker_environment()
    if executor.address:  # other machines have other paths; they are sent the package
        del variables["PYTHONPATH"]
    return variables


@contextmanager
def _connected(ray: Any, executor: Ray, tasks: int) -> Iterator[None]:
    if ray.is_initialized():
        yield
        return
    from joblib import cpu_count

    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        if executor.address:
            _connect(ray, executor.address)
        else:
            _start(ray, min(executor.workers or cpu_count(), tasks))
        yield
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str) -> None:
    try:
        if match := _HOST_AND_PORT.fullmatch(address):  # to a cluster that is not there Ray tries for many minutes
            socket.create_connection((match["host"].strip("[]"), int(match["port"])), timeout=10).close()
        with _loopback(ray):
            ray.init(address, runtime_env={"py_modules": [str(Path(barograph.__file__).parent)]}, **_QUIET)
    except (OSError, OverflowError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        said = str(error).strip().partition("\n")[0] or type(error).__name__
        raise InputError(
            f"ray on {address}: {said}; the cluster has to run, and RAY_AUTH_MODE and its token have to be set here too"
        ) from error


def _start(ray: Any, workers: int) -> None:
    with _loopback(ray):
        ray.init("local", num_cpus=workers, include_dashboard=False, **_QUIET)
    if (ip := ray.util.get_node_ip_address()) not in _LOOPBACK:
        raise InputError(f"executor ray: Ray {ray.__version__} listens on {ip}; it has to listen on 127.0.0.1 alone")


@contextmanager
def _loopback(ray: Any) -> Iterator[None]:
    """Keep the loopback address, which Ray turns into a public address of the machine unless it runs on macOS."""
    constants = ray._private.ray_constants
    ordinary, constants.ENABLE_RAY_CLUSTER = constants.ENABLE_RAY_CLUSTER, False
    try:
        yield
    finally:
        constants.ENABLE_RAY_CLUSTER = ordinary
