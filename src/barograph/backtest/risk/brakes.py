"""Brakes: limits on gross exposure by the account's record, which act on every date, with or without a decision."""

from datetime import date
from math import exp, log
from typing import Annotated, Any, Final, Protocol

import numpy as np
from pydantic import AfterValidator, Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.backtest.engine import brakes
from barograph.backtest.risk.limits import Exposure
from barograph.typing import STRICT

Share = Annotated[float, Field(gt=0.0, lt=1.0)]


class Brake(Protocol):
    """Limits gross exposure by what the account has earned."""

    def record(self) -> Any:
        """Give the record of the brake that the engine works on; see :data:`barograph.backtest.engine.brakes.BRAKE`."""


@dataclass(frozen=True, config=STRICT)
class VolatilityBrake:
    r"""Cap gross exposure where the account's volatility is high.

    The limit is :math:`L / \sigma`, with *L* the `level` and :math:`\sigma` the volatility per unit of exposure: of
    the account's daily returns, each over the gross exposure at the close before, exponentially weighted. It counts
    while it is below `most`. Dates without exposure tell nothing.

    Parameters
    ----------
    level : float
        Volatility per year that the account may have.
    half_life : float
        Trading days.
    days : int
        Returns before the brake counts.
    most : float
        Gross exposure.
    """

    level: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    half_life: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    days: Annotated[int, Field(ge=2)]
    most: Exposure

    def record(self) -> Any:
        """Give the record of the brake; see :class:`Brake`."""
        decay = exp(-log(2.0) / self.half_life)
        return _record(brakes.VOLATILITY, days=self.days, first=self.level, second=decay, most=self.most)


@dataclass(frozen=True, config=STRICT)
class DrawdownBrake:
    """Cap gross exposure by the account's drawdown from its highest equity at a close.

    Up to `start` there is no limit; from there the limit falls in a line from `most` to `least`, which it reaches at
    `full`.

    Parameters
    ----------
    start, full : float
        Drawdowns, positive.
    least, most : float
        Gross exposures. With a `least` of 0 an account that has reached `full` never trades again; an
        :class:`EmergencyStop` can be released.
    """

    start: Share
    full: Share
    least: Exposure
    most: Exposure

    @model_validator(mode="after")
    def _ordered(self) -> "DrawdownBrake":
        if not self.start < self.full or not self.least <= self.most:
            raise ValueError("start < full and least <= most are required")
        return self

    def record(self) -> Any:
        """Give the record of the brake; see :class:`Brake`."""
        return _record(brakes.DRAWDOWN, first=self.start, second=self.full, least=self.least, most=self.most)


def _is_date(text: str) -> str:
    date.fromisoformat(text)
    return text


@dataclass(frozen=True, config=STRICT)
class EmergencyStop:
    """Close everything at the next bar, cancel all orders, and stay in cash until released.

    It stops at a close at which the drawdown or the loss of the day is reached. A release counts at the close of its
    date: what is decided at that close is traded again, and the drawdown is counted from that equity on. A release
    while nothing is stopped does nothing but this.

    Parameters
    ----------
    drawdown : float
        From the highest equity at a close, since the last release.
    daily_loss : float
        From one close to the next.
    released : list of str
        Dates, such as ``2009-06-01``; one that is no trading day counts at the next.
    """

    drawdown: Share
    daily_loss: Share
    released: list[Annotated[str, AfterValidator(_is_date)]]

    def record(self) -> Any:
        """Give the record of the brake; see :class:`Brake`."""
        return _record(brakes.STOP, first=self.drawdown, second=self.daily_loss)


# The order in which brakes are named where several set the same limit.
BRAKES: Final = (VolatilityBrake, DrawdownBrake, EmergencyStop)


def _record(kind: int, **values: float) -> Any:
    record = np.zeros(1, brakes.BRAKE)
    record["kind"] = kind
    for name, value in values.items():
        record[name] = value
    return record
