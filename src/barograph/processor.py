"""What chooses numerical kernels and threads by the machine, pinned: other machines then give the same bytes."""

import os
import platform
from pathlib import Path
from typing import Final

PINNED: Final = {
    # Sums over several threads depend on their number.
    "": {"OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "TF_ENABLE_ONEDNN_OPTS": "0"},
    # The BLAS of NumPy and SciPy, and the matrix products that TensorFlow compiles as it runs.
    "avx2": {"OPENBLAS_CORETYPE": "Haswell", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    # NumPy's exponentials, logarithms and sorts.
    "avx512f": {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"},
}
"""Environment variables, which a numerical library reads when it is imported, by the x86-64 feature that they need."""
_FACTS: Final = Path("/proc/cpuinfo")


def pin() -> None:
    """Set the variables of `PINNED` that this processor needs and the user has not set."""
    features = _features()
    for needed, variables in PINNED.items():
        if not needed or needed in features:
            for name, value in variables.items():
                os.environ.setdefault(name, value)


def pinned() -> dict[str, str]:
    """Give the variables of `PINNED` as they are set."""
    names = [name for variables in PINNED.values() for name in variables]
    return {name: os.environ[name] for name in names if name in os.environ}


def _features() -> set[str]:
    """List what an x86-64 processor can do; nothing where the system does not tell."""
    if platform.machine() != "x86_64" or not _FACTS.is_file():
        return set()
    with _FACTS.open() as lines:
        return next((set(line.split()) for line in lines if line.startswith("flags")), set())
