"""Features of the user's own: a Python file that registers them."""

import importlib.util
import sys
import traceback
from pathlib import Path

from barograph.errors import InputError
from barograph.features.registration import Feature, catalogue


def register_file(path: str) -> list[Feature]:
    """Run a Python file in which `@feature` registers features.

    Running a file again replaces what it registered before.

    Parameters
    ----------
    path : str
        Relative to the current directory.

    Returns
    -------
    list of Feature
        Those that the file registered.

    Raises
    ------
    InputError
        If there is no such Python file, or it cannot be run; the message names its line.
    """
    file = Path(path)
    if file.suffix != ".py" or not file.is_file():
        raise InputError(f"{path}: no such Python file; allowed: one that registers features with @feature")
    # Named by its path, so that its features can be told from those of a module of the same name.
    spec = importlib.util.spec_from_file_location(path, file)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the user's file raises
        del sys.modules[path]
        raise InputError(f"{path}{_line(error, path)}: {type(error).__name__}: {_first_line(error)}") from error
    return [entry for entry in catalogue() if entry.function.__module__ == path]


def _line(error: Exception, path: str) -> str:
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    own = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == Path(path)]
    return f", line {own[-1]}" if own else ""


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
