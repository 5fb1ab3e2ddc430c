"""A feature, the decorator that registers features, and the catalogue of all that are registered."""

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import Any, Final, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from barograph.errors import InputError
from barograph.features.asof import AGES
from barograph.market.schema import BARS, CONTEXT, UNIVERSE
from barograph.names import SIGNAL_PREFIX
from barograph.regimes.schema import REGIME_SERIES

Array = NDArray[np.float64]
Range = tuple[float, float]
Scope = Literal["symbol", "panel", "date"]
Function = TypeVar("Function", bound=Callable[..., Any])

HLC: Final = ("high", "low", "close")

SHARE: Final[Range] = (0.0, 1.0)
SIGNED: Final[Range] = (-1.0, 1.0)
PERCENT: Final[Range] = (0.0, 100.0)
POSITIVE: Final[Range] = (0.0, math.inf)
NEGATIVE: Final[Range] = (-math.inf, 0.0)
RETURN: Final[Range] = (-1.0, math.inf)


def over_changes(window: int) -> int:
    """Give the lookback of a window of changes, the first of which needs the bar before the window."""
    return window


def over_bars(window: int) -> int:
    """Give the lookback of a window of bars."""
    return window - 1


def over_pairs(window: int) -> int:
    """Give the lookback of a window of changes of changes, or of pairs of successive changes."""
    return window + 1


@dataclass(frozen=True)
class Feature:
    """One entry of the catalogue.

    Attributes
    ----------
    name, family, inputs, range, source, scope
        As in `feature`, with the window filled in.
    formula : str
        The formula, in one line.
    lookback : int
        Bars (for scope ``date``: dates) that pass before the first value, counted from the first complete input.
    window : int or None
        The window with which the function is called, where it takes one.
    function : callable
    output : int
        The position among the function's outputs; -1 where it has one output only.
    """

    name: str
    family: str
    formula: str
    inputs: tuple[str, ...]
    lookback: int
    range: Range
    source: str
    scope: Scope
    window: int | None = None
    function: Callable[..., Any] = field(default=lambda: None, repr=False, compare=False)
    output: int = field(default=0, repr=False, compare=False)


DERIVED: Final = {"log_return": "close", "index_log_return": "index_close"}
"""Series of one-bar log returns that features may read, and the prices that they are taken from."""

OF_DAYS: Final = frozenset({"date", "schedule"})
"""Inputs that come on the bars' dates where a function of scope ``date`` reads nothing else."""

_TAKEN: Final = {
    *(*DERIVED, *OF_DAYS, *AGES, *AGES.values()),
    *(*BARS.columns, *CONTEXT.columns, *REGIME_SERIES.columns, *UNIVERSE.columns),
}
FAMILIES: Final = (
    "trend",
    "momentum",
    "volatility",
    "volume",
    "cross_section",
    "context",
    "calendar",
    "long_range",
    "timeframes",
    "fundamentals",
    "sentiment",
)
"""The families of Barograph in the catalogue's order, each a module of this package that is imported when needed."""

_MODULES: Final = [f"{__package__}.{family}" for family in FAMILIES]
_REGISTERED: Final[dict[str, Feature]] = {}


def feature(
    name: str | Sequence[str],
    *,
    family: str,
    inputs: Sequence[str],
    lookback: int | Callable[[int], int],
    windows: Sequence[int] = (),
    scope: Scope = "symbol",
    range: Range = (-math.inf, math.inf),
    source: str = "",
) -> Callable[[Function], Function]:
    """Register a pure function as one feature or several.

    Parameters
    ----------
    name : str or sequence of str
        The column's name, ``<indicator>_<window>[_<part>]``; a sequence where the function returns a tuple of arrays.
        ``{window}`` is replaced by the window.
    family : str
        An existing family or a new one.
    inputs : sequence of str
        What the function takes, in order: columns of the bars (``close``), of the context (``vix``), of the regimes
        (``regime``, as its index in `barograph.names.REGIMES`), ``gics_sector``, ``date``, fields of the facts
        (``pe_ratio``, and ``pe_ratio_age``, the days since it became available), signals (``signal_mine``), series
        derived from these (``log_return``, ``index_log_return``) or other features' names, which may contain
        ``{window}`` too.
    lookback : int or callable
        Bars that pass before the first value, or a function that gives them for a window. The function is not called
        on a series that is too short to have one.
    windows : sequence of int, optional
        One feature for each; the function may take it as keyword ``window``.
    scope : {"symbol", "panel", "date"}, default "symbol"
        * ``symbol``: the inputs are (T,) arrays of one symbol's own bars, free of NaN: a series with gaps in it is
          handed over in pieces. The output is (T,). Facts and signals are joined to bars, so that this scope and the
          next may read them.
        * ``panel``: the inputs are (T, N) arrays, dates by symbols, NaN where there is no bar; ``gics_sector`` is an
          (N,) array of codes. The output is (T, N), or (T,) where all symbols share it. Sums over symbols must run one
          symbol after the other, lest a symbol listed later change the last bit of an earlier date.
        * ``date``: the inputs are (T,) arrays on the context's dates, free of NaN, with release lags applied. A
          function of ``date`` alone, or of ``date`` and ``schedule`` (the exchange's scheduled sessions, a
          `numpy.busdaycalendar`), runs on the bars' dates, which come as ``datetime64[D]``. The output is (T,).
    range : tuple of float, optional
        The least and the greatest possible value.
    source : str, optional
        The TA-Lib function or the publication of the formula.

    Returns
    -------
    callable
        The decorator, which returns the function as it was.

    Raises
    ------
    InputError
        If the name is that of an input or of another function's feature, begins with ``signal_``, or the scope is
        unknown.

    Notes
    -----
    The first line of the function's docstring is the formula that the catalogue shows; ``{window}`` and ``{input}`` in
    it are replaced by the window and the first input. Values that are infinite become NaN. The function must be causal
    (row t may use rows up to t only) and must give the same bits when the series is longer; `barograph.features.audit`
    checks both.

    Examples
    --------
    >>> import numpy as np
    >>> from barograph.features import feature
    >>> @feature("range_1", family="mine", inputs=("high", "low"), lookback=0)
    ... def daily_range(high, low):
    ...     "ln(H_t / L_t)."
    ...     return np.log(high / low)
    """
    if scope not in get_args(Scope):
        raise InputError(f"feature {name!r}: scope is {scope!r}; allowed are {list(get_args(Scope))}")
    if "schedule" in inputs and not (scope == "date" and OF_DAYS.issuperset(inputs)):
        raise InputError(f"feature {name!r}: input 'schedule' is allowed in scope 'date' and beside 'date' only")
    names = (name,) if isinstance(name, str) else tuple(name)

    def register(function: Function) -> Function:
        if function.__module__ not in _MODULES:
            import_families()
        takes_window = "window" in inspect.signature(function).parameters
        formula = (function.__doc__ or "").strip().partition("\n")[0].removesuffix(".")
        for window in windows or (None,):
            for output, template in enumerate(names):
                _add(
                    Feature(
                        name=_fill(template, window),
                        family=family,
                        formula=_fill(formula, window).replace("{input}", _fill(inputs[0], window)),
                        inputs=tuple(_fill(item, window) for item in inputs),
                        lookback=lookback if isinstance(lookback, int) else lookback(window or 0),
                        range=range,
                        source=source,
                        scope=scope,
                        window=window if takes_window else None,
                        function=function,
                        output=output if len(names) > 1 else -1,
                    )
                )
        return function

    return register


@cache
def import_families() -> None:
    """Register the features of Barograph, which come before a user's."""
    for module in _MODULES:
        import_module(module)


def catalogue() -> list[Feature]:
    """Give every registered feature, a user's too.

    Returns
    -------
    list of Feature
        Family by family: those of Barograph, then those of a user in the order of registration.
    """
    order = families()
    return sorted(_REGISTERED.values(), key=lambda entry: order.index(entry.family))


def families() -> list[str]:
    """Give the families of Barograph, then those of a user's features in the order of registration."""
    import_families()
    return list(dict.fromkeys([*FAMILIES, *(entry.family for entry in _REGISTERED.values())]))


def find(name: str) -> Feature | None:
    """Give the feature of that name, or None where no feature has it."""
    import_families()
    return _REGISTERED.get(name)


def unknown(name: str, allowed: Sequence[str]) -> str:
    """Say that a name is not allowed, and which are the nearest."""
    near = get_close_matches(name, allowed, n=5, cutoff=0.5) or list(allowed[:5])
    return f"{name!r} is unknown; allowed are {len(allowed)} names of the catalogue, the nearest {near}"


def _add(entry: Feature) -> None:
    if entry.name in _TAKEN or entry.name in entry.inputs or entry.name.startswith(SIGNAL_PREFIX):
        raise InputError(f"feature {entry.name!r}: the name is that of an input; choose another name")
    present = _REGISTERED.get(entry.name)
    if present is not None and _origin(present) != _origin(entry):
        raise InputError(f"feature {entry.name!r} is registered already by {_origin(present)}; choose another name")
    _REGISTERED[entry.name] = entry


def _origin(entry: Feature) -> str:
    return f"{entry.function.__module__}.{entry.function.__qualname__}"


def _fill(template: str, window: int | None) -> str:
    return template if window is None else template.replace("{window}", str(window))
