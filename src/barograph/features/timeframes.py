"""Time frames: indicators of weekly and monthly bars, of which only completed ones are read.

A week ends with its Sunday and a month with its last day. Which bar is the last of its week is not known on that bar
(the next day may be a holiday), so a week counts as completed from the first bar of a later week on: its Friday enters
one bar late. Up to then, and on every bar of a week alike, the value is that of the weeks before.

The first week of a series counts from its first bar, and a week without bars is not there: after a suspension, windows
of weeks reach further back. Values begin once so many bars have passed as the weeks, of five bars, or months, of 23
bars, that they need can have; on a market that trades every day they begin as soon as those weeks have passed.
"""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.features.momentum import rsi, simple_return
from barograph.features.registration import Array, feature
from barograph.features.trend import adx, donchian_position, log_price_regression, macd, sma_distance
from barograph.features.windows import after_gap, window_mean, window_std

_Days = NDArray[np.datetime64]
_Function = Callable[..., Array | tuple[Array, ...]]


@dataclass(frozen=True)
class _Frame:
    """A time frame: its most bars, and the first days of the periods from that of the first date to the last's."""

    name: str
    bars: int
    openings: Callable[[_Days], _Days]


def _mondays(date: _Days) -> _Days:
    since_monday = (date[0].astype(np.int64) + 3) % 7
    return np.arange(date[0] - since_monday, date[-1] + 1, 7)


def _firsts(date: _Days) -> _Days:
    first, last = date[[0, -1]].astype("datetime64[M]")
    return np.arange(first, last + 1).astype("datetime64[D]")


_WEEK: Final = _Frame("week", 5, _mondays)
_MONTH: Final = _Frame("month", 23, _firsts)


def _on_completed(
    frame: _Frame,
    name: str | Sequence[str],
    function: _Function,
    *,
    periods: int | Callable[[int], int],
    inputs: Sequence[str] = ("close",),
    windows: Sequence[int] = (),
    range: tuple[float, float] = (-math.inf, math.inf),
    source: str = "",
) -> None:
    """Register a function of bars as a function of completed weeks or months that needs so many of them."""

    @functools.wraps(function, assigned=("__qualname__",))
    def on_completed(date: _Days, *series: Array, **keywords: int) -> Array | tuple[Array, ...]:
        edges = _edges(date, frame.openings(date))
        needed = frame.bars * (periods if isinstance(periods, int) else periods(keywords["window"]))
        columns = [_COMPLETED[name](values, edges[:-1]) for name, values in zip(inputs, series, strict=True)]
        result = function(*columns, **keywords)
        if isinstance(result, tuple):
            return tuple(_spread(values, edges, needed) for values in result)
        return _spread(result, edges, needed)

    on_completed.__doc__ = f"On the bars of completed {frame.name}s: {(function.__doc__ or '').strip()}"
    names = [f"{frame.name}ly_{item}" for item in ([name] if isinstance(name, str) else name)]
    feature(
        names if len(names) > 1 else names[0],
        family="timeframes",
        inputs=("date", *inputs),
        lookback=lambda window: frame.bars * (periods if isinstance(periods, int) else periods(window)),
        windows=windows,
        range=range,
        source=source,
    )(on_completed)


def _edges(date: _Days, openings: _Days) -> NDArray[np.intp]:
    """Give the first row of each period that has a bar, and the number of rows."""
    rows = np.append(np.searchsorted(date, openings), date.size)
    edges: NDArray[np.intp] = rows[np.append(np.diff(rows) > 0, True)]
    return edges


def _last(values: Array, starts: NDArray[np.intp]) -> Array:
    return values[starts[1:] - 1]


def _highest(values: Array, starts: NDArray[np.intp]) -> Array:
    highest: Array = np.maximum.reduceat(values, starts)[:-1]
    return highest


def _lowest(values: Array, starts: NDArray[np.intp]) -> Array:
    lowest: Array = np.minimum.reduceat(values, starts)[:-1]
    return lowest


_COMPLETED: Final[dict[str, Callable[[Array, NDArray[np.intp]], Array]]] = {
    "close": _last,
    "high": _highest,
    "low": _lowest,
}
"""What a period's bar makes of the bars of a column; all periods but the last are complete."""


def _spread(values: Array, edges: NDArray[np.intp], needed: int) -> Array:
    """Give every bar the value of the period before its own, once `needed` bars have passed."""
    result = np.repeat(after_gap(values, 1), np.diff(edges))
    result[:needed] = np.nan
    return result


def volatility(close: Array, window: int) -> Array:
    """Sample standard deviation of the last {window} log returns, not annualised."""
    return after_gap(window_std(np.diff(np.log(close)), window), 1)


def log_price_slope(close: Array, window: int) -> tuple[Array, Array]:
    """Least-squares line through the last {window} log closes: its slope, or its R2 in [0, 1]."""
    slope, r2, _ = log_price_regression(close, window)
    return slope, r2


def macd_histogram(close: Array) -> Array:
    """Distance of the MACD line (12, 26) from its signal line (9), as a share of the last close."""
    return macd(close)[1]


def up_share(close: Array, window: int) -> Array:
    """Share of the last {window} that closed higher, unchanged ones counting half."""
    return after_gap(window_mean(0.5 + 0.5 * np.sign(np.diff(close)), window), 1)


def _same(window: int) -> int:
    return window


def _one_more(window: int) -> int:
    return window + 1


_HLC: Final = ("high", "low", "close")
_RETURNS: Final = (-1.0, math.inf)
_POSITIVE: Final = (0.0, math.inf)

_on_completed(_WEEK, "ret_{window}", simple_return, periods=_one_more, windows=(1, 4), range=_RETURNS)
_on_completed(_WEEK, "rsi_{window}", rsi, periods=_one_more, windows=(14,), range=(0.0, 100.0), source="TA-Lib RSI")
_on_completed(_WEEK, "sma_dist_{window}", sma_distance, periods=_same, windows=(10,))
_on_completed(_WEEK, "macd_12_26_9_hist_pct", macd_histogram, periods=34, source="TA-Lib MACD")
_on_completed(_WEEK, "vol_{window}", volatility, periods=_one_more, windows=(26,), range=_POSITIVE)
_on_completed(
    _WEEK, "donchian_{window}", donchian_position, periods=_same, inputs=_HLC, windows=(26,), range=(0.0, 1.0)
)
_on_completed(_WEEK, ("slope_{window}", "r2_{window}"), log_price_slope, periods=_same, windows=(52,))
_on_completed(_WEEK, "up_share_{window}", up_share, periods=_one_more, windows=(26,), range=(0.0, 1.0))
_on_completed(
    _WEEK,
    "adx_{window}",
    adx,
    periods=lambda window: 2 * window,
    inputs=_HLC,
    windows=(14,),
    range=(0.0, 100.0),
    source="TA-Lib ADX",
)

_on_completed(_MONTH, "ret_{window}", simple_return, periods=_one_more, windows=(1,), range=_RETURNS)
_on_completed(_MONTH, "rsi_{window}", rsi, periods=_one_more, windows=(12,), range=(0.0, 100.0), source="TA-Lib RSI")
_on_completed(
    _MONTH,
    "sma_dist_{window}",
    sma_distance,
    periods=_same,
    windows=(10,),
    source="Faber (2007), Journal of Wealth Management 9(4)",
)
_on_completed(_MONTH, "vol_{window}", volatility, periods=_one_more, windows=(12,), range=_POSITIVE)
_on_completed(
    _MONTH, "donchian_{window}", donchian_position, periods=_same, inputs=_HLC, windows=(12,), range=(0.0, 1.0)
)
_on_completed(
    _MONTH,
    "up_share_{window}",
    up_share,
    periods=_one_more,
    windows=(12,),
    range=(0.0, 1.0),
    source="Grinblatt & Moskowitz (2004), Journal of Financial Economics 71(3)",
)
