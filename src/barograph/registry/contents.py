"""The files of a version: their names and hashes in dvc.lock, and their bytes in the cache or on the remote."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ruamel.yaml import YAML

from barograph.errors import InputError
from barograph.registry.commands import git_answers

_FOLDER: Final = ".dir"


def at_commit(root: Path, commit: str, path: str) -> str | None:
    """Give the text of a file that git tracks at a commit; None where it is not there."""
    return git_answers(root, "cat-file", "blob", f"{commit}:{path}")


def outputs(root: Path, commit: str) -> dict[str, str]:
    """Give the MD5 of every output in a commit's dvc.lock, by path; that of a folder ends in ``.dir``.

    Raises
    ------
    InputError
        If the commit contains no dvc.lock.
    """
    text = at_commit(root, commit, "dvc.lock")
    if text is None:
        raise InputError(f"dvc.lock: commit {commit[:10]} lacks it; run `dvc repro` and commit dvc.lock")
    stages = (YAML(typ="safe").load(text) or {}).get("stages", {})
    found = {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", []) if "md5" in out}
    return dict(sorted(found.items()))


def selected(written: Mapping[str, str]) -> dict[str, str]:
    """Give those outputs that a version consists of: models, folds, selection, and their newest predictions."""
    return {
        path: md5
        for path, md5 in written.items()
        if path.startswith(("models/", "data/latest")) or path in ("data/folds.parquet", "data/selection.parquet")
    }


def version_files(root: Path, commit: str) -> dict[str, str]:
    """Give path and MD5 of the outputs that the version at a commit consists of, as in its dvc.lock.

    Raises
    ------
    InputError
        If the commit contains no dvc.lock.
    """
    return selected(outputs(root, commit))


def fetch(root: Path, files: Mapping[str, str], folder: Path) -> str:
    """Write outputs below a folder, from the local cache where it has them, else from the default DVC remote.

    Parameters
    ----------
    root : Path
        The repository.
    files : mapping of str to str
        MD5 by path, such as :func:`version_files` gives.
    folder : Path
        Where to write; the paths are made below it.

    Returns
    -------
    str
        Where the bytes came from: ``"the local cache"`` or ``"the remote ..."``.

    Raises
    ------
    InputError
        If bytes are missing, or are not those that the hash names.
    """
    with _stores(root) as (cache, remote):
        try:
            _write(cache, files, folder)
        except _MissingError as missing:
            if remote is None:
                raise InputError(f"{missing}, and no DVC remote is configured") from missing
            try:
                _write(remote, files, folder)
            except _MissingError as absent:
                raise InputError(f"{absent}; run `dvc push` in the clone that has it") from absent
            return remote.name
        return cache.name


def fetch_checked(root: Path, files: Mapping[str, str]) -> str:
    """Check that the bytes of outputs can be had: from the remote if there is one, otherwise from the local cache.

    They are fetched into an empty folder and hashed.

    Returns
    -------
    str
        Where they are: ``"the local cache"`` or ``"the remote ..."``.

    Raises
    ------
    InputError
        If bytes are missing, or are not those that the hash names.
    """
    with _stores(root) as (cache, remote), TemporaryDirectory() as empty:
        store = remote or cache
        try:
            _write(store, files, Path(empty))
        except _MissingError as missing:
            pushed = remote is None or not cache.contains(missing.md5)
            advice = "run `dvc repro` to make it again" if pushed else "the local cache has it: run `dvc push`"
            raise InputError(f"{missing}; {advice}") from missing
        return store.name


class _MissingError(Exception):
    """A store lacks the bytes of a hash."""

    def __init__(self, path: str, md5: str, store: str) -> None:
        super().__init__(f"{path}: {md5} is missing in {store}")
        self.md5 = md5


@dataclass(frozen=True)
class _Store:
    """DVC's cache or a remote of it: bytes by their hash."""

    name: str
    objects: Any

    def contains(self, md5: str) -> bool:
        return bool(self.objects.fs.exists(self.objects.oid_to_path(md5)))

    def copy(self, path: str, md5: str, target: Path) -> None:
        """Write the bytes of a hash to a file, and hash them."""
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.objects.fs.get_file(self.objects.oid_to_path(md5), str(target))
        except FileNotFoundError as error:
            raise _MissingError(path, md5, self.name) from error
        with target.open("rb") as content:
            found = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if found != md5.removesuffix(_FOLDER):
            raise InputError(f"{path}: its bytes in {self.name} have the MD5 {found}, not {md5} as in dvc.lock")


def _write(store: _Store, files: Mapping[str, str], folder: Path) -> None:
    for path, md5 in files.items():
        target = folder / path
        if not md5.endswith(_FOLDER):
            store.copy(path, md5, target)
            continue
        with TemporaryDirectory() as listing:
            content = Path(listing) / "content.json"
            store.copy(path, md5, content)
            entries = json.loads(content.read_bytes())
        if target.is_dir():
            shutil.rmtree(target)
        for entry in entries:
            store.copy(f"{path}/{entry['relpath']}", entry["md5"], target / entry["relpath"])


@contextmanager
def _stores(root: Path) -> Iterator[tuple[_Store, _Store | None]]:
    """Give the local cache and the default remote, if any is configured."""
    from dvc.exceptions import DvcException  # slow to import
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            cache = _Store("the local cache", repo.cache.local)
            if not repo.config["remote"]:
                yield cache, None
                return
            name = repo.config["core"].get("remote")
            if name is None:
                raise InputError("the DVC remote: none is the default; run `dvc remote default NAME`")
            yield cache, _Store(f"the remote {name}", repo.cloud.get_remote_odb(name))
    except DvcException as error:
        raise InputError(f"DVC: {str(error).splitlines()[0]}") from error
