"""The executor and the cache that the environment of this machine names."""

from collections.abc import Callable, Mapping
from pathlib import Path

from barograph.executors.cache import ResultCache
from barograph.executors.executor import Executor
from barograph.executors.loky import Loky
from barograph.executors.serial import Serial


def from_environment(environment: Mapping[str, str]) -> Executor:
    workers = environment.get("BAROGRAPH_WORKERS")
    if environment.get("BAROGRAPH_EXECUTOR") == "serial":
        return Serial()
    return Loky(workers=int(workers) if workers else None)


def cache_from_environment(environment: Mapping[str, str], computed_by: Callable[[], str]) -> ResultCache | None:
    if "BAROGRAPH_CACHE" not in environment:
        return None
    return ResultCache(Path(environment["BAROGRAPH_CACHE"]), 2 << 30, computed_by())
