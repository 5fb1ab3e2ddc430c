"""What differs between two versions, and whether the bytes and hashes of a version are those of its evidence."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from barograph import config
from barograph.errors import InputError
from barograph.registry.contents import at_commit, fetch_checked, outputs
from barograph.registry.evidence import Evidence, hashes
from barograph.registry.history import resolve
from barograph.registry.promotion import GATE

Changed = Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Difference:
    """What two commits have differently, by name: settings, outputs of dvc.lock, and the figures of the gate.

    Of the gate every figure is given that either commit has, also where both are equal.
    """

    settings: Changed
    outputs: Changed
    gate: Changed


def difference(root: Path, first: str, second: str) -> Difference:
    """Compare two of ``prod``, versions and revisions of git.

    Raises
    ------
    InputError
        If one of them is unknown, or lacks params.yaml or dvc.lock.
    """
    commits = [resolve(root, name) for name in (first, second)]
    settings = [YAML(typ="safe").load(_text(root, commit, "params.yaml")) for commit in commits]
    written = [outputs(root, commit) for commit in commits]
    gates = [_flat(json.loads(at_commit(root, commit, GATE) or "{}")) for commit in commits]
    return Difference(
        config.changes(settings[0], settings[1]),
        {path: pair for path, pair in _pairs(*written).items() if pair[0] != pair[1]},
        _pairs(*gates),
    )


def verify(root: Path, evidence: Evidence) -> str:
    """Check that a version's commit has the hashes of its evidence, and that the bytes can be had; say where from.

    Raises
    ------
    InputError
        If a hash differs, or bytes are missing or are others.
    """
    for key, found in hashes(root, evidence.commit).items():
        recorded = getattr(evidence, key)
        if found != recorded:
            raise InputError(f"{evidence.version}: {key} of commit {evidence.commit[:10]} is not that of its evidence")
    return fetch_checked(root, evidence.files)


def _text(root: Path, commit: str, path: str) -> str:
    text = at_commit(root, commit, path)
    if text is None:
        raise InputError(f"{path}: commit {commit[:10]} lacks it")
    return text


def _pairs(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    keys = [*first, *(key for key in second if key not in first)]
    return {key: (first.get(key), second.get(key)) for key in keys}


def _flat(values: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= _flat(value, f"{place}{key}.") if isinstance(value, Mapping) else {f"{place}{key}": value}
    return found
