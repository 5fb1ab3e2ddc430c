"""A model that kills a process at a given fit, and the stage that trains it, to be run in a process of its own."""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from barograph.models import LogisticRegression
from barograph.stages import train
from barograph.stages.stage import Stage


@dataclass(frozen=True)
class Killing:
    """Counts the fits of all processes in a file; at the given one it kills its process or the stage."""

    def fit(self, X, y, sample_weight=None, *, seed=0):
        log, at, whom = Path(os.environ["KILL_LOG"]), int(os.environ["KILL_AT"]), os.environ["KILL_WHOM"]
        with log.open("a") as lines:
            lines.write("fit\n")
        if len(log.read_text().splitlines()) == at:
            os.kill(int(os.environ["KILL_STAGE"]) if whom == "stage" else os.getpid(), signal.SIGKILL)
        return LogisticRegression(params={"max_iter": 20}).fit(X, y, sample_weight, seed=seed)


def main(root: str, out: str) -> None:
    """Train on the tables of `root`."""
    os.environ["KILL_STAGE"] = str(os.getpid())
    models = {"mine": {"_target_": "tests.stages.killing.Killing"}}
    settings: dict[str, Any] = {"models": models, "seed": 7}
    settings |= {"memory.replay": None, "memory.weights": None, "memory.window.half_life": None}
    print(train.main.__wrapped__(Stage(settings, Path(root), Path(out), "mine")))


if __name__ == "__main__":
    main(*sys.argv[1:])
