"""Regimes from the level of the VIX and the path of the index."""

from dataclasses import dataclass as plain_dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.typing import STRICT, Floats

Days = Annotated[int, Field(ge=1)]
Level = Annotated[float, Field(gt=0)]


@plain_dataclass
class _Memory:
    """The state that the rules keep from date to date; positions count trading days."""

    last_trigger: int | None = None
    trough: float = np.inf
    recovering: bool = False
    locked: bool = False


@dataclass(frozen=True, config=STRICT)
class VixPriceRegimes:
    """Five regimes from VIX closes and index closes, causal; the first rule that applies wins.

    A *trigger* is a VIX above `crash_vix` or a *hard* one: a simple index return over `return_days` of `crash_return`
    or less. A trigger more than `episode_days` after the last one opens a crash episode, whose trough is the lowest
    close since. *Recovery* switches on when the index has gained `recovery_return` within `memory_days` of the last
    trigger while the VIX is still at least `high_vix`; a VIX below that ends and locks it until a hard trigger, or a
    trigger outside a recovery, unlocks it. It also ends on a hard trigger, a new low, a close below `trough_margin`
    times the trough, a new episode, or when the memory has run out.

    Parameters
    ----------
    crash_vix, high_vix, normal_vix : float
        VIX levels, in volatility points: above the first is `crash`, from the second up `high_volatility`, from the
        third up `normal`, below it `low_volatility`.
    crash_return, recovery_return : float
        Simple index returns over `return_days`.
    return_days, episode_days, memory_days : int
        Trading days.
    trough_margin : float
        Multiple of the trough's close.

    Warnings
    --------
    A regime describes the past of its date; that crash days follow crash days is persistence, not a forecast.
    """

    crash_vix: Level = 35.0
    high_vix: Level = 25.0
    normal_vix: Level = 15.0
    crash_return: Annotated[float, Field(gt=-1, lt=0)] = -0.15
    recovery_return: Annotated[float, Field(gt=0)] = 0.10
    return_days: Days = 10
    episode_days: Days = 63
    memory_days: Days = 126
    trough_margin: Annotated[float, Field(ge=1)] = 1.05

    @model_validator(mode="after")
    def _levels_ascend(self) -> "VixPriceRegimes":
        if not self.normal_vix < self.high_vix < self.crash_vix:
            raise ValueError("the levels must ascend: normal_vix < high_vix < crash_vix")
        return self

    def label(self, index_close: Floats, vix: Floats) -> NDArray[np.str_]:
        """Name the regime of every date.

        Parameters
        ----------
        index_close : array of shape (T,)
            Index closes, positive and finite.
        vix : array of shape (T,)
            VIX closes; a missing one (NaN) is carried forward, the first must be known.

        Returns
        -------
        array of shape (T,)
            Regime names; entry *t* depends on entries up to *t* alone.

        Raises
        ------
        InputError
            If the shapes differ, a close is not positive and finite, or the first VIX is missing.
        """
        return np.asarray(self.describe(index_close, vix)["regime"], dtype=np.str_)

    def describe(self, index_close: Floats, vix: Floats) -> pd.DataFrame:
        """Name the regime of every date as :meth:`label` does, the rule that fired and the values that it looked at.

        The columns are `regime`, `rule`, `vix` (carried forward), `index_return_10` (the simple return over
        `return_days`, NaN at first) and `drawdown` (from the highest close so far, zero or negative).
        """
        close, level = _checked(index_close, vix)
        past = np.full(close.shape, np.nan)
        past[self.return_days :] = close[self.return_days :] / close[: -self.return_days] - 1.0
        memory = _Memory()
        fired = [self._step(memory, *row) for row in zip(range(close.size), close, level, past, strict=True)]
        return pd.DataFrame(
            {
                "regime": [regime for regime, _ in fired],
                "rule": [rule for _, rule in fired],
                "vix": level,
                "index_return_10": past,
                "drawdown": close / np.maximum.accumulate(close) - 1.0,
            }
        )

    @without_time_zones
    def table(self, context: pd.DataFrame) -> pd.DataFrame:
        """Describe every date of the context, sorted by date, from the first known VIX on; earlier dates have no row.

        Gives `date` and the columns of :meth:`describe`. Raises InputError as :meth:`label`, and if the VIX is never
        known.
        """
        known = np.flatnonzero(context["vix"].notna())
        if not known.size:
            raise InputError("context: vix has no value; a regime needs one")
        since = context.iloc[known[0] :].reset_index(drop=True)
        described = self.describe(since["index_close"].to_numpy(), since["vix"].to_numpy())
        described.insert(0, "date", since["date"])
        return described

    def _step(self, memory: _Memory, day: int, close: float, vix: float, past: float) -> tuple[str, str]:
        hard = past <= self.crash_return
        trigger = hard or vix > self.crash_vix
        age = np.inf if memory.last_trigger is None else day - memory.last_trigger
        opens = trigger and age > self.episode_days
        new_low = close < memory.trough
        memory.trough = close if opens else min(memory.trough, close)
        if hard or (trigger and not memory.recovering):
            memory.locked = False
        if trigger:
            memory.last_trigger, age = day, 0
        if memory.recovering and vix < self.high_vix:
            memory.locked = True
        ends = vix < self.high_vix or hard or new_low or opens or close < self.trough_margin * memory.trough
        if memory.recovering and (ends or age > self.memory_days):
            memory.recovering = False
        begins = past >= self.recovery_return and age <= self.memory_days and vix >= self.high_vix
        if begins and not hard and not memory.locked:
            memory.recovering = True
        return self._regime(memory.recovering, hard, vix)

    def _regime(self, recovering: bool, hard: bool, vix: float) -> tuple[str, str]:
        if recovering:
            return "recovery", "rebound"
        if hard:
            return "crash", "index_fall"
        if vix > self.crash_vix:
            return "crash", "vix_crash"
        if vix >= self.high_vix:
            return "high_volatility", "vix_high"
        if vix >= self.normal_vix:
            return "normal", "vix_normal"
        return "low_volatility", "vix_low"


def _checked(index_close: Floats, vix: Floats) -> tuple[Floats, Floats]:
    close = np.asarray(index_close, dtype=np.float64)
    level = np.asarray(vix, dtype=np.float64)
    if close.ndim != 1 or close.shape != level.shape or not close.size:
        raise InputError(f"index_close and vix: need a value per date; found shapes {close.shape} and {level.shape}")
    bad = ~(np.isfinite(close) & (close > 0))
    if bad.any():
        row = int(bad.argmax())
        raise InputError(f"index_close: row {row} is {close[row]}; closes must be positive and finite")
    if np.isnan(level[0]):
        raise InputError("vix: row 0 is missing; the first VIX must be known, later gaps are carried forward")
    known = np.maximum.accumulate(np.where(np.isnan(level), 0, np.arange(level.size)))
    return close, level[known]
