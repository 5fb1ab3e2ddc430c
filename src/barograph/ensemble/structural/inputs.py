"""What the structural baseline knows of a symbol at a close: eleven figures of past volatility."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from barograph.labels.barriers import Barriers
from barograph.typing import Dates, Floats

INPUTS: Final = (
    *("rms_5", "rms_63", "rms_252", "nojump", "echo", "level", "leverage_21", "index_leverage_5"),
    *("mean_rms_5", "mean_rms_63", "mean_rms_252"),
)
_AVERAGED: Final = 3
_SCALE_WINDOW: Final = 20
# A symbol whose daily returns deviate less has no volatility to forecast.
_SMALLEST_SCALE: Final = 1e-6
# A volatility counts as at least this share of the scale, so that a few days without a move have a logarithm.
_SMALLEST_SHARE: Final = 0.05
# About what the daily returns of a large stock deviate; it only moves the constant of the regression.
_USUAL_SCALE: Final = 0.02
_MONTH: Final = 21
_QUARTER: Final = 63
_QUARTERS: Final = 4
_WEEK: Final = 5
_SMALLEST_SQUARES: Final = 1e-12


@dataclass(frozen=True)
class Observations:
    """The inputs of every symbol on every date, and what came of them; T dates, N symbols.

    Attributes
    ----------
    inputs : array of shape (11, T, N)
        In the order of `INPUTS`; NaN where one is missing.
    outcome : array of shape (T, N)
        Log of the volatility of the label's life over the scale, the symbol's volatility of the last 20 returns; NaN
        where the life is not complete.
    life_end : datetime64 array of shape (T, N)
        The last date of the life; NaT where it is not complete.
    to_barriers : array of shape (T, N)
        What turns a log volatility over the scale into one over the barriers: the log of the scale, times the square
        root of the horizon, over the geometric mean of the two distances.
    """

    inputs: Floats
    outcome: Floats
    life_end: Dates
    to_barriers: Floats


def observe(closes: pd.DataFrame, index_close: "pd.Series[float]", barriers: Barriers) -> Observations:
    """Compute the inputs, date by symbol, from closes of which NaN is none; they use nothing after their date.

    A symbol's returns go from one of its own closes to the next, as the horizon of its label does.
    """
    dates, shape = closes.index.to_numpy(), closes.shape
    inputs = np.full((len(INPUTS), *shape), np.nan)
    outcome, to_barriers = np.full(shape, np.nan), np.full(shape, np.nan)
    life_end = np.full(shape, np.datetime64("NaT"), dates.dtype)
    own = len(INPUTS) - _AVERAGED - 1
    for column, close in enumerate(closes.to_numpy(np.float64).T):
        bars = np.flatnonzero(np.isfinite(close))
        if bars.size < 2:
            continue
        symbol = _Symbol(close[bars], barriers)
        inputs[:own, bars[1:], column] = symbol.inputs()
        outcome[bars[1:], column] = symbol.outcome()
        to_barriers[bars[1:], column] = symbol.to_barriers()
        life_end[bars[: -barriers.horizon], column] = dates[bars[barriers.horizon :]]
    inputs[own] = _index_leverage(index_close).reindex(closes.index).to_numpy()[:, None]
    inputs[own + 1 :] = _mean_of_those_there(inputs[:_AVERAGED], axis=-1)[..., None]
    return Observations(inputs, outcome, life_end, to_barriers)


class _Symbol:
    """Figures of one symbol, a value for each of its m returns."""

    def __init__(self, close: Floats, barriers: Barriers) -> None:
        self.returns = np.diff(np.log(close))
        self.squares = self.returns**2
        deviation = _windows(self.returns, _SCALE_WINDOW).std(axis=-1, ddof=1)
        deviation[: _SCALE_WINDOW - 1] = np.nan
        self.scale = np.where(deviation >= _SMALLEST_SCALE, deviation, np.nan)
        self.horizon = barriers.horizon
        upper, lower = barriers.distances(close)
        self.distance = np.sqrt(upper * lower)[1:]

    def inputs(self) -> Floats:
        """Give the first seven of `INPUTS`, shape (7, m)."""
        short, middle, long = (self._relative(self._rms(days)) for days in (_WEEK, _QUARTER, 252))
        month = _windows(self.squares, _MONTH)
        others = np.maximum(month.sum(axis=-1) - month.max(axis=-1), _SMALLEST_SQUARES)
        others[: _MONTH - 1] = np.nan
        nojump = np.log(np.sqrt(others / (_MONTH - 1)) / self.scale)
        moved = _mean(self.returns, _MONTH) * _MONTH
        leverage = np.minimum(moved / (self.scale * np.sqrt(_MONTH)), 0.0)
        echo = self._relative(self._echo())
        echo = np.where(np.isnan(echo), middle, echo)
        return np.stack([short, middle, long, nojump, echo, np.log(self.scale / _USUAL_SCALE), leverage])

    def outcome(self) -> Floats:
        return self._relative(np.sqrt(_delayed(_mean(self.squares, self.horizon), -self.horizon)))

    def to_barriers(self) -> Floats:
        logs: Floats = np.log(self.scale * np.sqrt(self.horizon) / self.distance)
        return logs

    def _rms(self, days: int) -> Floats:
        return np.sqrt(_mean(self.squares, days, at_least=min(days, _SCALE_WINDOW)))

    def _echo(self) -> Floats:
        """Give the volatility of the coming days one to four quarters ago; NaN where that is before the history."""
        # After a longer life than a quarter the days of a quarter ago would not have happened yet.
        days = min(self.horizon, _QUARTER)
        squares = _mean(self.squares, days)
        past = np.stack([_delayed(squares, _QUARTER * k - days) for k in range(1, _QUARTERS + 1)])
        return np.sqrt(_mean_of_those_there(past, axis=0))

    def _relative(self, volatility: Floats) -> Floats:
        logs: Floats = np.log(np.maximum(volatility, _SMALLEST_SHARE * self.scale) / self.scale)
        return logs


def _index_leverage(index_close: "pd.Series[float]") -> "pd.Series[float]":
    """Give the fall of the index over a week in units of its own volatility; zero where it rose."""
    returns = np.diff(np.log(index_close.to_numpy(np.float64)))
    volatility = np.sqrt(_mean(returns**2, _QUARTER))
    volatility = np.where(volatility > 0, volatility, np.nan)
    fall = np.minimum(_mean(returns, _WEEK) * _WEEK / (volatility * np.sqrt(_WEEK)), 0.0)
    return pd.Series(fall, index_close.index[1:])


def _mean_of_those_there(values: Floats, axis: int) -> Floats:
    there = ~np.isnan(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    means: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return means


def _windows(values: Floats, days: int) -> Floats:
    """Give the last `days` values of each, shape (m, days), with zeros before the first."""
    return np.lib.stride_tricks.sliding_window_view(np.concatenate([np.zeros(days - 1), values]), days)


def _mean(values: Floats, days: int, at_least: int | None = None) -> Floats:
    """Average the last `days` values; NaN where there are fewer than `at_least`, by default than all of them."""
    count = np.minimum(np.arange(1, values.size + 1), days)
    return np.where(count >= (at_least or days), _windows(values, days).sum(axis=-1) / count, np.nan)


def _delayed(values: Floats, days: int) -> Floats:
    """Give each the value of so many days before, or after it if `days` is negative; NaN where there is none."""
    moved = np.full(values.size, np.nan)
    if 0 <= days < values.size:
        moved[days:] = values[: values.size - days]
    elif 0 < -days < values.size:
        moved[:days] = values[-days:]
    return moved
