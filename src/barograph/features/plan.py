"""Which functions have to run for the features that are wanted, and in which order."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from barograph.features import kernels
from barograph.features.registration import DERIVED, Array, Feature, Scope, find
from barograph.features.windows import read_only

_LARGEST: Final = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Call:
    """One run of a function, which gives one feature or several.

    Attributes
    ----------
    features : tuple of Feature
        Those of its outputs that are needed; all have the same function, window and inputs.
    own_lookback : int
        Rows that pass from the first complete row of the inputs to the first output.
    """

    features: tuple[Feature, ...]
    own_lookback: int

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of what the function takes."""
        return self.features[0].inputs

    def outputs(self, arrays: Sequence[Array]) -> Iterator[tuple[str, Array]]:
        """Run the function and give each feature's values, with NaN for what does not fit into a float32."""
        first = self.features[0]
        keywords = {} if first.window is None else {"window": first.window}
        result = first.function(*arrays, **keywords)
        for entry in self.features:
            values = np.asarray(result if entry.output < 0 else result[entry.output], np.float64)
            if kernels.any_beyond(read_only(values.ravel(order="K")), _LARGEST):
                values = np.where(np.abs(values) > _LARGEST, np.nan, values)
            yield entry.name, values


def calls(names: Iterable[str], scope: Scope, known: Collection[str] = ()) -> list[Call]:
    """Give the calls of one scope that the features need, each after those whose outputs it reads.

    Parameters
    ----------
    names : iterable of str
    scope : {"symbol", "panel", "date"}
    known : collection of str
        What need not be computed any more.

    Returns
    -------
    list of Call
    """
    groups: dict[tuple[object, ...], list[Feature]] = {}
    for entry in _in_order(names, known):
        if entry.scope == scope:
            groups.setdefault((entry.function, entry.window, entry.inputs, entry.output < 0), []).append(entry)
    return [Call(tuple(group), _own_lookback(group)) for group in groups.values()]


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


def _own_lookback(group: Sequence[Feature]) -> int:
    before = [entry.lookback if (entry := find(name)) else int(name in DERIVED) for name in group[0].inputs]
    return min(entry.lookback for entry in group) - max(before, default=0)
