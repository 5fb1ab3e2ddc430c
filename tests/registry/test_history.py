"""Versions and events as git keeps them: order, names, tags that somebody moved, and what GTO reads of them."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from barograph.errors import InputError
from barograph.registry import history, promote, recover, resolve, roll_back

from .conftest import FIGURES, SCORES, Project, clone_of, prepare_environment


@pytest.fixture(scope="module")
def _promoted(_trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make two versions and a rollback: in January, in June of the year before by a wrong clock, in May of 2024."""
    folder = tmp_path_factory.mktemp("history")
    shutil.copytree(_trained, folder / "project", symlinks=True)
    project = Project(folder / "project")
    with pytest.MonkeyPatch.context() as patch:
        prepare_environment(patch, folder)
        for day, act in (("2024-01-10", promote), ("2023-06-01", promote), ("2024-05-20", None)):
            patch.setenv("GIT_COMMITTER_DATE", f"{day}T12:00:00Z")
            if act is None:
                roll_back(project.root, None, reason="losses")
            else:
                act(project.root, FIGURES, SCORES, reason=f"promoted on {day}")
    return project.root


@pytest.fixture
def promoted(_promoted: Path, tmp_path: Path) -> Project:
    """Give a copy of it, which the test may change."""
    shutil.copytree(_promoted, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")


def test_events_are_ordered_by_number_and_time_never_goes_back(promoted: Project) -> None:
    found = history(promoted.root)
    assert [(event.evidence.number, event.evidence.version) for event in found.events] == [
        (1, "v1.0.0"),
        (2, "v1.1.0"),
        (3, "v1.0.0"),
    ]
    assert [f"{event.at:%F %T}" for event in found.events] == [
        "2024-01-10 12:00:00",
        "2024-01-10 12:00:01",
        "2024-05-20 12:00:00",
    ]
    on = {day: found.on(date.fromisoformat(day)) for day in ("2024-01-09", "2024-01-10", "2024-05-19", "2024-05-20")}
    assert [event and event.evidence.version for event in on.values()] == [None, "v1.1.0", "v1.1.0", "v1.0.0"]
    assert [event.evidence.parent for event in found.events] == [None, "v1.0.0", "v1.1.0"]


def test_gto_and_dvc_read_the_same(promoted: Project, tmp_path: Path) -> None:
    gto = [sys.executable, "-m", "gto.cli", "show", "barograph#prod", "--ref"]
    read = subprocess.run(gto, cwd=promoted.root, capture_output=True, text=True, check=True).stdout.strip()
    assert read == "barograph@v1.0.0"
    promoted.dvc("artifacts", "get", ".", "barograph", "--rev", "v1.1.0", "--out", str(tmp_path / "got"))
    assert json.loads((tmp_path / "got/champion/metrics.json").read_text())["version"] == "v1.1.0"
    promoted.dvc("artifacts", "get", ".", "barograph", "--stage", "prod", "--out", str(tmp_path / "prod"))
    assert json.loads((tmp_path / "prod/champion/metrics.json").read_text())["version"] == "v1.0.0"


def test_names_are_resolved_to_commits(promoted: Project) -> None:
    head = promoted.run("git", "rev-parse", "HEAD").strip()
    first, second = (promoted.run("git", "rev-parse", f"HEAD~{steps}").strip() for steps in (2, 1))
    names = {"prod": first, "v1.0.0": first, "1.1.0": second, "HEAD": head, head[:8]: head, "main": head}
    assert {name: resolve(promoted.root, name) for name in names} == names


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("v3.0.0", r"^version v3\.0\.0: unknown; versions are v1\.0\.0, v1\.1\.0 \(`git fetch --tags` gets"),
        ("nothing", r"^nothing: is neither prod, a version such as v1\.0\.0, nor a commit of this clone$"),
        ("--all", r"^--all: is neither prod"),
    ],
)
def test_refuses_unknown_names(promoted: Project, name: str, line: str) -> None:
    with pytest.raises(InputError, match=line):
        resolve(promoted.root, name)


def test_says_that_there_is_no_champion_yet(project: Project) -> None:
    with pytest.raises(InputError, match=r"^no champion yet; `barograph model promote` makes one"):
        resolve(project.root, "prod")
    with pytest.raises(InputError, match=r"^no champion yet"):
        roll_back(project.root, None, reason="losses")
    assert recover(project.root) is None


def _forged(project: Project) -> None:
    """Tag another commit with the same message."""
    message = project.run("git", "for-each-ref", "--format=%(contents)", "refs/tags/barograph@v1.0.0")
    (project.root / "../message").write_text(message)
    project.run(
        "git", "tag", "--force", "--annotate", "--cleanup=verbatim", "-F", "../message", "barograph@v1.0.0", "HEAD"
    )


def _rewritten(project: Project) -> None:
    """Put a well-formed event with another reason in the place of the second."""
    text = project.run("git", "cat-file", "tag", "barograph#prod#2").replace("promoted on 2023-06-01", "no reason")
    (project.root / "../tag").write_text(text)
    made = project.run("git", "hash-object", "-t", "tag", "-w", "../tag").strip()
    project.run("git", "update-ref", "refs/tags/barograph#prod#2", made)


BY_HAND: dict[str, Callable[[Project], object]] = {
    r"barograph@v1\.0\.0: this tag was moved or made by hand": lambda project: project.run(
        "git", "tag", "--force", "barograph@v1.0.0", "HEAD"
    ),
    r"barograph@v1\.0\.0: this tag was moved by hand to \w{10}, its evidence names \w{10}; ": _forged,
    r"barograph#prod#3: this tag was moved or made by hand": lambda project: project.run(
        "git", "update-ref", "refs/tags/barograph#prod#3", "refs/tags/barograph#prod#2"
    ),
    r"barograph#prod#3: does not follow the event before it; ": _rewritten,
    r"barograph#prod#2: this tag is missing; run `git fetch --force origin": lambda project: project.run(
        "git", "tag", "--delete", "barograph#prod#2"
    ),
    r"barograph@v1\.1\.0: this tag is missing": lambda project: project.run(
        "git", "tag", "--delete", "barograph@v1.1.0"
    ),
}


@pytest.mark.parametrize("line", BY_HAND)
def test_names_a_tag_that_was_moved_or_removed_by_hand(promoted: Project, line: str) -> None:
    BY_HAND[line](promoted)
    with pytest.raises(InputError, match=f"^{line}"):
        resolve(promoted.root, "prod")


def test_names_the_tags_that_a_clone_lacks(shared: Project, tmp_path: Path) -> None:
    promote(shared.root, FIGURES, SCORES, reason="earned it", with_push=True)
    clone = clone_of(shared, tmp_path / "clone", "--no-tags")
    with pytest.raises(
        InputError, match=r"^models/champion/metrics\.json: names v1\.0\.0, this clone lacks the tag .*fetch"
    ):
        resolve(clone.root, "prod")
    clone.run("git", "fetch", "--quiet", "--tags")
    assert resolve(clone.root, "prod") == resolve(shared.root, "prod")
