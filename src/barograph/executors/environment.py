"""The executor and the cache of this machine, as the environment variables of DVC's run name them."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from barograph.errors import InputError
from barograph.executors.cache import ResultCache
from barograph.executors.executor import Executor
from barograph.executors.loky import Loky
from barograph.executors.ray import Ray
from barograph.executors.serial import Serial
from barograph.executors.slurm import Slurm

EXECUTOR: Final = "BAROGRAPH_EXECUTOR"
WORKERS: Final = "BAROGRAPH_WORKERS"
ADDRESS: Final = "BAROGRAPH_ADDRESS"
CACHE: Final = "BAROGRAPH_CACHE"
CACHE_MIB: Final = "BAROGRAPH_CACHE_MIB"

_EXECUTORS: Final[dict[str, Any]] = {"serial": Serial, "loky": Loky, "ray": Ray, "slurm": Slurm}
_VARIABLES: Final = (EXECUTOR, WORKERS, ADDRESS, CACHE, CACHE_MIB)
_DEFAULT_MIB: Final = "2048"


def from_environment(environment: Mapping[str, str]) -> Executor:
    """Build the executor that environment variables name.

    Parameters
    ----------
    environment : mapping
        `BAROGRAPH_EXECUTOR` (by default loky), `BAROGRAPH_WORKERS` and `BAROGRAPH_ADDRESS`, each optional.

    Returns
    -------
    Executor

    Raises
    ------
    InputError
        If a value is not allowed, or the name of a variable that begins with `BAROGRAPH_` is unknown.
    """
    _refuse_unknown(environment)
    name = environment.get(EXECUTOR, "loky")
    if name not in _EXECUTORS:
        raise InputError(f"{EXECUTOR}: {name!r} is unknown; allowed: {', '.join(_EXECUTORS)}")
    given = {"address": environment[ADDRESS]} if ADDRESS in environment else {}
    settings = {field.name for field in fields(_EXECUTORS[name])}
    if given and "address" not in settings:
        raise InputError(f"{ADDRESS}: {given['address']!r} is of no use to the executor {name}; unset it")
    workers = _whole(environment, WORKERS) if WORKERS in environment else None
    executor: Executor = _EXECUTORS[name](**given, **({"workers": workers} if "workers" in settings else {}))
    return executor


def cache_from_environment(environment: Mapping[str, str], computed_by: Callable[[], str]) -> ResultCache | None:
    """Open the cache of results that environment variables name.

    Parameters
    ----------
    environment : mapping
        `BAROGRAPH_CACHE`, the folder, and `BAROGRAPH_CACHE_MIB`, the most that it may take (by default 2048).
    computed_by : callable
        Gives the digest of :class:`ResultCache`; called only if there is a cache.

    Returns
    -------
    ResultCache or None
        None without `BAROGRAPH_CACHE`.

    Raises
    ------
    InputError
        If the folder is not absolute, or the size is not a whole number.
    """
    if CACHE not in environment:
        return None
    try:
        folder = Path(environment[CACHE]).expanduser()
    except RuntimeError as error:
        raise InputError(f"{CACHE}: {environment[CACHE]}: {error}") from error
    if not folder.is_absolute():
        raise InputError(f"{CACHE}: {environment[CACHE]!r} is not absolute; DVC runs experiments in other folders")
    mib = _whole({CACHE_MIB: _DEFAULT_MIB, **environment}, CACHE_MIB)
    return ResultCache(folder, mib << 20, computed_by())


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        if name.startswith("BAROGRAPH_") and name not in _VARIABLES:
            raise InputError(f"{name}: no such variable; allowed: {', '.join(_VARIABLES)}")
        if name in _VARIABLES and not value:
            raise InputError(f"{name}: is empty; give it a value or unset it")


def _whole(environment: Mapping[str, str], name: str) -> int:
    if not (value := environment[name]).isdecimal() or int(value) < 1:
        raise InputError(f"{name}: {value!r}; it must be a whole number, one or more")
    return int(value)
