"""Small repositories with git, DVC and remotes: a pipeline of a model, its gate and its report."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

FIGURES = {"predictor": "ensemble", "validation": {"log_loss": 0.9}, "backtest": {"sharpe": 1.0}, "since": "2024-03-01"}
SCORES = {"scores.csv": "date,brier\n2024-03-01,0.5\n"}
PIPELINE = """stages:
  market:
    cmd: mkdir -p data/market && cp source.txt data/market/bars.txt
    deps: [source.txt]
    outs: [data/market]
  select:
    cmd: cp source.txt data/selection.parquet
    deps: [source.txt]
    outs: [data/selection.parquet]
  train:
    cmd: mkdir -p models/svm && sed 's/^/model of /' source.txt > models/svm/model.txt
      && echo format > models/svm/model.json
    deps: [source.txt]
    outs: [models/svm]
  gate:
    cmd: mkdir -p reports/gate reports/metrics && cat models/champion/* > reports/gate/seen.txt
      && cp verdict.json reports/metrics/gate.json
    deps: [models/champion, verdict.json]
    outs: [reports/gate]
    metrics:
      - reports/metrics/gate.json:
          cache: false
  report:
    cmd: cat reports/gate/seen.txt models/svm/model.txt verdict.json > reports/index.html
    deps: [models/svm, reports/gate, verdict.json]
    outs: [reports/index.html]
artifacts:
  barograph:
    path: models
    type: model
"""
IGNORED = "/data/*\n/models/*\n/reports/*\n!/reports/metrics/\n!/models/champion/\n"


@dataclass(frozen=True)
class Project:
    """A repository in which commands run as a user would type them."""

    root: Path

    def run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def dvc(self, *arguments: str) -> str:
        return self.run(sys.executable, "-m", "dvc", *arguments)

    def commit(self, message: str) -> str:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)
        return self.run("git", "rev-parse", "HEAD").strip()

    def train(self, source: str, *, accepted: int = 1) -> None:
        """Train on other data, and commit."""
        (self.root / "source.txt").write_text(source)
        verdict = {"ensemble": {"accepted": accepted, "skill": {"figure": 0.1, "threshold": 0.0, "passed": accepted}}}
        (self.root / "verdict.json").write_text(json.dumps(verdict))
        self.dvc("repro", "--quiet")
        self.commit(f"Trained on {source}")

    def quiet(self) -> bool:
        return self.run("git", "status", "--porcelain") == "" and json.loads(self.dvc("status", "--json")) == {}

    def champion(self) -> str | None:
        path = self.root / "models/champion/metrics.json"
        return json.loads(path.read_text())["version"] if path.is_file() else None


def prepare_environment(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Name who commits, and keep the settings of the machine away."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        patch.delenv(name)
    values = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
        "DVC_SITE_CACHE_DIR": str(folder / "dvc-site"), "DVC_NO_ANALYTICS": "1",
    }  # fmt: skip
    for name, value in values.items():
        patch.setenv(name, value)


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare_environment(monkeypatch, tmp_path)


@pytest.fixture(scope="session")
def _trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the repository that every test copies."""
    folder = tmp_path_factory.mktemp("registry")
    project = Project(folder / "project")
    with pytest.MonkeyPatch.context() as patch:
        prepare_environment(patch, folder)
        (project.root / "models/champion").mkdir(parents=True)
        (project.root / "data").mkdir()
        for path, text in (
            ("dvc.yaml", PIPELINE),
            (".gitignore", IGNORED),
            ("params.yaml", "seed: 0\n"),
            ("models/champion/README.md", "Champion\n"),
            ("data/.gitkeep", ""),
        ):
            (project.root / path).write_text(text)
        (project.root / ".gitignore").write_text(IGNORED + "!.gitkeep\n")
        project.run("git", "init", "--quiet", "--initial-branch", "main")
        project.dvc("init", "--quiet")
        project.train("one")
    return project.root


@pytest.fixture
def project(_trained: Path, tmp_path: Path) -> Project:
    """Give a trained and accepted model, committed, without remotes."""
    shutil.copytree(_trained, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")


@pytest.fixture
def shared(project: Project, tmp_path: Path) -> Project:
    """Give the same with a git remote and a DVC remote, both folders, and everything pushed."""
    project.run("git", "init", "--quiet", "--bare", "--initial-branch", "main", str(tmp_path / "remote.git"))
    project.run("git", "remote", "add", "origin", "../remote.git")
    project.dvc("remote", "add", "--default", "store", "../store", "--quiet")
    project.commit("A DVC remote")
    project.run("git", "push", "--quiet", "--set-upstream", "origin", "main")
    project.dvc("push", "--quiet")
    return project


def clone_of(project: Project, folder: Path, *options: str) -> Project:
    """Clone what a project has pushed."""
    project.run("git", "clone", "--quiet", *options, str(project.root.parent / "remote.git"), str(folder))
    return Project(folder)
