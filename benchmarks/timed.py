"""The `python` of a timed clone: runs a stage as Python would, and notes time and memory in the file STAGE_TIMES."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

started = time.perf_counter()
code = subprocess.call([sys.executable, *sys.argv[1:]])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
stage = " ".join(
    argument.rpartition("barograph.stages.")[2].removeprefix("model_key=")
    for argument in sys.argv[1:]
    if argument.startswith(("barograph.stages.", "model_key="))
)
note = {
    "stage": stage,
    "wall": time.perf_counter() - started,
    "processor": used.ru_utime + used.ru_stime,
    "peak_gib": used.ru_maxrss / 1024**2,
}
with Path(os.environ["STAGE_TIMES"]).open("a") as notes:
    notes.write(json.dumps(note) + "\n")
sys.exit(code)
