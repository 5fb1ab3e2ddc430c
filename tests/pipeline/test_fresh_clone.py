"""Somebody clones the repository, gets the outputs from a remote, tries something and goes back."""

import pytest

from .conftest import Clone

pytestmark = pytest.mark.smoke

BACK = (("git", "restore", "--staged", "--worktree", "."), ("dvc", "checkout"))


@pytest.fixture
def fresh(clone: Clone, tmp_path) -> Clone:
    """Clone the finished project beside a local remote; the study that its lock names was never run there."""
    remote = str(tmp_path / "remote")
    clone.run("dvc", "remote", "add", "--local", "--force", "shared", remote)
    clone.run("dvc", "push", "--remote", "shared")
    made = Clone(tmp_path / "project")
    clone.run("git", "clone", "--quiet", ".", str(made.folder))
    made.run("git", "config", "user.name", "Tester")
    made.run("git", "config", "user.email", "tester@example.com")
    made.run("dvc", "remote", "add", "--local", "--default", "shared", remote)
    made.run("dvc", "pull")
    return made


def test_a_fresh_clone_tries_something_and_goes_back(fresh):
    summary, lock = fresh.folder / "reports/summary.txt", fresh.folder / "dvc.lock"
    committed = summary.read_bytes(), lock.read_bytes()
    fresh.run("dvc", "checkout")
    assert "Running stage" not in fresh.run("dvc", "repro")
    gate = fresh.folder / "conf/gate/default.yaml"
    gate.write_text(gate.read_text().replace("threshold: 0.05", "threshold: 0.2"))
    fresh.run("barograph", "params")
    assert fresh.run("dvc", "repro").count("Running stage") == 2
    _go_back(fresh)
    assert (summary.read_bytes(), lock.read_bytes()) == committed
    fresh.run("dvc", "exp", "run", "-n", "strict", "-S", "gate=auto_retrain")
    tried = summary.read_bytes()
    assert tried != committed[0]
    _go_back(fresh)
    fresh.run("dvc", "exp", "apply", "strict")
    assert summary.read_bytes() == tried
    _go_back(fresh)
    assert (summary.read_bytes(), lock.read_bytes()) == committed


def _go_back(clone: Clone) -> None:
    for command in BACK:
        clone.run(*command)
    assert clone.run("git", "status", "--porcelain") == ""
