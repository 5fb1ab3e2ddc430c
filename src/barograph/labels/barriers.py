"""The triple-barrier method: sell, hold or buy by the barrier that the next closes reach first."""

from typing import Annotated, Final, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.labels.uniqueness import average_uniqueness
from barograph.typing import STRICT, Floats, Ints

SELL: Final = 0
HOLD: Final = 1
BUY: Final = 2
UNLABELLED: Final = -1
# A relative tolerance of prices, so that a move of exactly 10 % in cents reaches 10 %, whatever its last bit.
_TOLERANCE: Final = 1e-12
_REASONS: Final = np.array(["lower", "time", "upper"])

Bars = Annotated[int, Field(ge=1)]


class Barriers(Protocol):
    """The distances of the barriers of each bar."""

    @property
    def horizon(self) -> int:
        """Bars after which the label is decided in any case."""

    def distances(self, close: Floats) -> tuple[Floats, Floats]:
        """Give the upper and the lower distance of each bar as simple returns, shapes (T,); NaN for no label."""


@dataclass(frozen=True, config=STRICT)
class FixedBarrier:
    """Barriers at the same simple return for every bar.

    Warnings
    --------
    Class shares follow volatility: in calm markets most labels are hold, in crashes few are. Read scores on such
    labels beside base rates only.

    Parameters
    ----------
    horizon : int
        Bars of the symbol itself.
    upper, lower : float
        Distances as simple returns, both positive.
    """

    horizon: Bars
    upper: Annotated[float, Field(gt=0)]
    lower: Annotated[float, Field(gt=0, lt=1)]

    def distances(self, close: Floats) -> tuple[Floats, Floats]:
        """Give the upper and the lower distance, shapes (T,), the same for every bar."""
        return np.full(close.shape, self.upper), np.full(close.shape, self.lower)


@dataclass(frozen=True, config=STRICT)
class VolatilityBarrier:
    """Barriers at a multiple of the volatility known at the bar's close.

    The distance is ``width * s * sqrt(horizon)`` with *s* the standard deviation (ddof 1) of the last `window` daily
    log returns up to that close, so class shares are about the same in calm and in storm.

    Parameters
    ----------
    horizon : int
        Bars of the symbol itself.
    width : float
        Multiple of the volatility over the horizon.
    window : int
        Daily log returns in the estimate; the first `window` bars have no label, nor has a bar after `window` bars
        without any move.
    """

    horizon: Bars
    width: Annotated[float, Field(gt=0)]
    window: Annotated[int, Field(ge=2)]

    def distances(self, close: Floats) -> tuple[Floats, Floats]:
        """Give the upper and the lower distance, shapes (T,); NaN for the first `window` bars."""
        distance = np.full(close.shape, np.nan)
        if close.size > self.window:
            returns = np.diff(np.log(close))
            windows = np.lib.stride_tricks.sliding_window_view(returns, self.window)
            volatility = windows.std(axis=1, ddof=1)
            distance[self.window :] = self.width * np.where(volatility > 0, volatility, np.nan) * np.sqrt(self.horizon)
        return distance, distance


class _Touches(NamedTuple):
    """Each bar's first touch (its label, or -1 without barriers), and the bar on which it happened or would happen."""

    outcome: NDArray[np.int8]
    bar: Ints


def triple_barrier(
    close: ArrayLike, *, horizon: int = 14, upper: ArrayLike = 0.10, lower: ArrayLike = 0.05
) -> tuple[NDArray[np.int8], Ints, Floats]:
    """Label every bar by the barrier that the next `horizon` closes reach first.

    Parameters
    ----------
    close : array of shape (T,)
        Closes of one symbol, positive and finite.
    horizon : int
        Bars after which the outcome is hold.
    upper, lower : float or array of shape (T,)
        Distances as positive simple returns; reaching one exactly, to 1e-12 of the price, counts. NaN leaves the bar
        without a label.

    Returns
    -------
    label : int8 array of shape (T,)
        0 sell (lower first), 1 hold (neither), 2 buy (upper first), -1 where the horizon is not complete, also where
        a barrier was touched early: else the newest labels would all be touches.
    exit_index : int64 array of shape (T,)
        The bar on which the label becomes known; -1 without a label.
    exit_return : float64 array of shape (T,)
        Simple return from the bar's close to the exit's close; NaN without a label.

    Raises
    ------
    InputError
        If a close is not positive and finite, a distance is not positive, or the horizon is less than 1.

    References
    ----------
    López de Prado, M. (2018), *Advances in Financial Machine Learning*, ch. 3.4.
    """
    prices = np.asarray(close, dtype=np.float64)
    touches = _first_touches(prices, horizon, np.asarray(upper, np.float64), np.asarray(lower, np.float64))
    return _labels(prices, touches, horizon)


@without_time_zones
def label_bars(bars: pd.DataFrame, barriers: Barriers) -> pd.DataFrame:
    """Label a bars table, sorted by symbol and date: give the labels table, a row for each labelled bar.

    The horizon counts the bars of the symbol. `uniqueness` counts the labels still open at the data's end too, so that
    more history changes no row.
    """
    tables = [_label_symbol(rows, barriers) for _, rows in bars.groupby("symbol", sort=True)]
    return pd.concat(tables, ignore_index=True)


def _label_symbol(bars: pd.DataFrame, barriers: Barriers) -> pd.DataFrame:
    close = bars["close"].to_numpy(np.float64)
    upper, lower = barriers.distances(close)
    touches = _first_touches(close, barriers.horizon, upper, lower)
    label, exit_index, exit_return = _labels(close, touches, barriers.horizon)
    open_rows = np.flatnonzero(touches.outcome != UNLABELLED)
    uniqueness = np.full(close.shape, np.nan)
    uniqueness[open_rows] = average_uniqueness(open_rows, touches.bar[open_rows], close.size)
    known = label != UNLABELLED
    dates = bars["date"].to_numpy()
    return pd.DataFrame(
        {
            "symbol": bars["symbol"].to_numpy()[known],
            "date": dates[known],
            "label": label[known],
            "exit_date": dates[exit_index[known]],
            "exit_reason": _REASONS[touches.outcome[known]],
            "exit_return": exit_return[known],
            "uniqueness": uniqueness[known],
        }
    )


def _first_touches(close: Floats, horizon: int, upper: Floats, lower: Floats) -> _Touches:
    _check(close, horizon, upper, lower)
    n = close.size
    up, down = np.broadcast_to(upper, (n,)), np.broadcast_to(lower, (n,))
    undecided = np.isfinite(up) & np.isfinite(down)
    outcome = np.where(undecided, HOLD, UNLABELLED).astype(np.int8)
    index = np.minimum(np.arange(n) + horizon, n - 1)
    for ahead in range(1, min(horizon, n - 1) + 1):
        ratio = close[ahead:] / close[:-ahead]
        above = ratio >= (1.0 + up[:-ahead]) * (1.0 - _TOLERANCE)
        below = ratio <= (1.0 - down[:-ahead]) * (1.0 + _TOLERANCE)
        for side, hit in ((BUY, above), (SELL, below)):
            rows = np.flatnonzero(hit & undecided[:-ahead])
            outcome[rows], index[rows], undecided[rows] = side, rows + ahead, False
    return _Touches(outcome, index)


def _labels(close: Floats, touches: _Touches, horizon: int) -> tuple[NDArray[np.int8], Ints, Floats]:
    known = (touches.outcome != UNLABELLED) & (np.arange(close.size) + horizon < close.size)
    label = np.where(known, touches.outcome, UNLABELLED).astype(np.int8)
    exit_index = np.where(known, touches.bar, UNLABELLED)
    exit_return = np.where(known, close[touches.bar] / close - 1.0, np.nan)
    return label, exit_index, exit_return


def _check(close: Floats, horizon: int, upper: Floats, lower: Floats) -> None:
    if horizon < 1:
        raise InputError(f"horizon: {horizon}; it must be at least 1 bar")
    bad = ~(np.isfinite(close) & (close > 0))
    if bad.any():
        row = int(bad.argmax())
        raise InputError(f"close: row {row} is {close[row]}; closes must be positive and finite")
    for name, distance in (("upper", upper), ("lower", lower)):
        if (distance < 0).any() or (distance.ndim == 0 and not distance > 0):
            raise InputError(f"{name}: {np.nanmin(distance)}; a barrier's distance must be a positive return")
