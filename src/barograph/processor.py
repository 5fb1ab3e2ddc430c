"""What chooses numerical kernels and threads by the machine, pinned: other machines then give the same bytes."""

import os
import platform
from pathlib import Path
from typing import Final

PINNED: Final = {
    # Kernels for AVX2 in NumPy's and SciPy's BLAS, and in the matrix products that TensorFlow compiles as it runs.
    "OPENBLAS_CORETYPE": "Haswell",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    # Sums over several threads depend on their number.
    "OPENBLAS_NUM_THREADS": "1",
    # Spinning OpenMP threads slow each other down on a busy machine.
    "OMP_WAIT_POLICY": "PASSIVE",
}
"""Environment variables, which are read when a numerical library is imported, and their values on x86-64 with AVX2."""
_KERNELS: Final = ("OPENBLAS_CORETYPE", "ONEDNN_MAX_CPU_ISA")
_FACTS: Final = Path("/proc/cpuinfo")


def pin() -> None:
    """Set the variables of `PINNED` that the user has not set; kernels for AVX2 only where the processor has it."""
    avx2 = platform.machine() in ("x86_64", "AMD64") and _has_avx2()
    for name, value in PINNED.items():
        if avx2 or name not in _KERNELS:
            os.environ.setdefault(name, value)


def pinned() -> dict[str, str]:
    """Give the variables of `PINNED` as they are set."""
    return {name: os.environ[name] for name in PINNED if name in os.environ}


def _has_avx2() -> bool:
    if not _FACTS.is_file():
        return False
    with _FACTS.open() as lines:
        return any("avx2" in line.split() for line in lines if line.startswith("flags"))
