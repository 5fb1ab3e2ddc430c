"""The stages: thin Hydra entrypoints that read tables, call the library and write tables."""

import gc
import sys

# Imports leave hardly any garbage, and looking for it takes a sixth of a start. `python -m` is looking for the stage
# here; the stage collects garbage again before it works.
if sys.argv[:1] == ["-m"]:
    gc.disable()
