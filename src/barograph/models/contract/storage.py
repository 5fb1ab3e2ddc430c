"""Models on disk: no pickle, the same bytes for the same model, checked when read."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from barograph.errors import InputError
from barograph.files import write_bytes
from barograph.models.contract.canonical import archived, unarchived
from barograph.models.contract.classifier import Estimator, FittedModel

CARD: Final = "model.json"
_SKOPS: Final = "model.skops"


@dataclass(frozen=True)
class Format:
    """How a kind of estimator is written.

    Attributes
    ----------
    kind : type
        The class of the estimators.
    files : tuple of str
        Their names; no two formats have the same ones.
    libraries : tuple of str
        Those that write the files; another version of one may read them otherwise.
    to_files, from_files : callable
        From the estimator to the bytes of every file, and back. The bytes were checked against the card before; an
        `InputError` from here begins with the name of the file.
    """

    kind: type
    files: tuple[str, ...]
    libraries: tuple[str, ...]
    to_files: Callable[[Any], dict[str, bytes]]
    from_files: Callable[[Mapping[str, bytes]], Estimator]


def _skops_files(estimator: Estimator) -> dict[str, bytes]:
    return {_SKOPS: archived(estimator)}


def _from_skops_files(files: Mapping[str, bytes]) -> Estimator:
    estimator: Estimator = unarchived(files[_SKOPS], _SKOPS)
    return estimator


# The first that fits an estimator counts; the last fits every one.
_FORMATS: Final = [Format(object, (_SKOPS,), ("scikit-learn", "skops"), _skops_files, _from_skops_files)]


def register_format(form: Format) -> None:
    """Add a format, which is asked before those added earlier.

    A model whose estimator is not of scikit-learn's classes, which skops keeps, does so in its module.
    """
    _FORMATS.insert(0, form)


class _Card(BaseModel):
    """The fields of every card; the facts that `save` was given are further ones."""

    model_config = ConfigDict(strict=True, extra="allow")

    model: str
    features: list[str]
    classes: list[Literal[0, 1, 2]]
    files: dict[str, str]
    versions: dict[str, str]
    card: str

    @model_validator(mode="after")
    def _as_written(self) -> "_Card":
        facts = self.model_dump(exclude={"card"})
        if self.card != _digest(facts):
            raise ValueError("it was changed after it was written")
        if self.classes != sorted(set(self.classes)) or len(set(self.features)) < len(self.features):
            raise ValueError(f"classes {self.classes} must ascend, and no feature may occur twice")
        return self


@dataclass(frozen=True)
class StoredModel:
    """A fitted model as the bytes of its files, which are known to be read back.

    `versions` are those of the libraries that wrote them.
    """

    features: tuple[str, ...]
    classes: tuple[int, ...]
    files: Mapping[str, bytes]
    versions: Mapping[str, str]


def stored(model: FittedModel, name: str) -> StoredModel:
    """Turn a model, whose key is `name`, into files.

    Raises
    ------
    InputError
        If its estimator contains types that are not allowed, or gives no finite probabilities when it is read back.
    """
    form = next(form for form in _FORMATS if isinstance(model.estimator, form.kind))
    files = form.to_files(model.estimator)
    restored = _parsed(form, files, f"models.{name}", len(model.features))
    _check_probabilities(FittedModel(restored, model.features, model.classes), f"models.{name}")
    return StoredModel(model.features, model.classes, files, {name: _installed(name) for name in form.libraries})


def check_storable(model: FittedModel, name: str) -> None:
    """Refuse a model that could not be read back, before more work goes into it; raises as :func:`stored`."""
    stored(model, name)


def save(model: FittedModel | StoredModel, folder: Path, name: str, facts: Mapping[str, Any]) -> None:
    """Write a model into a folder.

    Parameters
    ----------
    model : FittedModel or StoredModel
    folder : Path
        Made if need be; the files of an earlier model in it are replaced.
    name : str
        The model's key.
    facts : mapping
        Further plain values that the model's card keeps: the hashes of its settings and its data, its training window.

    Raises
    ------
    InputError
        As :func:`stored`; nothing is written then.
    """
    if isinstance(model, FittedModel):
        model = stored(model, name)
    facts = {
        "model": name,
        "features": list(model.features),
        "classes": list(model.classes),
        "files": {file: hashlib.sha256(data).hexdigest() for file, data in model.files.items()},
        "versions": dict(model.versions),
        **facts,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for stale in {file for other in _FORMATS for file in other.files} - set(model.files):
        (folder / stale).unlink(missing_ok=True)
    for file, data in model.files.items():
        write_bytes(folder / file, data)
    card = facts | {"card": _digest(facts)}
    write_bytes(folder / CARD, json.dumps(card, indent=2, sort_keys=True).encode() + b"\n")


def load(folder: Path, name: str) -> FittedModel:
    """Read a model back.

    Parameters
    ----------
    folder : Path
    name : str
        The model's key.

    Returns
    -------
    FittedModel
        Predicts as the saved model did, to the bit.

    Raises
    ------
    InputError
        If the card is another model's or was changed, or a file is missing, is not the one the card describes, contains
        types that are not allowed or no classifier of the card's features and classes, or was written by another
        version of its library.
    """
    card = _card(folder / CARD)
    if card.model != name:
        raise InputError(f"{folder / CARD}: is the card of {card.model!r}, not of {name!r}; train it again")
    form = next((form for form in _FORMATS if set(form.files) == set(card.files)), None)
    if form is None:
        raise InputError(f"{folder / CARD}: is not a model's card; together, {sorted(card.files)} are no model's files")
    files = {name: _unchanged(folder / name, card.files[name]) for name in form.files}
    for library in form.libraries:
        wrote, installed = card.versions.get(library, "an unknown version"), _installed(library)
        if wrote != installed:
            path = folder / form.files[0]
            raise InputError(f"{path}: written by {library} {wrote}, installed is {installed}; train it again")
    estimator = _parsed(form, files, str(folder), len(card.features))
    model = FittedModel(estimator, tuple(card.features), tuple(card.classes))
    _check_probabilities(model, f"{folder}/{' and '.join(form.files)}")
    return model


def _card(path: Path) -> _Card:
    if not path.is_file():
        raise InputError(f"{path}: no model here; train it first (dvc repro)")
    try:
        return _Card.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise InputError(f"{path}: is not a model's card; {place}: {first['msg']}") from error


def _unchanged(path: Path, sha256: str) -> bytes:
    if not path.is_file():
        raise InputError(f"{path}: missing, though {CARD} names it")
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise InputError(f"{path}: sha256 is {found[:12]}..., {CARD} says {sha256[:12]}...; the file was changed")
    if not data:
        raise InputError(f"{path}: is empty")
    return data


def _parsed(form: Format, files: Mapping[str, bytes], place: str, features: int) -> Estimator:
    try:
        estimator = form.from_files(files)
        estimator.predict_proba(np.zeros((1, features), np.float32))
    except InputError as error:
        raise InputError(f"{place}/{error}") from error
    except Exception as error:  # what a library raises on bytes that it did not write is not foreseeable
        names, reason = " and ".join(form.files), " ".join(str(error).split())[:200]
        problem = f"no model as {CARD} describes it: {type(error).__name__} {reason}"
        raise InputError(f"{place}/{names}: {problem}") from error
    return estimator


def _check_probabilities(model: FittedModel, place: str) -> None:
    given = np.asarray(model.estimator.predict_proba(np.zeros((1, len(model.features)), np.float32)))
    if given.shape != (1, len(model.classes)):
        raise InputError(f"{place}: gives probabilities of shape {given.shape} for {len(model.classes)} classes")
    if not np.isfinite(given).all():
        raise InputError(f"{place}: gives probabilities that are not finite; its fit has diverged")


def _digest(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def library_versions() -> dict[str, str]:
    """Give the installed versions of all libraries that fit or write the models of this process."""
    libraries = {"numpy", "scipy", "threadpoolctl"}.union(*(form.libraries for form in _FORMATS))
    return {library: _installed(library) for library in sorted(libraries)}


def _installed(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:  # XGBoost and TensorFlow come as builds without GPU, under another name, on Linux
        return version(f"{library}-cpu")
