"""Compute features: resolve what each one needs, run the functions series by series, collect one column a feature."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from barograph.errors import InputError
from barograph.features.inputs import RELEASE_LAG, Inputs, missing_columns
from barograph.features.registration import DERIVED, Array, Feature, Scope, catalogue, find

_Columns = dict[str, Array]


@dataclass(frozen=True)
class _Call:
    """One run of a function, which gives one feature or several."""

    features: tuple[Feature, ...]
    own_lookback: int

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.features[0].inputs

    def outputs(self, arrays: Sequence[Array]) -> Iterable[tuple[str, Array]]:
        first = self.features[0]
        keywords = {} if first.window is None else {"window": first.window}
        result = first.function(*arrays, **keywords)
        for entry in self.features:
            values = np.asarray(result if entry.output < 0 else result[entry.output], np.float64)
            if np.isinf(values).any():
                values = np.where(np.isinf(values), np.nan, values)
            yield entry.name, values


def compute(
    bars: pd.DataFrame,
    context: pd.DataFrame | None = None,
    universe: pd.DataFrame | None = None,
    names: Sequence[str] | None = None,
    regimes: pd.DataFrame | None = None,
    release_lag: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Compute features at the close of every bar.

    Parameters
    ----------
    bars : pandas.DataFrame
        Sorted by symbol and date; see `barograph.tables.BARS`.
    context, universe, regimes : pandas.DataFrame, optional
        See `barograph.tables`.
    names : sequence of str, optional
        The features wanted, in the order of the columns; by default all that the tables allow, in the catalogue's.
    regimes : pandas.DataFrame, optional
        The regime of each date.
    release_lag : mapping of str to int, optional
        Calendar days after which the value of a context column is known; 0 for columns that are not named. By default
        1 for Treasury yields and 7 for the dollar index.

    Returns
    -------
    pandas.DataFrame
        ``symbol``, ``date`` and one float64 column a feature, with the rows of `bars`; NaN where a window is not full,
        an input is missing or the value is undefined. Features whose inputs are missing altogether are left out.

    Raises
    ------
    InputError
        If a name is unknown, a named feature lacks its inputs, or a table is out of order.
    """
    inputs = Inputs(bars, context, universe, regimes, RELEASE_LAG if release_lag is None else release_lag)
    wanted = _wanted(inputs, names)
    matrix = np.full((len(wanted), len(bars)), np.nan)
    columns: _Columns = dict(zip(wanted, matrix, strict=True))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for level in _levels(wanted):
            for entry in level:
                if entry.name not in columns:
                    columns[entry.name] = np.full(len(bars), np.nan)
            for scope, run in _RUNNERS.items():
                run(_calls(level, scope), inputs, columns)
    frame = pd.DataFrame(matrix.T, columns=pd.Index(wanted, dtype="str"), copy=False)
    frame.insert(0, "symbol", bars["symbol"].array)
    frame.insert(1, "date", bars["date"].array)
    return frame


def available(
    bars: pd.DataFrame,
    context: pd.DataFrame | None = None,
    universe: pd.DataFrame | None = None,
    regimes: pd.DataFrame | None = None,
) -> tuple[list[str], dict[str, list[str]]]:
    """Tell which features the tables allow.

    Parameters
    ----------
    bars : pandas.DataFrame
    context, universe, regimes : pandas.DataFrame, optional

    Returns
    -------
    names : list of str
        The features that can be computed, in the order of the catalogue.
    left_out : dict of str to list of str
        The others, with the columns that each one lacks: absent, or null in every row.
    """
    return _available(Inputs(bars, context, universe, regimes, RELEASE_LAG))


def _available(inputs: Inputs) -> tuple[list[str], dict[str, list[str]]]:
    names, left_out = [], {}
    for entry in catalogue():
        lacking = missing_columns(inputs, entry)
        if lacking:
            left_out[entry.name] = lacking
        else:
            names.append(entry.name)
    return names, left_out


def _wanted(inputs: Inputs, names: Sequence[str] | None) -> list[str]:
    if names is None:
        return _available(inputs)[0]
    for name in names:
        entry = find(name)
        if entry is None:
            raise InputError(f"features: {name!r} is unknown; the catalogue has {[each.name for each in catalogue()]}")
        lacking = missing_columns(inputs, entry)
        if lacking:
            raise InputError(f"features: {name!r} cannot be computed: the data lacks {lacking}")
    if len(set(names)) != len(names):
        raise InputError(f"features: a name stands twice in {list(names)}; each may be asked for once")
    return list(names)


def _levels(names: Iterable[str]) -> list[list[Feature]]:
    """Sort the features, and the features that they read, so that each comes in a later level than its inputs."""
    depth: dict[str, int] = {}

    def visit(name: str) -> int:
        if name not in depth:
            entry = find(name)
            depth[name] = -1 if entry is None else 1 + max(map(visit, entry.inputs), default=-1)
        return depth[name]

    for name in names:
        visit(name)
    levels: list[list[Feature]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name, level in depth.items():
        entry = find(name)
        if entry is not None:
            levels[level].append(entry)
    return levels


def _calls(features: Iterable[Feature], scope: Scope) -> list[_Call]:
    groups: dict[tuple[object, ...], list[Feature]] = {}
    for entry in features:
        if entry.scope == scope:
            groups.setdefault((entry.function, entry.window, entry.inputs, entry.output < 0), []).append(entry)
    return [_Call(tuple(group), _own_lookback(group)) for group in groups.values()]


def _own_lookback(group: Sequence[Feature]) -> int:
    before = [entry.lookback if (entry := find(name)) else int(name in DERIVED) for name in group[0].inputs]
    return min(entry.lookback for entry in group) - max(before, default=0)


def _run_series(calls: Sequence[_Call], arrays: _Columns, results: _Columns) -> None:
    """Run functions on one symbol's series, or on the context's, piece by piece between the NaNs."""
    finite = {name: np.isfinite(values) for name, values in arrays.items()}
    pieces: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for call in calls:
        if call.inputs not in pieces:
            complete = np.logical_and.reduce([finite[name] for name in call.inputs])
            edges = np.flatnonzero(np.diff(complete, prepend=False, append=False)).tolist()
            pieces[call.inputs] = list(zip(edges[::2], edges[1::2], strict=True))
        for start, stop in pieces[call.inputs]:
            if stop - start > call.own_lookback:
                for name, values in call.outputs([arrays[item][start:stop] for item in call.inputs]):
                    results[name][start:stop] = values


def _run_symbols(calls: Sequence[_Call], inputs: Inputs, columns: _Columns) -> None:
    needed = {item for call in calls for item in call.inputs}
    arrays = {name: columns[name] if name in columns else inputs.by_bar(name) for name in sorted(needed)}
    names = [entry.name for call in calls for entry in call.features]
    for start, stop in pairwise(inputs.axis.starts.tolist()):
        _run_series(
            calls,
            {name: values[start:stop] for name, values in arrays.items()},
            {name: columns[name][start:stop] for name in names},
        )


def _run_dates(calls: Sequence[_Call], inputs: Inputs, columns: _Columns) -> None:
    calendar = [call for call in calls if call.inputs == ("date",)]
    for call in calendar:
        for name, values in call.outputs([inputs.axis.dates]):  # type: ignore[list-item]
            columns[name][:] = inputs.unpanel(values)
    dated = [call for call in calls if call.inputs != ("date",)]
    needed = {item for call in dated for item in call.inputs}
    results = {entry.name: np.full(inputs.context_dates.size, np.nan) for call in dated for entry in call.features}
    _run_series(dated, {name: inputs.by_date(name) for name in sorted(needed)}, results)
    for name, values in results.items():
        columns[name][:] = inputs.spread(values)


def _run_panels(calls: Sequence[_Call], inputs: Inputs, columns: _Columns) -> None:
    for call in calls:
        arrays = [
            inputs.panel(columns[name]) if name in columns else inputs.by_date_and_symbol(name) for name in call.inputs
        ]
        for name, values in call.outputs(arrays):
            columns[name][:] = inputs.unpanel(values)


_RUNNERS: dict[Scope, Callable[[Sequence[_Call], Inputs, _Columns], None]] = {
    "date": _run_dates,
    "symbol": _run_symbols,
    "panel": _run_panels,
}
