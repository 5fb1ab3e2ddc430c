"""`barograph compile` compiles every kernel of the package: the cached kernels, and with them those that they call."""

import importlib
import re
from types import ModuleType

import pytest
from numba.core.dispatcher import Dispatcher

from barograph.backtest.engine import kernel
from barograph.cli import main
from tests.dependencies import PACKAGE

KERNELS = [
    (".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts), name)
    for path in sorted(PACKAGE.rglob("*.py"))
    for name in re.findall(r"^@njit\(.*\)\ndef ([a-z]\w+)", path.read_text(), re.MULTILINE)
]


def _called(kernel: Dispatcher) -> set[Dispatcher]:
    """Give the kernels that a kernel calls, directly or not, by their names or by those of their modules."""
    function = kernel.py_func
    names = function.__code__.co_names
    known = [function.__globals__.get(name) for name in names]
    known += [getattr(module, name, None) for module in known if isinstance(module, ModuleType) for name in names]
    direct = {value for value in known if isinstance(value, Dispatcher)}
    return direct.union(*map(_called, direct))


@pytest.fixture(scope="module")
def compiled():
    """Give the kernels that were compiled or read from numba's cache, where they contain all those that they call."""
    assert main(["compile"]) == 0
    modules = [importlib.import_module(module) for module in sorted({module for module, _ in KERNELS})]
    kernels = {
        value for module in [*modules, kernel] for value in vars(module).values() if isinstance(value, Dispatcher)
    }
    loaded = {value for value in kernels if value.signatures}
    return loaded.union(*map(_called, loaded))


@pytest.mark.parametrize(("module", "name"), KERNELS)
def test_every_kernel_is_compiled(compiled, module, name):
    assert getattr(importlib.import_module(module), name) in compiled
