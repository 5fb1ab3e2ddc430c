"""Kernels and threads are pinned before anything numerical is imported, unless the user has set them."""

import subprocess
import sys

import pytest

from barograph import processor
from barograph.processor import PINNED, pin, pinned

EVERY = PINNED[""] | PINNED["avx2"] | PINNED["avx512f"]


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Give a function that makes this a machine of some flags, with nothing pinned yet."""
    for name in EVERY:
        monkeypatch.delenv(name, raising=False)

    def make(architecture: str, flags: str) -> None:
        facts = tmp_path / "cpuinfo"
        facts.write_text(f"processor\t: 0\nmodel name\t: An avx2 in the name\nflags\t\t: fpu {flags} fma\n")
        monkeypatch.setattr(processor, "_FACTS", facts)
        monkeypatch.setattr(processor.platform, "machine", lambda: architecture)

    return make


@pytest.mark.parametrize(
    ("architecture", "flags", "needed"),
    [
        ("x86_64", "avx avx2 avx512f", ["avx2", "avx512f"]),
        ("x86_64", "avx avx2", ["avx2"]),
        ("x86_64", "avx", []),
        ("aarch64", "avx2", []),
    ],
)
def test_a_processor_gets_the_kernels_that_it_has(machine, architecture, flags, needed):
    machine(architecture, flags)
    pin()
    assert pinned() == PINNED[""] | {name: value for feature in needed for name, value in PINNED[feature].items()}


def test_a_value_of_the_user_is_left(machine, monkeypatch):
    machine("x86_64", "avx2 avx512f")
    mine = {"OPENBLAS_CORETYPE": "SkylakeX", "NPY_DISABLE_CPU_FEATURES": ""}
    for name, value in mine.items():
        monkeypatch.setenv(name, value)
    pin()
    assert pinned() == EVERY | mine


def test_nothing_numerical_is_imported_before():
    script = "import sys, barograph; sys.exit(' '.join({'numpy', 'pandas', 'scipy', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stderr.strip() == ""
