"""Run the functions: what all symbols share first, then block by block of symbols, series by series."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from barograph.features.inputs import Block, Inputs
from barograph.features.plan import Call, calls, rounds
from barograph.features.registration import OF_DAYS, Array, find
from barograph.features.windows import read_only

_SYMBOLS_AT_ONCE = 16


class Run:
    """Features of one market, of which any block of symbols can be had.

    Features of dates alone and those that compare symbols are computed at once; the panels' other inputs are then
    forgotten. The rest is computed when a block is asked for, so that not all of it need be in memory together.

    `homes` are the arrays of shape (rows,), in float64, in which the features of all rows are wanted in the end; what
    has to be computed for all rows at once is put there and not computed again. Without homes, what is kept for all
    rows has the precision float32, unless another feature reads it.
    """

    def __init__(self, inputs: Inputs, wanted: Sequence[str], homes: Mapping[str, Array] | None = None) -> None:
        self._inputs = inputs
        self._wanted = wanted
        self._homes = {} if homes is None else homes
        self._known: dict[str, Callable[[slice], Array]] = {}
        self._whole = inputs.axis.block(0, inputs.axis.symbols.size)
        with _silent():
            self._run_dates()
            panels = calls(wanted, "panel")
            self._read = {name for call in panels + calls(wanted, "symbol") for name in call.inputs}
            for panel_calls in rounds(panels):
                self._run_panels(panel_calls)
        self._calls = calls(wanted, "symbol", self._known)

    def fill(self, block: Block, results: Mapping[str, Array]) -> None:
        """Put features of the block's rows into arrays of shape (rows of the block,), in these arrays' precision."""
        with _silent():
            self._fill(self._calls, block, results)

    def _run_dates(self) -> None:
        dated = calls(self._wanted, "date")
        inputs = self._inputs
        for call in dated:
            if OF_DAYS.issuperset(call.inputs):
                for name, values in call.outputs(
                    [inputs.by_day(name) for name in call.inputs], inputs.axis.dates.shape
                ):
                    self._know_by_date(name, values)
        with_context = [call for call in dated if not OF_DAYS.issuperset(call.inputs)]
        results = {entry.name: np.empty(inputs.context_dates.size) for call in with_context for entry in call.features}
        series = {name: read_only(inputs.by_date(name)) for call in with_context for name in call.inputs}
        _run_series(with_context, series, results)
        for name, values in results.items():
            self._known[name] = lambda rows, values=values: inputs.spread(values, rows)  # type: ignore[misc]

    def _run_panels(self, panel_calls: Iterable[Call]) -> None:
        """Run calls one after the other, and keep an input only as long as one of them still reads it."""
        waiting = sorted(panel_calls, key=lambda call: call.inputs)
        at_hand: dict[str, Array] = {}
        shape = (self._inputs.axis.dates.size, self._inputs.axis.symbols.size)
        while waiting:
            call = waiting.pop(0)
            at_hand |= self._panels([name for name in call.inputs if name not in at_hand])
            for name, values in call.outputs([at_hand[name] for name in call.inputs], shape, shape[:1]):
                self._keep(name, values)
            read = {name for later in waiting for name in later.inputs}
            at_hand = {name: values for name, values in at_hand.items() if name in read}

    def _panels(self, names: Iterable[str]) -> dict[str, Array]:
        inputs, result, computed = self._inputs, {}, {}
        for name in names:
            if name in self._known:
                result[name] = inputs.panel(self._known[name](self._whole.rows))
            elif find(name) is None:
                result[name] = inputs.by_date_and_symbol(name)
            else:
                computed[name] = self._homes[name] if name in self._homes else np.empty(inputs.context_row.size)
        needed = calls(computed, "symbol", self._known)
        for block in inputs.axis.blocks(_SYMBOLS_AT_ONCE) if computed else ():
            self._fill(needed, block, {name: values[block.rows] for name, values in computed.items()})
        for name, values in computed.items():
            result[name] = inputs.panel(values)
            if name in self._homes:
                self._known[name] = values.__getitem__
        return {name: read_only(values) for name, values in result.items()}

    def _keep(self, name: str, values: Array) -> None:
        if values.ndim == 1:
            self._know_by_date(name, values)
            return
        rows = self._inputs.unpanel(values)
        if name in self._homes:
            self._homes[name][:] = rows
            rows = self._homes[name]
        elif name not in self._read:
            rows = rows.astype(np.float32)
        self._known[name] = rows.__getitem__

    def _know_by_date(self, name: str, values: Array) -> None:
        date_of_row = self._inputs.axis.date_of_row
        self._known[name] = lambda rows: values[date_of_row[rows]]

    def _fill(self, symbol_calls: Sequence[Call], block: Block, results: Mapping[str, Array]) -> None:
        read = {name for call in symbol_calls for name in call.inputs}
        made = {entry.name for call in symbol_calls for entry in call.features}
        exact = {name for name in results if results[name].dtype == np.float64}
        targets = dict(results) | {name: np.empty(block.rows.stop - block.rows.start) for name in (read & made) - exact}
        arrays = {name: read_only(targets[name] if name in made else self._at(name, block)) for name in read}
        for rows in block.series:
            _run_series(
                symbol_calls,
                {name: values[rows] for name, values in arrays.items()},
                {name: targets[name][rows] for name in made},
            )
        for name, values in results.items():
            if name not in made:
                values[:] = self._at(name, block)
            elif targets[name] is not values:
                values[:] = targets[name]

    def _at(self, name: str, block: Block) -> Array:
        return self._known[name](block.rows) if name in self._known else self._inputs.by_bar(name, block)


def _run_series(series_calls: Sequence[Call], arrays: Mapping[str, Array], results: Mapping[str, Array]) -> None:
    """Run functions on one symbol's series, or on the context's, piece by piece between the NaNs."""
    finite: dict[str, NDArray[np.bool_]] = {}
    pieces: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for call in series_calls:
        inputs = call.inputs
        if inputs not in pieces:
            finite |= {name: np.isfinite(arrays[name]) for name in inputs if name not in finite}
            pieces[inputs] = _pieces([finite[name] for name in inputs])
        end = 0
        for start, stop in pieces[inputs]:
            if stop - start > call.lookback:
                for name, values in call.outputs([arrays[item][start:stop] for item in inputs], (stop - start,)):
                    results[name][end:start] = np.nan
                    results[name][start:stop] = values
                end = stop
        for entry in call.features:
            results[entry.name][end:] = np.nan


def _pieces(finite: Sequence[NDArray[np.bool_]]) -> list[tuple[int, int]]:
    """Give the beginning and the end of each stretch in which all are true."""
    complete = finite[0] if len(finite) == 1 else np.logical_and.reduce(finite)
    edges = (np.flatnonzero(complete[1:] != complete[:-1]) + 1).tolist()
    if complete[:1].any():
        edges.insert(0, 0)
    if complete[-1:].any():
        edges.append(complete.size)
    return list(zip(edges[::2], edges[1::2], strict=True))


def _silent() -> np.errstate:
    return np.errstate(divide="ignore", invalid="ignore", over="ignore")
