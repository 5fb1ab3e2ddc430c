"""The settings of this machine: where fits run, and where their results are kept between runs."""

import hashlib
import inspect
import os
import platform
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


def cache(model: object, code: str | None) -> ResultCache | None:
    """Open the cache that the environment names; None without.

    It is for the results of a model or of a selection, whose source is `code` where the settings name it.

    Raises
    ------
    InputError
        If a cache is named and the object's `repr` does not tell its settings, by which results are kept apart.
    """
    return cache_from_environment(os.environ, lambda: _computed_by(model, code))


def _computed_by(model: object, code: str | None) -> str:
    if type(model).__repr__ is object.__repr__:
        name = f"{type(model).__module__}.{type(model).__qualname__}"
        raise InputError(
            f"BAROGRAPH_CACHE: the repr of {name} does not tell its settings, so its results cannot be kept apart; "
            "make it a dataclass, or unset BAROGRAPH_CACHE"
        )
    files = {path for pattern in _CODE for path in _PACKAGE.glob(pattern)} | {Path(inspect.getfile(type(model)))}
    files |= {path for path in ([Path(code), *Path(code).rglob("*.py")] if code else []) if path.is_file()}
    facts: dict[str, Any] = {"python": platform.python_version(), "libraries": library_versions(), "pinned": pinned()}
    facts["code"] = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
    return repr(facts)
