"""Caps on names, sectors, strategies, gross and net exposure, and on positions by the volume traded."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.backtest.engine.brakes import TOLERANCE
from barograph.backtest.risk.contract import PORTFOLIO, UNMET, Breach, Overlay, capped, whole
from barograph.backtest.situation import Situation
from barograph.errors import InputError
from barograph.typing import STRICT, Floats

Exposure = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


@dataclass(frozen=True, config=STRICT)
class LiquidityLimit(Overlay):
    """Cap each position by the value that trades.

    A position is at most ``participation * days`` times the mean value traded per day: what `days` days suffice to
    sell at that share of the volume.

    Parameters
    ----------
    participation : float
        Share of the volume, in (0, 1].
    days : int
    lookback : int
        Trading days of the mean value traded, closes times volume; those without volume do not count.
    """

    place: ClassVar[int] = 1
    needs_equity: ClassVar[bool] = True

    participation: Annotated[float, Field(gt=0.0, le=1.0)]
    days: Annotated[int, Field(ge=1)]
    lookback: Annotated[int, Field(ge=1)]

    def limit(self, weights: Floats, at: Situation) -> tuple[Floats, Sequence[Breach]]:
        """Reduce positions; see :meth:`Overlay.limit`. A name without any volume in the lookback is refused."""
        assert at.equity is not None
        caps = np.full(weights.shape, np.inf)
        for row, place in enumerate(at.places):
            days = slice(max(0, int(place) - self.lookback + 1), int(place) + 1)
            traded = at.read("close")[days] * at.read("volume")[days]
            known = (~np.isnan(traded)).sum(axis=0)
            unknown = (known == 0) & (weights[row] != 0.0)
            if unknown.any():
                name = at.known.symbols[np.argmax(unknown)]
                raise InputError(
                    f"liquidity limit: {name} has no volume in {self.lookback} dates; its value is unknown"
                )
            mean = np.nansum(traded, axis=0) / np.maximum(known, 1)
            caps[row] = np.where(known > 0, self.participation * self.days * mean / at.equity[row], np.inf)
        return capped(weights, np.arange(weights.shape[1]), at.known.symbols, caps, at)


@dataclass(frozen=True, config=STRICT)
class SingleNameLimit(Overlay):
    """Cap the absolute weight of each name.

    Parameters
    ----------
    most : float
        Share of equity. What is cut is not given to other names.
    """

    place: ClassVar[int] = 2

    most: Exposure

    def limit(self, weights: Floats, at: Situation) -> tuple[Floats, Sequence[Breach]]:
        """Reduce names; see :meth:`Overlay.limit`."""
        caps = np.full((1, weights.shape[1]), self.most)
        return capped(weights, np.arange(weights.shape[1]), at.known.symbols, caps, at)


@dataclass(frozen=True, config=STRICT)
class SectorLimit(Overlay):
    """Cap the gross exposure of each sector.

    Parameters
    ----------
    most : float
        Share of equity, of every sector that `sectors` does not name. A name without a sector has no such limit.
    sectors : dict of str to float
        Other limits, by sector.
    """

    place: ClassVar[int] = 4

    most: Exposure
    sectors: dict[str, Exposure]

    def limit(self, weights: Floats, at: Situation) -> tuple[Floats, Sequence[Breach]]:
        """Reduce sectors; see :meth:`Overlay.limit`. A sector in `sectors` that no name has is refused."""
        of_name = at.sectors()
        names = np.array(sorted({name for name in of_name if name is not None}), dtype=object)
        if unknown := sorted(set(self.sectors) - set(names)):
            raise InputError(f"sector limit: no name is in the sector {unknown[0]!r}; there are {', '.join(names)}")
        places = {name: place for place, name in enumerate(names)}
        codes = np.array([places.get(name, -1) for name in of_name], np.int64)
        caps = np.array([[self.sectors.get(name, self.most) for name in names]])
        return capped(weights, codes, names, caps, at)


@dataclass(frozen=True, config=STRICT)
class NetLimit(Overlay):
    """Keep long minus short exposure between two limits, by reducing the side that is too large.

    A limit that can only be met by buying is not met: the record says so.

    Parameters
    ----------
    low, high : float
        Shares of equity.
    """

    place: ClassVar[int] = 5

    low: Annotated[float, Field(allow_inf_nan=False)]
    high: Annotated[float, Field(allow_inf_nan=False)]

    @model_validator(mode="after")
    def _ordered(self) -> "NetLimit":
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}")
        return self

    def limit(self, weights: Floats, at: Situation) -> tuple[Floats, Sequence[Breach]]:
        """Reduce one side; see :meth:`Overlay.limit`."""
        from barograph.backtest.risk.kernels import sides

        long, short = sides(weights)
        net, slack = long - short, TOLERANCE * np.maximum(long + short, 1.0)
        high, low = (net > self.high + slack) & (long > 0.0), (net < self.low - slack) & (short > 0.0)
        rows = np.flatnonzero(high | low)
        if not len(rows):
            return weights, []
        longs = np.divide(np.maximum(self.high + short, 0.0), long, out=np.ones(len(net)), where=high)
        shorts = np.divide(np.maximum(long - self.low, 0.0), short, out=np.ones(len(net)), where=low)
        result = np.where(weights > 0.0, weights * longs[:, None], weights * shorts[:, None])
        limits = np.where(high, self.high, self.low)[rows]
        return result, [Breach(at.places[rows], np.repeat(PORTFOLIO, len(rows)), net[rows], limits)]

    def unmet(self, weights: Floats, at: Situation) -> Sequence[Breach]:
        """Give the rows outside the limits."""
        from barograph.backtest.risk.kernels import sides

        long, short = sides(weights)
        net, slack = long - short, TOLERANCE * np.maximum(long + short, 1.0)
        high, low = net > self.high + slack, net < self.low - slack
        rows = np.flatnonzero(high | low)
        limits = np.where(high, self.high, self.low)[rows]
        subjects = np.repeat(PORTFOLIO, len(rows))
        return [Breach(at.places[rows], subjects, net[rows], limits, UNMET)] if len(rows) else []


@dataclass(frozen=True, config=STRICT)
class StrategyLimit(Overlay):
    """Cap the gross exposure of single strategies.

    Parameters
    ----------
    strategies : dict of str to float
        Share of equity by the name of the strategy or predictor that is traded; others have no such limit.
    """

    place: ClassVar[int] = 8

    strategies: dict[str, Exposure]

    def limit(self, weights: Floats, at: Situation) -> tuple[Floats, Sequence[Breach]]:
        """Reduce the portfolio; see :meth:`Overlay.limit`."""
        return whole(weights, np.array([self.strategies.get(at.known.portfolio, np.inf)]), at)


@dataclass(frozen=True, config=STRICT)
class GrossLimit(Overlay):
    """Cap gross exposure, the sum of absolute weights.

    Parameters
    ----------
    most : float
        Share of equity.
    """

    place: ClassVar[int] = 9

    most: Exposure

    def limit(self, weights: Floats, at: Situation) -> tuple[Floats, Sequence[Breach]]:
        """Reduce the portfolio; see :meth:`Overlay.limit`."""
        return whole(weights, np.array([self.most]), at)
