"""Models on disk: no pickle, the same bytes for the same model, checked on the way back."""

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from barograph.errors import InputError
from barograph.models.canonical import canonical_archive
from barograph.models.classifier import Estimator, FittedModel
from barograph.models.lightgbm import BoosterClassifier

CARD: Final = "model.json"
_SKOPS: Final = "model.skops"
_LIGHTGBM: Final = "model.txt"
_LIBRARIES: Final = {_SKOPS: ("scikit-learn", "skops"), _LIGHTGBM: ("lightgbm",)}
# skops asks for a decision on these: an array's type is inert; a tree's node indices are not bounds-checked, and the
# card's checksum, verified before anything is parsed, stands for them.
_TRUSTED: Final = ["numpy.dtype", "sklearn.tree._tree.Tree"]


def save(model: FittedModel, folder: Path, facts: Mapping[str, Any]) -> None:
    """Write a model into a folder.

    Parameters
    ----------
    model : FittedModel
    folder : Path
        Made if need be; the files of an earlier model in it are replaced.
    facts : mapping
        Plain values that the model's card keeps: the hashes of its settings and its data, its training window.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name, data = _serialised(model.estimator)
    for stale in set(_LIBRARIES) - {name}:
        (folder / stale).unlink(missing_ok=True)
    card = {
        "features": list(model.features),
        "classes": list(model.classes),
        "file": name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "versions": {library: version(library) for library in _LIBRARIES[name]},
        **facts,
    }
    _replace(folder / name, data)
    _replace(folder / CARD, json.dumps(card, indent=2, sort_keys=True).encode() + b"\n")


def load(folder: Path) -> FittedModel:
    """Read a model back.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    FittedModel
        Predicts what the saved one did, to the bit.

    Raises
    ------
    InputError
        If a file is missing, is not the one the card describes, holds types that are not allowed, or was written by
        another version of its library.
    """
    card = _card(folder / CARD)
    path = folder / card["file"]
    if not path.is_file():
        raise InputError(f"{path}: missing, though {CARD} names it")
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != card["sha256"]:
        raise InputError(
            f"{path}: sha256 is {found[:12]}..., {CARD} says {card['sha256'][:12]}...; the file was changed"
        )
    for library, wrote in card["versions"].items():
        if version(library) != wrote:
            raise InputError(f"{path}: written by {library} {wrote}, installed is {version(library)}; train it again")
    return FittedModel(_parsed(path, data), tuple(card["features"]), tuple(card["classes"]))


def _serialised(estimator: Estimator) -> tuple[str, bytes]:
    if isinstance(estimator, BoosterClassifier):
        return _LIGHTGBM, estimator.booster.model_to_string().encode()
    import skops.io

    return _SKOPS, canonical_archive(skops.io.dumps(estimator))


def _parsed(path: Path, data: bytes) -> Estimator:
    if path.name == _LIGHTGBM:
        import lightgbm

        return BoosterClassifier(lightgbm.Booster(model_str=data.decode()))
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        estimator: Estimator = skops.io.loads(data, trusted=_TRUSTED)
    except UntrustedTypesFoundException as error:
        kinds = skops.io.get_untrusted_types(data=data)
        raise InputError(f"{path}: holds types that are not allowed: {sorted(set(kinds) - set(_TRUSTED))}") from error
    return estimator


def _card(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path}: no model here; train it first (dvc repro)")
    try:
        card: dict[str, Any] = json.loads(path.read_bytes())
        lacking = [key for key in ("features", "classes", "file", "sha256", "versions") if key not in card]
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: is not a model's card: {error}") from error
    if lacking or card["file"] not in _LIBRARIES:
        raise InputError(f"{path}: is not a model's card; it lacks {lacking} or names a file that is not a model's")
    return card


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(data)
    temporary.replace(path)
