"""`barograph compile` compiles every kernel of the package; those of kernels alone come with them."""

import importlib
import re

import pytest

from barograph.cli import main
from tests.dependencies import PACKAGE

KERNELS = [
    (".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts), name)
    for path in sorted(PACKAGE.rglob("*.py"))
    for name in re.findall(r"^@njit\(.*\)\ndef ([a-z]\w+)", path.read_text(), re.MULTILINE)
]


@pytest.fixture(scope="module", autouse=True)
def compiled():
    assert main(["compile"]) == 0


@pytest.mark.parametrize(("module", "name"), KERNELS)
def test_every_kernel_is_compiled(module, name):
    assert getattr(importlib.import_module(module), name).signatures
