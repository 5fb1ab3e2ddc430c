"""Sizing without opinions: equal weights, inverse volatility, and a target for the portfolio's volatility."""

from typing import Annotated, Final

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.backtest.situation import Situation
from barograph.backtest.sizing.contract import row_by_row, shared
from barograph.typing import STRICT, Floats

Days = Annotated[int, Field(ge=3)]
_DAYS_PER_YEAR: Final = 252.0


@dataclass(frozen=True, config=STRICT)
class AsDecided:
    """Leave the weights as the strategy decides them."""

    def size(self, weights: Floats, at: Situation) -> Floats:  # noqa: ARG002
        """Give the weights; see :meth:`Sizing.size`."""
        return weights


@dataclass(frozen=True, config=STRICT)
class EqualWeights:
    """Give all names that are held the same absolute weight; gross exposure stays as decided."""

    def size(self, weights: Floats, at: Situation) -> Floats:  # noqa: ARG002
        """Size the weights; see :meth:`Sizing.size`."""
        return row_by_row(weights, lambda _, row: shared(row, np.ones(len(row))))


@dataclass(frozen=True, config=STRICT)
class InverseVolatility:
    """Weight names in proportion to one over their volatility; gross exposure stays as decided.

    Volatility is the standard deviation of the last `lookback` daily returns. A name that lacks some of them, or that
    did not move, counts with the largest volatility of the others held; without others, all names have the same weight.

    Parameters
    ----------
    lookback : int
        Trading days.
    """

    lookback: Days

    def size(self, weights: Floats, at: Situation) -> Floats:
        """Size the weights; see :meth:`Sizing.size`."""
        return row_by_row(weights, lambda row, decided: shared(decided, self._inverse(decided, at, row)))

    def _inverse(self, decided: Floats, at: Situation, row: int) -> Floats:
        returns, held = at.returns(row, self.lookback), decided != 0.0
        if len(returns) < self.lookback:
            return np.ones(len(decided))
        volatility = returns.std(axis=0, ddof=1)
        known = held & (volatility > 0.0)
        if not known.any():
            return np.ones(len(decided))
        result: Floats = 1.0 / np.where(known, volatility, volatility[known].max())
        return result


@dataclass(frozen=True, config=STRICT)
class VolatilityTarget:
    """Scale the portfolio so that its volatility is a target, as far as the account's leverage allows.

    The forecast is the standard deviation of what the decided weights would have earned on the last `lookback` dates. A
    portfolio with a name that lacks returns on those dates, or that did not move, stays as decided.

    Parameters
    ----------
    volatility : float
        Per year.
    lookback : int
        Trading days.
    """

    volatility: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    lookback: Days

    def size(self, weights: Floats, at: Situation) -> Floats:
        """Size the weights; see :meth:`Sizing.size`."""
        return row_by_row(weights, lambda row, decided: decided * self._scale(decided, at.returns(row, self.lookback)))

    def _scale(self, decided: Floats, returns: Floats) -> float:
        held = decided != 0.0
        if len(returns) < self.lookback or np.isnan(returns[:, held]).any():
            return 1.0
        forecast = float((returns[:, held] * decided[held]).sum(axis=1).std(ddof=1)) * np.sqrt(_DAYS_PER_YEAR)
        return self.volatility / forecast if forecast > 0.0 else 1.0
