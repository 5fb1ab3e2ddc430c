"""Why a version is in production: the message of its tags."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.registry.contents import at_commit, outputs, selected
from barograph.typing import STRICT

VERSION = r"v(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)"
_Hash = Annotated[str, Field(pattern=r"[0-9a-f]{32}(\.dir)?$")]
_Object = Annotated[str, Field(pattern="^[0-9a-f]{40,64}$")]


@dataclass(frozen=True, config=STRICT)
class Evidence:
    """What the tags of a promotion or a rollback say.

    Parameters
    ----------
    event : {"promotion", "rollback"}
        What happened.
    number : int
        Of the event, from 1; events are ordered by it.
    version : str
        The version in production from this event on.
    commit : str
        The commit of that version, which the tags name.
    previous : str or None
        The tag object of the event before.
    parent : str or None
        The version that was in production before.
    reason : str
        In the words of whoever did it.
    override : bool
        Whether the gate had not accepted the version.
    candidate : str
        The predictor that the gate judged.
    gate : dict
        reports/metrics/gate.json of the commit that was promoted.
    data, files : dict of str to str
        MD5 by path, as in dvc.lock: of the market's tables, and of the files that the version consists of.
    config, lock, environment : str
        MD5 of params.yaml, of dvc.lock and of uv.lock at the version's commit.
    """

    event: Literal["promotion", "rollback"]
    number: Annotated[int, Field(ge=1)]
    version: Annotated[str, Field(pattern=f"^{VERSION}$")]
    commit: _Object
    previous: _Object | None
    parent: str | None
    reason: str
    override: bool
    candidate: str
    gate: dict[str, Any]
    data: dict[str, _Hash]
    files: dict[str, _Hash]
    config: str
    lock: str
    environment: str

    def text(self) -> str:
        """Give the evidence as JSON."""
        return TypeAdapter(Evidence).dump_json(self, indent=2).decode()


def read_evidence(text: str) -> Evidence | None:
    """Read the message of a tag; None where it contains no evidence."""
    try:
        return TypeAdapter(Evidence).validate_json(text)
    except ValidationError:
        return None


def hashes(root: Path, commit: str) -> Mapping[str, Any]:
    """Give the hashes that the evidence of a commit contains: `data, files, config, lock, environment`.

    Raises
    ------
    InputError
        If the commit lacks dvc.lock or params.yaml.
    """
    written = outputs(root, commit)
    found: dict[str, Any] = {
        "data": {path: md5 for path, md5 in written.items() if path.startswith("data/market")},
        "files": selected(written),
    }
    for key, path in (("config", "params.yaml"), ("lock", "dvc.lock"), ("environment", "uv.lock")):
        content = at_commit(root, commit, path)
        if content is None and key != "environment":
            raise InputError(f"{path}: commit {commit[:10]} lacks it; commit it first")
        found[key] = "" if content is None else hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()
    return found


def is_version(text: str) -> bool:
    """Say whether a text is a version's name, such as ``v1.4.0``."""
    return re.fullmatch(VERSION, text) is not None
