"""The git remote: which events it has, and one push of everything or of nothing."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from barograph.errors import InputError
from barograph.registry.commands import git, git_answers

_PATTERNS: Final = ("refs/tags/barograph@v*", "refs/tags/barograph#prod#*")


def upstream_of(root: Path, branch: str) -> tuple[str, str]:
    """Give the remote of a branch and the branch there; ``origin`` and the same name where git knows of none.

    Raises
    ------
    InputError
        If there is no such remote.
    """
    remote = (git_answers(root, "config", f"branch.{branch}.remote") or "origin").strip()
    merged = (git_answers(root, "config", f"branch.{branch}.merge") or branch).strip()
    if git_answers(root, "remote", "get-url", remote) is None:
        raise InputError(f"--push: there is no git remote {remote}; run `git remote add {remote} URL`")
    return remote, merged.removeprefix("refs/heads/")


def fetch_events(root: Path, remote: str) -> None:
    """Get the tags of events that this clone lacks.

    Raises
    ------
    InputError
        If remote and clone have different tags of the same name: somebody else promoted first.
    """
    theirs = _events(root, remote)
    ours = git(root, "for-each-ref", "--format=%(refname)", *_PATTERNS).splitlines()
    for name, target in theirs.items():
        if name in ours and git(root, "rev-parse", name) != target:
            raise InputError(
                f"{name.removeprefix('refs/tags/')}: {remote} has another one: {_who(root, remote, name, target)}; "
                f"this clone's was never pushed: delete it with `git tag -d`, then `git pull`"
            )
    if missing := sorted(set(theirs) - set(ours)):
        git(root, "fetch", "--quiet", "--no-tags", remote, *(f"{name}:{name}" for name in missing))


def there(root: Path, remote: str, refs: Mapping[str, str]) -> bool:
    """Say whether a remote has the tags of an event.

    Raises
    ------
    InputError
        If the remote does not answer.
    """
    theirs = _events(root, remote)
    return all(theirs.get(name) == target for name, target in refs.items() if name.startswith("refs/tags/"))


def push(root: Path, remote: str, refs: Mapping[str, str], branch: str, upstream: str) -> str | None:
    """Push a branch and all events in one step; give the refusal, None if there is none."""
    earlier = git(root, "for-each-ref", "--format=%(refname)", *_PATTERNS).splitlines()
    new = [f"{target}:{upstream if name == branch else name}" for name, target in refs.items()]
    try:
        git(
            root,
            "push",
            "--quiet",
            "--atomic",
            remote,
            *new,
            *(f"{name}:{name}" for name in earlier if name not in refs),
        )
    except InputError as error:
        return str(error)
    return None


def first_there(root: Path, remote: str, refused: str) -> str:
    """Say who came first where a push was refused, or why it was refused otherwise."""
    try:
        theirs = _events(root, remote)
    except InputError:
        return f"{refused}; nothing was promoted"
    ours = git(root, "for-each-ref", "--format=%(refname)", *_PATTERNS).splitlines()
    new = [name for name in theirs if name not in ours and "#prod#" in name]
    if not new:
        return f"{refused}; nothing was promoted: `git pull` and try again"
    newest = max(new, key=lambda name: int(name.rpartition("#")[2]))
    return f"{_who(root, remote, newest, theirs[newest])} first; nothing was promoted here: `git pull` and try again"


def _events(root: Path, remote: str) -> dict[str, str]:
    listed = git(root, "ls-remote", "--tags", "--refs", remote, *_PATTERNS).splitlines()
    return {name: target for target, name in (line.split("\t") for line in listed)}


def _who(root: Path, remote: str, name: str, target: str) -> str:
    """Say which version a tag on the remote put in production, and by whom."""
    git(root, "fetch", "--quiet", "--no-tags", remote, name)
    head, _, message = git(root, "cat-file", "tag", target).partition("\n\n")
    by = re.search(r"^tagger (.*) <", head, re.MULTILINE)
    try:
        version = json.loads(message)["version"]
    except (ValueError, KeyError):
        version = name.removeprefix("refs/tags/")
    return f"{version} came into production, by {by[1] if by else 'somebody'},"
