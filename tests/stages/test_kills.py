"""A killed stage or worker loses nothing: the run after it ends with the same bytes."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barograph import tables
from barograph.features.schema import FEATURES
from barograph.folds.schema import FOLDS
from barograph.labels.schema import LABELS
from barograph.memory.schema import EXAM_SAMPLES, EXAMS, SAMPLES
from barograph.selection.schema import SELECTION

ROOT = Path(__file__).parents[2]
FOLD_COUNT = 10
SHORT = [(whom, 4, "loky") for whom in ("worker", "stage")]
LONG = [
    (whom, at, executor)
    for executor in ("loky", "ray")
    for whom in ("worker", "stage")
    for at in range(1, FOLD_COUNT + 1)
]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(0)
    dates = pd.bdate_range("2004-01-01", periods=370).astype("datetime64[us]")
    key = pd.MultiIndex.from_product([list("ABCD"), dates], names=["symbol", "date"]).to_frame(index=False)
    facts = {"exit_reason": "time", "exit_return": 0.0, "uniqueness": 0.5}
    labels = key.assign(label=rng.integers(0, 3, len(key)).astype(np.int8), exit_date=key["date"], **facts)
    starts = dates[200 + 16 * np.arange(FOLD_COUNT)]
    ends = [*(starts[1:] - pd.Timedelta(days=1)), pd.NaT]
    before = starts - pd.Timedelta(days=7)
    folds = {"train_start": dates[0], "train_end": before, "test_start": starts, "test_end": ends}
    shown = [labels[labels["date"] <= end].assign(fold=fold) for fold, end in enumerate(before)]
    samples = pd.concat(shown).assign(copy=0, source="window", event=None, regime="normal", weight=1.0)
    kept = {"feature": "f", "kept": True, "score": 0.1, "reason": ""}
    written = [
        (FEATURES, key.assign(f=rng.normal(size=len(key)).astype(np.float32))),
        (LABELS, labels),
        (FOLDS, pd.DataFrame({"fold": range(FOLD_COUNT)} | folds)),
        (SAMPLES, samples[list(SAMPLES.columns)]),
        (SELECTION, pd.DataFrame({"fold": range(FOLD_COUNT)} | kept)),
        (EXAMS, pd.DataFrame(columns=list(EXAMS.columns)).astype({"fold": np.int32, "rows": np.int64})),
        (EXAM_SAMPLES, pd.DataFrame(columns=list(EXAM_SAMPLES.columns))),
    ]
    for table, frame in written:
        tables.write(table, frame, folder)
    return folder


def _train(root: Path, folder: Path, *, at: int, whom: str = "worker", executor: str = "loky") -> tuple[int, str]:
    environment = {"KILL_LOG": str(folder / f"fits{at}"), "KILL_AT": str(at), "KILL_WHOM": whom}
    environment |= {"BAROGRAPH_EXECUTOR": executor, "BAROGRAPH_WORKERS": "2", "BAROGRAPH_CACHE": str(folder / "cache")}
    command = [sys.executable, "-m", "tests.stages.killing", str(root), str(folder / "out")]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in (folder / "out").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def undisturbed(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    assert _train(root, folder, at=0)[0] == 0
    return _digests(folder)


@pytest.mark.parametrize(
    ("whom", "at", "executor"), [*SHORT, *(pytest.param(*case, marks=pytest.mark.long) for case in LONG)]
)
def test_a_run_after_a_kill_ends_with_the_same_bytes(whom, at, executor, root, undisturbed, tmp_path):
    code, errors = _train(root, tmp_path, at=at, whom=whom, executor=executor)
    # A worker of Ray is replaced; the task is tried again.
    assert code == (-signal.SIGKILL if whom == "stage" else 1 if executor == "loky" else 0), errors
    if code == 1:
        assert "a worker was killed before its task was done" in errors.splitlines()[-1]
    assert _train(root, tmp_path, at=0)[0] == 0
    assert _digests(tmp_path) == undisturbed


def test_only_what_the_cache_lacks_is_fitted(root, undisturbed, tmp_path):
    assert _train(root, tmp_path, at=0)[0] == 0
    # The smallest are results without a model.
    files = (path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    entries = sorted(files, key=lambda path: path.stat().st_size)
    assert len(entries) == FOLD_COUNT + 1, "a result per fold, and the model of the last test window"
    entries[0].unlink()
    damaged = bytearray(entries[1].read_bytes())
    damaged[-1] ^= 1
    entries[1].write_bytes(damaged)
    assert _train(root, tmp_path, at=0)[0] == 0
    assert len((tmp_path / "fits0").read_text().splitlines()) == FOLD_COUNT + 2
    assert _digests(tmp_path) == undisturbed
