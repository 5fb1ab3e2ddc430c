"""Byte-stable skops archives.

skops names its files and nodes by `id()` and stamps its zip with the clock, and scikit-learn's tree nodes carry
uninitialised padding. Rewriting the archive with running numbers, no clock and zeroed padding gives the same bytes
for the same estimator in every process, and skops loads it as before.
"""

import io
import json
import zipfile
from itertools import count
from typing import Any, Final

import numpy as np

_SCHEMA: Final = "schema.json"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def canonical_archive(archive: bytes) -> bytes:
    """Rewrite a skops archive so that it depends on the estimator alone.

    Parameters
    ----------
    archive : bytes
        What ``skops.io.dumps`` gave.

    Returns
    -------
    bytes
        An archive that ``skops.io.loads`` reads into the same estimator.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        contents = {name: source.read(name) for name in source.namelist()}
    schema = json.loads(contents.pop(_SCHEMA))
    names: dict[str, str] = {}
    _renumber(schema, {}, names, count(1))
    renamed = {names[name]: _without_padding(data) for name, data in contents.items()}
    renamed[_SCHEMA] = json.dumps(schema, sort_keys=True, indent=1).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as rewritten:
        for name in sorted(renamed):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            rewritten.writestr(entry, renamed[name])
    return target.getvalue()


def _renumber(node: Any, ids: dict[int, int], names: dict[str, str], numbers: "count[int]") -> None:
    if isinstance(node, list):
        for child in node:
            _renumber(child, ids, names, numbers)
    if not isinstance(node, dict):
        return
    if "__id__" in node:
        number = next(numbers)
        if node.get("__loader__") == "CachedNode":
            node["__id__"] = ids[node["__id__"]]
        else:
            ids[node["__id__"]] = number
            node["__id__"] = number
    if isinstance(node.get("file"), str):
        old = node["file"]
        node["file"] = names.setdefault(old, f"{len(names):06d}.{old.rsplit('.', 1)[-1]}")
    for child in node.values():
        _renumber(child, ids, names, numbers)


def _without_padding(data: bytes) -> bytes:
    if not data.startswith(b"\x93NUMPY"):
        return data
    array = np.load(io.BytesIO(data), allow_pickle=False)
    if array.dtype.names is None:
        return data
    clean = np.zeros(array.shape, array.dtype)
    for name in array.dtype.names:
        clean[name] = array[name]
    target = io.BytesIO()
    np.save(target, clean, allow_pickle=False)
    return target.getvalue()
