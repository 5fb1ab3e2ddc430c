"""The settings of this machine: where fits run, and where their results are kept between runs."""

import hashlib
import inspect
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import barograph
from barograph.errors import InputError
from barograph.executors import Executor, ResultCache, cache_from_environment, from_environment
from barograph.models.contract.storage import library_versions
from barograph.processor import pinned
from barograph.stages.stage import Stage

_PACKAGE: Final = Path(barograph.__file__).parent
# What computes the results beside the model: a change of it makes kept ones unusable.
_CODE: Final = ("*.py", "folds/*.py", "models/contract/*.py", "selection/*.py", "training/*.py", "tuning/*.py")


def executor(stage: Stage) -> Executor:
    """Build the executor that `executor=` chooses by hand or, without it, the environment."""
    chosen: Executor | None = stage.build("executor") if stage.settings.get("executor") else None
    return chosen or from_environment(os.environ)


def cache(asked: object, code: str | None, *further: str) -> ResultCache | None:
    """Open the cache that the environment names; None without.

    It is for the results of an object that settings describe, such as a model, whose source is `code` where they name
    it. The patterns in `further` name more files of the package that compute them.

    Raises
    ------
    InputError
        If a cache is named and the object's `repr` does not tell its settings, by which results are kept apart.
    """
    return cache_from_environment(os.environ, lambda: _computed_by(asked, code, further))


def _computed_by(asked: object, code: str | None, further: Sequence[str]) -> str:
    if type(asked).__repr__ is object.__repr__:
        name = f"{type(asked).__module__}.{type(asked).__qualname__}"
        raise InputError(
            f"BAROGRAPH_CACHE: the repr of {name} does not tell its settings, so its results cannot be kept apart; "
            "make it a dataclass, or unset BAROGRAPH_CACHE"
        )
    files = {path for pattern in (*_CODE, *further) for path in _PACKAGE.glob(pattern)}
    files |= {Path(inspect.getfile(type(asked)))}
    files |= {path for path in ([Path(code), *Path(code).rglob("*.py")] if code else []) if path.is_file()}
    facts: dict[str, Any] = {"python": platform.python_version(), "libraries": library_versions(), "pinned": pinned()}
    if further:
        facts["compiler"] = version("numba")
    facts["code"] = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
    return repr(facts)
