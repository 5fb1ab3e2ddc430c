"""Kernels and threads are pinned before anything numerical is imported, unless the user has set them."""

import subprocess
import sys

import pytest

from barograph import processor
from barograph.processor import PINNED, pin, pinned


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Give a function that makes this a machine of some flags, with nothing pinned yet."""
    for name in PINNED:
        monkeypatch.delenv(name, raising=False)

    def make(architecture: str, flags: str) -> None:
        facts = tmp_path / "cpuinfo"
        facts.write_text(f"processor\t: 0\nmodel name\t: An avx2 in the name\nflags\t\t: fpu {flags} fma\n")
        monkeypatch.setattr(processor, "_FACTS", facts)
        monkeypatch.setattr(processor.platform, "machine", lambda: architecture)

    return make


def test_all_is_pinned_where_the_processor_has_avx2(machine):
    machine("x86_64", "avx avx2 avx512f")
    pin()
    assert pinned() == PINNED


@pytest.mark.parametrize(("architecture", "flags"), [("x86_64", "avx"), ("aarch64", "avx2")])
def test_kernels_that_the_processor_lacks_are_not_asked_for(machine, architecture, flags):
    machine(architecture, flags)
    pin()
    assert pinned() == {k: v for k, v in PINNED.items() if k not in ("OPENBLAS_CORETYPE", "ONEDNN_MAX_CPU_ISA")}


def test_a_value_of_the_user_is_left(machine, monkeypatch):
    machine("x86_64", "avx2")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "SkylakeX")
    pin()
    assert pinned() == PINNED | {"OPENBLAS_CORETYPE": "SkylakeX"}


def test_nothing_numerical_is_imported_before():
    script = "import sys, barograph; sys.exit(' '.join({'numpy', 'pandas', 'scipy', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stderr.strip() == ""
