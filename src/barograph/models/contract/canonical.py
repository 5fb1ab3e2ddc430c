"""skops archives: byte-stable when written, of known types alone when read.

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

from barograph.errors import InputError

# Beyond what skops trusts by itself (scikit-learn's public estimators, its loss and link functions, NumPy's generators
# and arrays) these may load, and nothing else. Of our own estimators' parts, `numpy.dtype`: the imputer remembers the
# type of what it was fitted on; inert. `Tree`, and `TreePredictor` of histogram boosting: their node indices are not
# bounds-checked, and the card's checksum, verified before anything is parsed, vouches for them. The others are inert
# parts of estimators that users bring: calibrated, voting and stacking classifiers, multi-layer perceptrons.
TRUSTED: Final = (
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
)

_SCHEMA: Final = "schema.json"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def archived(estimator: object) -> bytes:
    """Write an estimator of scikit-learn's into an archive that depends on the estimator alone."""
    import skops.io

    return canonical_archive(skops.io.dumps(estimator))


def unarchived(archive: bytes, name: str) -> Any:
    """Read an estimator back; `InputError`, with the file's name, if the archive has types that are not allowed."""
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.loads(archive, trusted=list(TRUSTED))
    except UntrustedTypesFoundException as error:
        kinds = set(skops.io.get_untrusted_types(data=archive)) - set(TRUSTED)
        raise InputError(f"{name}: contains types that are not allowed: {sorted(kinds)}") from error


def canonical_archive(archive: bytes) -> bytes:
    """Rewrite an archive of skops so that it depends on the estimator alone, and loads into the same estimator."""
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
        if node.get("__loader__") != "CachedNode":
            ids[node["__id__"]] = number
        node["__id__"] = ids[node["__id__"]]
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
