"""Whatever kills a promotion or a rollback, and when: the old or the new champion is whole, and the next one works."""

import os
import shutil
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from barograph.registry import fetch, history, promote, recover, resolve

from .conftest import FIGURES, SCORES, Project

ROOT = Path(__file__).parents[2]
BYTES = {"v1.0.0": "model of one", "v1.1.0": "model of two", "v1.2.0": "model of three"}
CHANGES = {"promotion": ("v1.1.0", "v1.2.0"), "rollback": ("v1.1.0", "v1.0.0")}


@pytest.fixture
def ready(shared: Project) -> Project:
    """Give two versions, and a third model that is ready for promotion; everything is pushed."""
    for source in ("two", "three"):
        promote(shared.root, FIGURES, SCORES, reason="earned it", with_push=True)
        shared.train(source)
        shared.dvc("push", "--quiet")
    return shared


def killed(ready: Project, act: str, step: int) -> Project | None:
    """Copy the repository with its remotes, and kill the act before a step; None where it has fewer steps."""
    folder = ready.root.parents[1] / f"{act}-{step}"
    shutil.copytree(ready.root.parent, folder, symlinks=True)
    command = [sys.executable, "-m", "tests.registry.killed", act, str(step)]
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    done = subprocess.run(
        command,
        cwd=folder / "project",
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return Project(folder / "project") if done.returncode else None


def check_whole(project: Project, act: str) -> str:
    """Demand one whole champion before and after the recovery, and give which of the two it was afterwards."""
    old, new = CHANGES[act]
    at_once = history(project.root).in_production().evidence
    assert at_once.version in (old, new)
    assert resolve(project.root, "prod") == at_once.commit
    fetch(project.root, at_once.files, project.root.parent / "fetched")
    assert (project.root.parent / "fetched/models/svm/model.txt").read_text() == BYTES[at_once.version]
    said = recover(project.root)
    version = history(project.root).in_production().evidence.version
    if said:
        assert ("completed" in said, f"{version} is in production" in said) == (version == new, True)
    assert recover(project.root) is None
    assert at_once.version in (old, version)  # nobody sees the new one and then the old one
    assert project.champion() == version
    assert project.quiet()
    pushed = project.run("git", "ls-remote", "origin", "refs/heads/main").split()[0]
    assert (project.run("git", "rev-parse", "HEAD").strip() == pushed) or version == old
    return version


def test_killed_before_some_steps_the_old_or_the_new_champion_is_whole(ready: Project) -> None:
    for act, step in (("promotion", 4), ("promotion", 24), ("rollback", 30)):
        project = killed(ready, act, step)
        assert project is not None
        check_whole(project, act)
    project = killed(ready, "promotion", 41)
    assert project is not None
    assert check_whole(project, "promotion") == "v1.2.0"
    promote(project.root, FIGURES, SCORES, reason="again", with_push=True)
    assert project.quiet()


@pytest.mark.long
@pytest.mark.parametrize("act", CHANGES)
def test_killed_before_any_step_the_old_or_the_new_champion_is_whole(ready: Project, act: str) -> None:
    seen: list[str] = []
    for step in count(1):
        project = killed(ready, act, step)
        if project is None:
            break
        seen.append(check_whole(project, act))
        shutil.rmtree(project.root.parent)
    assert len(seen) >= 30
    assert set(seen) == set(CHANGES[act])
    assert seen == sorted(seen, key=CHANGES[act].index)  # undone up to a step, completed from then on
