"""Which functions have to run for the features that are wanted, and in which order."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from barograph.errors import InputError
from barograph.features.own import place, said
from barograph.features.registration import DERIVED, Array, Feature, Scope, catalogue, find
from barograph.features.windows import read_only

_LARGEST: Final = float(np.finfo(np.float32).max)

_NUMBERS: Final = "biuf"
"""Kinds of NumPy's types that are numbers: truth values, whole numbers and floats."""


@dataclass(frozen=True)
class Call:
    """One run of a function, which gives one feature or several.

    Attributes
    ----------
    features : tuple of Feature
        Those of its outputs that are needed; all have the same function, window and inputs.
    lookback : int
        Rows that pass from the first complete row of the inputs to the first output.
    parts : int
        The arrays that the function gives in a tuple; 0 where it gives one array.
    """

    features: tuple[Feature, ...]
    lookback: int
    parts: int

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of what the function takes."""
        return self.features[0].inputs

    def outputs(self, arrays: Sequence[Array], *shapes: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
        """Run the function and give each feature's values, with NaN for what does not fit into a float32.

        Raises InputError if the function raises anything, or does not give arrays of numbers in one of the shapes.
        """
        from barograph.features import kernels

        result = self._result(arrays)
        for entry in self.features:
            values = self._numbers(result[entry.output] if self.parts else result, shapes)
            if kernels.any_beyond(read_only(values.ravel(order="K")), _LARGEST):
                values = np.where(np.abs(values) > _LARGEST, np.nan, values)
            yield entry.name, values

    def _result(self, arrays: Sequence[Array]) -> Any:
        first = self.features[0]
        keywords = {} if first.window is None else {"window": first.window}
        try:
            result = first.function(*arrays, **keywords)
        except (Exception, SystemExit) as error:  # whatever a user's function raises
            raise InputError(f"{self._named(error)}: {said(error)}") from error
        if self.parts and not (isinstance(result, tuple) and len(result) == self.parts):
            found = f"tuple of {len(result)}" if isinstance(result, tuple) else type(result).__name__
            raise InputError(f"{self._named()}: returned {found}; allowed is a tuple of {self.parts} arrays")
        return result

    def _numbers(self, result: Any, shapes: Sequence[tuple[int, ...]]) -> Array:
        try:
            values = np.asarray(result)
        except ValueError as error:  # of sequences that differ in length
            raise InputError(f"{self._named()}: {said(error)}; allowed are numbers") from error
        if values.dtype.kind not in _NUMBERS or values.shape not in shapes:
            raise InputError(
                f"{self._named()}: returned {type(result).__name__}, {values.dtype} of shape {values.shape}; "
                f"allowed are numbers of shape {' or '.join(map(str, shapes))}"
            )
        return values.astype(np.float64, copy=False)

    def _named(self, error: BaseException | None = None) -> str:
        names = ", ".join(repr(entry.name) for entry in self.features)
        return f"features: {names} ({place(self.features[0].function, error)})"


def calls(names: Iterable[str], scope: Scope, known: Collection[str] = ()) -> list[Call]:
    """Give the calls of a scope that the features need and that are not `known`, each after those that it reads."""
    groups: dict[tuple[object, ...], list[Feature]] = {}
    for entry in _in_order(names, known):
        if entry.scope == scope:
            groups.setdefault(_run_of(entry), []).append(entry)
    parts: dict[tuple[object, ...], int] = {}
    for entry in catalogue() if groups else ():
        parts[_run_of(entry)] = max(parts.get(_run_of(entry), 0), entry.output + 1)
    return [Call(tuple(group), _lookback(group), parts[run]) for run, group in groups.items()]


def rounds(panels: Iterable[Call]) -> list[list[Call]]:
    """Sort panel calls so that each comes in a later round than those on which it depends, be it by other features."""
    depth: dict[str, int] = {}

    def visit(name: str) -> int:
        entry = find(name)
        if entry is None:
            return 0
        if name not in depth:
            depth[name] = (entry.scope == "panel") + max(map(visit, entry.inputs), default=0)
        return depth[name]

    result: dict[int, list[Call]] = {}
    for call in panels:
        result.setdefault(visit(call.features[0].name), []).append(call)
    return [result[number] for number in sorted(result)]


def _in_order(names: Iterable[str], known: Collection[str]) -> list[Feature]:
    """List the features, and those that they read, level by level: each comes after its inputs."""
    depth: dict[str, int] = {}

    def visit(name: str) -> int:
        if name not in depth:
            entry = None if name in known else find(name)
            depth[name] = -1 if entry is None else 1 + max(map(visit, entry.inputs), default=-1)
        return depth[name]

    for name in names:
        visit(name)
    found = [(level, find(name)) for name, level in depth.items() if level >= 0]
    return [entry for _, entry in sorted(found, key=lambda item: item[0]) if entry is not None]


def _run_of(entry: Feature) -> tuple[object, ...]:
    """Give what the features of one run of a function have in common."""
    return entry.function, entry.window, entry.inputs, entry.output < 0


def _lookback(group: Sequence[Feature]) -> int:
    before = [entry.lookback if (entry := find(name)) else int(name in DERIVED) for name in group[0].inputs]
    return min(entry.lookback for entry in group) - max(before, default=0)
