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

import numpy as np
from numpy.typing import NDArray

from barograph.features.momentum import rsi, simple_return
from barograph.features.registration import HLC, PERCENT, POSITIVE, RETURN, SHARE, Array, Range, feature
from barograph.features.trend import adx, donchian_position, log_price_regression, macd, sma_distance
from barograph.features.windows import after_gap, window_mean, window_std

_Days = NDArray[np.datetime64]
_Function = Callable[..., Array | tuple[Array, ...]]


def _on_completed(
    period: str,
    bars: int,
    openings: Callable[[_Days], _Days],
    name: str | Sequence[str],
    function: _Function,
    *,
    periods: int | Callable[[int], int],
    inputs: Sequence[str] = ("close",),
    windows: Sequence[int] = (),
    range: Range = (-math.inf, math.inf),
    source: str = "",
) -> None:
    """Register a function of bars as a function of the completed weeks or months of which it needs so many.

    A period has at most so many bars; `openings` gives the first days of the periods from the first date's to the
    last's.
    """

    @functools.wraps(function, assigned=("__qualname__",))
    def on_completed(date: _Days, *series: Array, **keywords: int) -> Array | tuple[Array, ...]:
        edges = _edges(date, openings(date))
        needed = bars * (periods if isinstance(periods, int) else periods(keywords["window"]))
        columns = [_completed(column, values, edges[:-1]) for column, values in zip(inputs, series, strict=True)]
        result = function(*columns, **keywords)
        if isinstance(result, tuple):
            return tuple(_spread(values, edges, needed) for values in result)
        return _spread(result, edges, needed)

    on_completed.__doc__ = f"On the bars of completed {period}s: {(function.__doc__ or '').strip()}"
    feature(
        f"{period}ly_{name}" if isinstance(name, str) else [f"{period}ly_{part}" for part in name],
        family="timeframes",
        inputs=("date", *inputs),
        lookback=lambda window: bars * (periods if isinstance(periods, int) else periods(window)),
        windows=windows,
        range=range,
        source=source,
    )(on_completed)


def _edges(date: _Days, openings: _Days) -> NDArray[np.intp]:
    """Give the first row of each period that has a bar, and the number of rows."""
    rows = np.append(np.searchsorted(date, openings), date.size)
    edges: NDArray[np.intp] = rows[np.append(np.diff(rows) > 0, True)]
    return edges


def _completed(column: str, values: Array, starts: NDArray[np.intp]) -> Array:
    """Give a column of all periods but the last, which alone is not complete."""
    if column == "close":
        return values[starts[1:] - 1]
    extreme = np.maximum if column == "high" else np.minimum
    completed: Array = extreme.reduceat(values, starts)[:-1]
    return completed


def _spread(values: Array, edges: NDArray[np.intp], needed: int) -> Array:
    """Give every bar the value of the period before its own, once `needed` bars have passed."""
    result = np.repeat(after_gap(values, 1), np.diff(edges))
    result[:needed] = np.nan
    return result


def _mondays(date: _Days) -> _Days:
    since_monday = (date[0].astype(np.int64) + 3) % 7
    return np.arange(date[0] - since_monday, date[-1] + 1, 7)


def _firsts(date: _Days) -> _Days:
    first, last = date[[0, -1]].astype("datetime64[M]")
    return np.arange(first, last + 1).astype("datetime64[D]")


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


def for_levels(window: int) -> int:
    """Give the completed periods that a window of periods needs."""
    return window


def for_changes(window: int) -> int:
    """Give the completed periods that a window of changes needs, the first of which is from the period before it."""
    return window + 1


weekly = functools.partial(_on_completed, "week", 5, _mondays)
weekly("ret_{window}", simple_return, periods=for_changes, windows=(1, 4), range=RETURN)
weekly("rsi_{window}", rsi, periods=for_changes, windows=(14,), range=PERCENT, source="TA-Lib RSI")
weekly("sma_dist_{window}", sma_distance, periods=for_levels, windows=(10,))
weekly("macd_12_26_9_hist_pct", macd_histogram, periods=34, source="TA-Lib MACD")
weekly("vol_{window}", volatility, periods=for_changes, windows=(26,), range=POSITIVE)
weekly("donchian_{window}", donchian_position, periods=for_levels, inputs=HLC, windows=(26,), range=SHARE)
weekly(("slope_{window}", "r2_{window}"), log_price_slope, periods=for_levels, windows=(52,))
weekly("up_share_{window}", up_share, periods=for_changes, windows=(26,), range=SHARE)
weekly("adx_{window}", adx, periods=lambda w: 2 * w, inputs=HLC, windows=(14,), range=PERCENT, source="TA-Lib ADX")

_FABER = "Faber (2007), Journal of Wealth Management 9(4)"
_GRINBLATT_MOSKOWITZ = "Grinblatt & Moskowitz (2004), Journal of Financial Economics 71(3)"

monthly = functools.partial(_on_completed, "month", 23, _firsts)
monthly("ret_{window}", simple_return, periods=for_changes, windows=(1,), range=RETURN)
monthly("rsi_{window}", rsi, periods=for_changes, windows=(12,), range=PERCENT, source="TA-Lib RSI")
monthly("sma_dist_{window}", sma_distance, periods=for_levels, windows=(10,), source=_FABER)
monthly("vol_{window}", volatility, periods=for_changes, windows=(12,), range=POSITIVE)
monthly("donchian_{window}", donchian_position, periods=for_levels, inputs=HLC, windows=(12,), range=SHARE)
monthly("up_share_{window}", up_share, periods=for_changes, windows=(12,), range=SHARE, source=_GRINBLATT_MOSKOWITZ)
