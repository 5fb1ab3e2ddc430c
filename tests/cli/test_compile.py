"""`barograph compile` compiles every kernel of the package: the cached kernels, and with them those that they call."""

import importlib
import re
from types import ModuleType

import pandas as pd
import pytest
from numba.core.dispatcher import Dispatcher

from barograph import config
from barograph.backtest import simulate
from barograph.backtest.engine import kernel
from barograph.cli import main
from tests.dependencies import PACKAGE
from tests.settings import compose

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


def test_weights_without_rows_are_not_compiled_for_anew(compiled):
    before = len(kernel.play.signatures)
    days = pd.bdate_range("2020-01-06", periods=3).astype("datetime64[us]")
    bars = pd.DataFrame({"symbol": "A", "date": days, "close": 1.0}).assign(open=1.0, high=1.0, low=1.0, volume=1.0)
    result = simulate(
        bars, pd.DataFrame(columns=["A"], index=days[:0]), config.build(compose()["execution"], "execution")
    )
    assert (result.equity == result.equity.iloc[0]).all()
    assert len(kernel.play.signatures) == before
