"""The stages: thin Hydra entrypoints that read tables, call the library and write tables."""

import os

# Before any numerical import: spinning OpenMP threads slow each other down on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
