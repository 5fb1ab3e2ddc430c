"""One event from the first file to the last reference; whatever ends it, a later command completes or undoes it."""

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from barograph.errors import InputError
from barograph.files import write_text
from barograph.registry.commands import dvc, git, git_answers
from barograph.registry.evidence import Evidence
from barograph.registry.history import History, event_tag, history, version_tag
from barograph.registry.journal import Journal, close_journal, read_journal, write_journal
from barograph.registry.remote import first_there, push, there

FOLDER: Final = "models/champion"
# What depends on the champion, in the order of the pipeline.
_STAGES: Final = ("champion", "gate", "report")
_KEPT: Final = "README.md"
_IDENTITY: Final = re.compile(r"(.*) (\d+) ([+-]\d{4})")


def carry_out(
    root: Path, journal: Journal, texts: Mapping[str, str], evidence: Callable[[str], Evidence], known: History
) -> None:
    """Write models/champion/, judge again, commit, tag and, where the journal names a remote, push.

    Until commit and tags exist as objects, an error undoes everything; from then on only a push that the remote
    refuses does.

    Parameters
    ----------
    root : Path
        The repository.
    journal : Journal
        The event, without `refs`.
    texts : mapping of str to str
        The files of models/champion/.
    evidence : callable
        Gives the event's evidence for the commit that is made.
    known : History
        All events so far.

    Raises
    ------
    InputError
        If a stage, git or the push fails.
    """
    write_journal(root, journal)
    try:
        _write_champion(root, texts)
        stages = _stages(root)
        stored = bool(dvc(root, "remote", "list").strip())
        dvc(root, "repro", "--quiet", "--single-item", *(["--pull"] if stored else []), *stages)
        if stored and journal.remote is not None:
            dvc(root, "push", "--quiet", *stages)
        refs = _objects(root, journal, evidence, known)
    except InputError:
        _undo(root)
        raise
    ready = replace(journal, refs=refs)
    write_journal(root, ready)
    _publish(root, ready)


def recovered(root: Path) -> str | None:
    """Complete or undo what is in the journal, under the clone's lock, and say which; None if there is nothing.

    Raises
    ------
    InputError
        If the remote must say whether a push has arrived, and does not answer.
    """
    journal = read_journal(root)
    if journal is None:
        return None
    doing = f"the {journal.event} of {journal.version}" if journal.event == "promotion" else (
        f"the rollback to {journal.version}"
    )  # fmt: skip
    if journal.refs is None or not _can_complete(root, journal):
        _undo(root)
        champion = history(root).champion
        now = f"{champion.evidence.version} is" if champion else "nothing is"
        return f"{doing} was interrupted: undone, {now} in production"
    _publish(root, journal)
    return f"{doing} was interrupted: completed, {journal.version} is in production"


def _can_complete(root: Path, journal: Journal) -> bool:
    """Say whether no tag is another's, and the branch is where it was, or is to be; or the push has arrived already."""
    refs = journal.refs or {}
    branch = f"refs/heads/{journal.branch}"
    found = {name: (git_answers(root, "rev-parse", "--verify", "--quiet", name) or "").strip() for name in refs}
    if any(found[name] not in ("", target) for name, target in refs.items() if name != branch):
        return False
    if found[branch] in (journal.head, refs[branch]):
        return True
    return journal.remote is not None and there(root, journal.remote, refs)


def _publish(root: Path, journal: Journal) -> None:
    """Push if a remote is named, move branch and tags, and bring the index up to date."""
    refs = dict(journal.refs or {})
    branch = f"refs/heads/{journal.branch}"
    if journal.remote is not None and not there(root, journal.remote, refs):
        refused = push(root, journal.remote, refs, branch, f"refs/heads/{journal.upstream}")
        if refused is not None:
            _undo(root)
            raise InputError(first_there(root, journal.remote, refused))
    at = git(root, "rev-parse", branch)
    if at not in (journal.head, refs[branch]):  # somebody committed since; the pushed commit comes with `git pull`
        del refs[branch]
    # Tags first: whoever reads them finds a commit that is whole, wherever the branch is.
    for name, target in sorted(refs.items(), key=lambda each: each[0] == branch):
        if git_answers(root, "rev-parse", "--verify", "--quiet", name) != f"{target}\n":
            git(
                root, "update-ref", name, target, journal.head if name == branch else ""
            )  # refused if another came first
    if branch in refs and git_answers(root, "symbolic-ref", "--quiet", "HEAD") == f"{branch}\n":
        git(root, "reset", "--quiet", "--", *_tracked(root))
    close_journal(root)


def _undo(root: Path) -> None:
    """Put back what the event wrote: files that git tracks, then outputs that DVC keeps."""
    tracked = _tracked(root)
    names = git(root, "ls-tree", "-r", "--name-only", "HEAD", "--", *tracked).splitlines()
    for path in (root / FOLDER).rglob("*"):
        if path.is_file() and str(path.relative_to(root)) not in names:
            path.unlink()
    git(root, "checkout", "--quiet", "HEAD", "--", *names)
    stages = _stages(root)
    try:
        dvc(root, "checkout", "--quiet", "--force", *stages)
    except InputError:  # the cache has lost them: make them again
        dvc(root, "repro", "--quiet", "--single-item", *stages)
    close_journal(root)


def _write_champion(root: Path, texts: Mapping[str, str]) -> None:
    for path in (root / FOLDER).glob("*"):
        if path.name not in (*texts, _KEPT):
            path.unlink()
    for name, text in texts.items():
        write_text(root / FOLDER / name, text)


def _objects(root: Path, journal: Journal, evidence: Callable[[str], Evidence], known: History) -> dict[str, str]:
    """Make the commit and the tags as objects that nothing names yet; give the references that are to name them."""
    message = f"Promote {journal.version}" if journal.event == "promotion" else f"Roll back to {journal.version}"
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": f"{folder}/index"}
        git(root, "read-tree", journal.head, environment=index)
        git(root, "add", "--all", "--", *_tracked(root), environment=index)
        tree = git(root, "write-tree", environment=index)
    commit = git(root, "commit-tree", tree, "-p", journal.head, "-m", message)
    found = evidence(commit)
    tags = [event_tag(found.number)]
    if journal.event == "promotion":
        tags.insert(0, version_tag(found.version))
    made = {f"refs/tags/{name}": _tag(root, name, found, known) for name in tags}
    return made | {f"refs/heads/{journal.branch}": commit}


def _tag(root: Path, name: str, evidence: Evidence, known: History) -> str:
    """Make an annotated tag; its time is after the last event's, whatever the clock says, since GTO sorts by time."""
    identity = _IDENTITY.fullmatch(git(root, "var", "GIT_COMMITTER_IDENT"))
    assert identity is not None
    who, seconds, zone = identity.groups()
    at = max(int(seconds), int(known.champion.at.timestamp()) + 1 if known.champion else 0)
    head = f"object {evidence.commit}\ntype commit\ntag {name}\ntagger {who} {at} {zone}\n\n"
    return git(root, "mktag", given=head + evidence.text() + "\n")


def _stages(root: Path) -> dict[str, Any]:
    stages = YAML(typ="safe").load((root / "dvc.yaml").read_text(encoding="utf-8")).get("stages", {})
    return {name: stages[name] for name in _STAGES if name in stages}


def _tracked(root: Path) -> list[str]:
    """Name what an event changes of the files that git tracks."""
    found = [FOLDER, "dvc.lock"]
    for stage in _stages(root).values():
        for out in [*stage.get("outs", []), *stage.get("metrics", [])]:
            found += [
                path
                for path, options in (out.items() if isinstance(out, dict) else ())
                if options.get("cache") is False
            ]
    return found
