"""Features of the user's own: a Python file that registers them."""

import ast
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from barograph.errors import InputError
from barograph.features.registration import Feature, catalogue, import_families


def register_file(path: str) -> list[Feature]:
    """Run a Python file in which `@feature` registers features, and give those; running it again replaces them.

    Raises InputError if there is no such Python file, or it cannot be run; the message names its line.
    """
    check_file(path)
    import_families()
    # Named by its path, so that its features can be told from those of a module of the same name.
    spec = importlib.util.spec_from_file_location(path, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever the user's file raises
        del sys.modules[path]
        raise InputError(f"{path}{_line(error, path)}: {said(error)}") from error
    return [entry for entry in catalogue() if entry.function.__module__ == path]


def check_file(path: str) -> None:
    """Refuse what is no Python file, without running it."""
    if not (path.endswith(".py") and Path(path).is_file()):
        raise InputError(f"{path}: no such Python file; allowed: one that registers features with @feature")


def registers_nothing(path: str) -> bool:
    """Tell, without running a file, that it consists of comments and docstrings alone."""
    try:
        statements = ast.parse(Path(path).read_bytes()).body
    except (SyntaxError, ValueError):
        return False
    return all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in statements)


def place(function: Callable[..., Any], error: BaseException | None = None) -> str:
    """Give the file of a function and the line in which it begins, or that in which an exception arose in it."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:  # compiled, or an object that can be called
        return function.__module__
    line = "" if error is None else _line(error, code.co_filename)
    return f"{code.co_filename}{line or f', line {code.co_firstlineno}'}"


def said(error: BaseException) -> str:
    """Give the kind of an exception and the first line of what it says."""
    line = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {line}" if line else type(error).__name__


def _line(error: BaseException, path: str) -> str:
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    file = Path(path).resolve()
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == file]
    return f", line {lines[-1]}" if lines else ""
