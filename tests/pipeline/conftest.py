"""Temporary clones of the project on a small simulated market with three models, with DVC caches of their own."""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
MODELS = {"logistic_regression", "random_forest", "lightgbm"}
SEARCHED = {"logistic_regression"}
BASELINES = {"prior", "regime_prior", "structural"}
SMALL = """# @package _global_
defaults:
  - override /market: simulated
  - override /model@models.svm: null
  - override /model@models.extra_trees: null
  - override /model@models.gradient_boosting: null
  - override /model@models.xgboost: null
  - override /model@models.neural_network: null
  - override /sizing@sizings.equal: null
  - override /sizing@sizings.volatility_target: null
  - override /sizing@sizings.confidence: null
  - override /sizing@sizings.minimum_variance: null
  - override /sizing@sizings.risk_budgeting: null
  - override /overlay@overlays.single_name: null
  - override /overlay@overlays.beta: null
  - override /overlay@overlays.correlation: null
  - override /overlay@overlays.gross: null
  - override /overlay@overlays.volatility_brake: null

market:
  symbols: 6
  first_year: 2003
  years: 7
memory:
  rows: 1500
models:
  random_forest:
    params:
      n_estimators: 20
tuning:
  trials: 2
  rows: 1000
drift:
  permutations: 199
explain:
  rows: 10
validation:
  resamples: 50
  auc_resamples: 20
backtest:
  paths: 50
ablation:
  options: [none, replay, hybrid]
  models: [logistic_regression]
  seeds: 1
feature_study:
  options: [all, structural_inputs, without_context, without_fundamentals]
  models: [logistic_regression]
  seeds: 1
"""


class Clone:
    """A checkout in which commands run as a user would type them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "PATH": f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(folder / "src"),
            "PYTHONDONTWRITEBYTECODE": "",  # the stages share what they compile, wherever the tests run
            "BAROGRAPH_EXECUTOR": "serial",  # the fits take less time than the start of a worker
            "DVC_SITE_CACHE_DIR": str(folder.parent / "dvc-site"),
            "DVC_NO_ANALYTICS": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }

    def run(self, *command: str, fails: bool = False) -> str:
        """Run a command, demand that it ends as expected, and give all that it printed."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        printed = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{' '.join(command)} ended with {done.returncode}:\n{printed}"
        return printed

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", message)


def make_clone(folder: Path) -> Clone:
    """Copy what git tracks, or would, into a repository of its own; the locks are those of other data."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and Path(name).name != "dvc.lock":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / "conf/experiment/small.yaml").write_text(SMALL)
    config = (folder / "conf/config.yaml").read_text()
    (folder / "conf/config.yaml").write_text(config.replace("- experiment: null", "- experiment: small"))
    clone = Clone(folder)
    clone.run("git", "init", "--quiet")
    clone.run("git", "config", "user.name", "Tester")
    clone.run("git", "config", "user.email", "tester@example.com")
    return clone


def make_finished_clone(folder: Path) -> Clone:
    """Make a clone whose configuration is the small market's, run its pipeline, and commit."""
    made = make_clone(folder)
    made.run("barograph", "params")
    made.run("dvc", "repro")
    made.commit("Small market")
    return made


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Give the finished clone that all workers share: whoever needs it first makes it, and nobody changes it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / "pipeline/project", shared / "pipeline-is-finished"
    with (shared / "pipeline-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            make_finished_clone(folder)
            done.touch()
    return Clone(folder)


@pytest.fixture
def clone(finished: Clone, tmp_path: Path) -> Clone:
    """Give a copy of the finished clone, which the test may change."""
    shutil.copytree(finished.folder, tmp_path / "copy", symlinks=True)
    return Clone(tmp_path / "copy")


def table(clone: Clone, path: str) -> pd.DataFrame:
    frame = pd.read_parquet(clone.folder / path)
    for column in frame.columns[frame.columns.str.contains("date|train_|test_|available")]:
        frame[column] = pd.to_datetime(frame[column])
    return frame


def metrics(clone: Clone) -> dict:
    return json.loads((clone.folder / "reports/metrics/validation.json").read_text())
