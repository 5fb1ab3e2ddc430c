"""Promote, or roll back, and be killed before a step: `python -m tests.registry.killed ACT STEP`, in a repository.

Steps are counted from the journal's first entry on: every command that is started, and every file that is opened for
writing, renamed or removed.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from barograph.registry import promote, roll_back

from .conftest import FIGURES, SCORES


class Killer:
    """Counts the steps, and kills the process before the last."""

    def __init__(self, step: int) -> None:
        self.left = step
        self.begun = False

    def __call__(self, event: str, details: tuple[Any, ...]) -> None:
        if event == "os.rename" and str(details[1]).endswith("journal.json"):
            self.begun = True
        writes = event == "open" and isinstance(details[1], str) and details[1][0] in "wax"
        if self.begun and (writes or event in ("subprocess.Popen", "os.rename", "os.remove")):
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    act, step = sys.argv[1], int(sys.argv[2])
    sys.addaudithook(Killer(step))
    if act == "promotion":
        promote(Path(), FIGURES, SCORES, reason="earned it", with_push=True)
    else:
        roll_back(Path(), None, reason="losses", with_push=True)
