"""Promotion and rollback: what must be true before, and what the evidence says."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from barograph.errors import InputError
from barograph.registry.commands import dvc, git, git_answers
from barograph.registry.contents import at_commit, fetch_checked, version_files
from barograph.registry.evidence import Evidence, hashes, is_version
from barograph.registry.history import CHAMPION, History, history, version_key
from barograph.registry.journal import Journal, locked, read_journal
from barograph.registry.remote import fetch_events, upstream_of
from barograph.registry.transaction import FOLDER, carry_out, recovered

GATE: Final = "reports/metrics/gate.json"


def promote(
    root: Path,
    figures: Mapping[str, Any],
    files: Mapping[str, str],
    *,
    reason: str,
    override: bool = False,
    version: str | None = None,
    with_push: bool = False,
) -> list[str]:
    """Put the models of the current commit in production.

    Parameters
    ----------
    root : Path
        The repository.
    figures : mapping
        What models/champion/metrics.json is to contain beside `version` and `files`: `predictor`, `validation`,
        `backtest`, `since`. params.yaml is copied beside it.
    files : mapping of str to str
        Other texts for models/champion/, by name.
    reason : str
        Why, for the evidence.
    override : bool
        Promote although the gate has not accepted; `reason` is then the justification.
    version : str, optional
        Such as ``v2.0.0``; by default the next minor version.
    with_push : bool
        Push branch and tags in one step, which succeeds or fails as a whole.

    Returns
    -------
    list of str
        What was done, a line each.

    Raises
    ------
    InputError
        If the work tree is not committed or differs from dvc.lock, the gate has not accepted, bytes are missing, or
        another promotion came first.
    """
    with _alone(root) as said:
        branch, upstream = _prepared(root, with_push=with_push)
        known, head = history(root), git(root, "rev-parse", "HEAD")
        _check_champion(root, known)
        chosen = _next_version(known, version)
        candidate = str(figures["predictor"])
        gate = _accepted(root, candidate, override=override)
        _check_outputs(root)
        contents = version_files(root, head)
        where = fetch_checked(root, contents)
        texts = {
            "metrics.json": _json({**figures, "version": chosen, "files": contents}),
            "params.yaml": at_commit(root, head, "params.yaml") or "",
            **files,
        }

        def evidence(commit: str) -> Evidence:
            return Evidence(
                event="promotion", version=chosen, commit=commit, reason=reason, override=override,
                candidate=candidate, gate=gate, **_place(known), **hashes(root, commit),
            )  # fmt: skip

        carry_out(root, Journal("promotion", chosen, branch, head, *upstream, None), texts, evidence, known)
        same = [name for name, event in known.versions.items() if event.evidence.files == contents]
        again = f", the same files as {same[-1]}" if same else ""
        return [*said, f"{chosen} is in production{again}; all {len(contents)} outputs of it are in {where}"]


def roll_back(root: Path, version: str | None, *, reason: str, with_push: bool = False) -> list[str]:
    """Put an earlier version in production again, as a new event.

    Parameters
    ----------
    root : Path
        The repository.
    version : str or None
        Which; None for the one that the version in production replaced.
    reason : str
        Why, for the evidence.
    with_push : bool
        Push branch and tag in one step, which succeeds or fails as a whole.

    Returns
    -------
    list of str
        What was done, a line each.

    Raises
    ------
    InputError
        If there is no such version, the work tree is not committed, bytes are missing, or another event came first.
    """
    with _alone(root) as said:
        branch, upstream = _prepared(root, with_push=with_push)
        known, head = history(root), git(root, "rev-parse", "HEAD")
        _check_champion(root, known)
        target = known.named(version or _replaced(known)).evidence
        current = known.in_production().evidence.version
        if target.version == current:
            raise InputError(f"version {current}: is in production already; versions are {', '.join(known.versions)}")
        where = fetch_checked(root, target.files)

        def evidence(_: str) -> Evidence:
            return Evidence(
                event="rollback", version=target.version, commit=target.commit, reason=reason, override=False,
                candidate=target.candidate, gate=target.gate, data=target.data, files=target.files,
                config=target.config, lock=target.lock, environment=target.environment, **_place(known),
            )  # fmt: skip

        texts = _champion_of(root, target.commit)
        carry_out(root, Journal("rollback", target.version, branch, head, *upstream, None), texts, evidence, known)
        return [*said, f"{target.version} is in production again, {current} no more; its outputs are in {where}"]


def recover(root: Path) -> str | None:
    """Complete or undo what a command that ended too early left behind.

    Returns
    -------
    str or None
        Which of the two, in one line; None if there was nothing to do, or another command is at work.
    """
    if read_journal(root) is None:
        return None
    with locked(root, wait=False) as free:
        return recovered(root) if free else None


@contextmanager
def _alone(root: Path) -> Iterator[list[str]]:
    """Keep other promotions of this clone away; give what had to be completed or undone first."""
    before = _event_names(root)
    with locked(root, wait=True) as free:
        line = recovered(root)
        if not free and _event_names(root) != before:
            event = history(root).in_production()
            raise InputError(f"{event.evidence.version}: came into production meanwhile, by {event.by}; try again")
        yield [line] if line else []


def _event_names(root: Path) -> str:
    return git(root, "for-each-ref", "--format=%(refname)", "refs/tags/barograph#prod#*")


def _prepared(root: Path, *, with_push: bool) -> tuple[str, tuple[str | None, str]]:
    """Give the branch, and the remote and the branch there to push to; refuse a work tree that is not committed."""
    branch = git_answers(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    if branch is None:
        raise InputError("HEAD: is on no branch; `git switch` to the branch that says what is in production")
    branch = branch.strip()
    if changed := git(root, "status", "--porcelain"):
        first, *rest = changed.splitlines()
        more = f" (and {len(rest)} more)" if rest else ""
        raise InputError(f"{first[3:]}: is not committed{more}; commit or remove it first")
    if not with_push:
        return branch, (None, branch)
    remote, upstream = upstream_of(root, branch)
    fetch_events(root, remote)
    return branch, (remote, upstream)


def _check_champion(root: Path, known: History) -> None:
    """Refuse a commit that was made, and judged, beside another champion than the one in production."""
    text = at_commit(root, "HEAD", CHAMPION)
    found = json.loads(text).get("version") if text else None
    wanted = known.champion.evidence.version if known.champion else None
    if found != wanted:
        raise InputError(
            f"{CHAMPION}: names {found or 'no version'}, in production is {wanted or 'none'}; `git pull` (or merge) "
            "the commit that says so, and run `dvc repro`"
        )


def _next_version(known: History, version: str | None) -> str:
    newest = max(map(version_key, known.versions), default=None)
    if version is None:
        return "v1.0.0" if newest is None else f"v{newest[0]}.{newest[1] + 1}.0"
    if not is_version(version):
        raise InputError(f"version {version}: is not of the form v1.4.0")
    if newest and version_key(version) <= newest:
        raise InputError(f"version {version}: must be above v{'.'.join(map(str, newest))}, the highest so far")
    return version


def _accepted(root: Path, candidate: str, *, override: bool) -> dict[str, Any]:
    """Give the gate's figures; refuse a candidate that it has not accepted."""
    text = at_commit(root, "HEAD", GATE)
    if text is None:
        raise InputError(f"{GATE}: is not committed; run `dvc repro` and commit")
    gate: dict[str, Any] = json.loads(text)
    if candidate not in gate:
        raise InputError(f"{GATE}: contains {', '.join(gate)}, not {candidate}; run `dvc repro` and commit")
    if gate[candidate].get("accepted") != 1 and not override:
        failed = [name for name, one in gate[candidate].items() if isinstance(one, dict) and one.get("passed") == 0]
        raise InputError(f"the gate rejected {candidate}: {', '.join(failed)}; --override REASON promotes it anyway")
    return gate


def _check_outputs(root: Path) -> None:
    """Refuse outputs that are not those of dvc.lock."""
    for stage, changes in json.loads(dvc(root, "status", "dvc.yaml", "--json") or "{}").items():
        for change in changes:
            if not isinstance(change, dict):
                raise InputError(f"stage {stage}: {change}; run `dvc repro` and commit")
            kind, states = next(iter(change.items()))
            path, state = next(iter(states.items()))
            if state == "not in cache":
                raise InputError(f"{path}: is not in the local cache; run `dvc pull` or `dvc repro`")
            raise InputError(
                f"{path}: {state}, dvc.lock says otherwise ({kind} of stage {stage}); run `dvc repro` and commit"
            )


def _replaced(known: History) -> str:
    """Give the version that the one in production replaced when it was promoted."""
    current = known.in_production().evidence.version
    parent = known.named(current).evidence.parent
    if parent is None:
        others = ", ".join(name for name in known.versions if name != current) or "none"
        raise InputError(f"version {current}: replaced no other when it was promoted; name one; others are {others}")
    return parent


def _champion_of(root: Path, commit: str) -> dict[str, str]:
    """Give the texts of models/champion/ at a commit."""
    paths = git(root, "ls-tree", "-r", "--name-only", commit, "--", f"{FOLDER}/").splitlines()
    return {path.removeprefix(f"{FOLDER}/"): at_commit(root, commit, path) or "" for path in paths}


def _place(known: History) -> dict[str, Any]:
    """Give what the evidence says about the event before."""
    last = known.champion
    return {
        "number": len(known.events) + 1,
        "previous": last.tag if last else None,
        "parent": last.evidence.version if last else None,
    }


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=2, sort_keys=True, allow_nan=False) + "\n"
