"""What is under way: a lock against a second promotion in the same clone, and the steps done so far."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from barograph.files import write_bytes
from barograph.registry.commands import git
from barograph.typing import STRICT

_FOLDER: Final = "barograph"


@dataclass(frozen=True, config=STRICT)
class Journal:
    """A promotion or rollback under way.

    Parameters
    ----------
    event : {"promotion", "rollback"}
        What is under way.
    version : str
        The version that is to be in production.
    branch, head : str
        The branch, and its commit before.
    remote : str or None
        The remote to push to, and `upstream` the branch there; None for no push.
    refs : dict of str to str or None
        The objects that branch and tags are to name. None until all are made: up to then the event is undone, from
        then on it is completed.
    """

    event: Literal["promotion", "rollback"]
    version: str
    branch: str
    head: str
    remote: str | None
    upstream: str
    refs: dict[str, str] | None


def write_journal(root: Path, journal: Journal) -> None:
    """Record the state of what is under way."""
    write_bytes(_path(root, "journal.json"), TypeAdapter(Journal).dump_json(journal, indent=2))


def read_journal(root: Path) -> Journal | None:
    """Give what a command that ended too early left under way; None where there is nothing."""
    path = _path(root, "journal.json")
    return TypeAdapter(Journal).validate_json(path.read_bytes()) if path.is_file() else None


def close_journal(root: Path) -> None:
    """Record that nothing is under way."""
    _path(root, "journal.json").unlink()


@contextmanager
def locked(root: Path, *, wait: bool) -> Iterator[bool]:
    """Take the clone's lock, which ends with the process and is that of all its work trees; give whether it was free.

    Without `wait` a lock that another process has is not taken.
    """
    path = root / git(root, "rev-parse", "--git-common-dir") / _FOLDER / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        except BlockingIOError:
            free = False
        if wait and not free:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield free


def _path(root: Path, name: str) -> Path:
    return Path(git(root, "rev-parse", "--absolute-git-dir")) / _FOLDER / name
