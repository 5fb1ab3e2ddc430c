"""Pairs: bet that two prices which belong together come back to each other."""

from itertools import permutations
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.backtest.strategies.choice import due, filled
from barograph.backtest.strategies.contract import ByWeights, View
from barograph.typing import STRICT, Floats

_LAGS = 1
_NO_SPREAD = 1e-9


class Pair(NamedTuple):
    """Two cointegrated names by their places, and the regression of the first's log price on the second's.

    `deviation` is the residuals' standard deviation (ddof 1); `statistic` and `p_value` are of the Engle-Granger test.
    """

    first: int
    second: int
    intercept: float
    ratio: float
    deviation: float
    statistic: float
    p_value: float


@dataclass(frozen=True, config=STRICT)
class Pairs(ByWeights):
    """Sell the dear one and buy the cheap one of two names whose log prices are cointegrated.

    On a formation date, among the names with a close on all of the last `lookback` dates (gaps filled), the
    `candidates` pairs with the smallest squared distance between their log prices, each from 0 at the start, are
    tested: log prices are regressed on each other by least squares, and the residuals tested for a unit root (augmented
    Dickey-Fuller, one lag). Since the residuals are estimated, p-values are those of Engle and Granger's test; a
    Dickey-Fuller table would find too many pairs. Of both directions the one with the smaller statistic counts. At most
    `pairs` pairs with a p-value of at most `p_value` and a positive hedge ratio are traded until the next formation
    date, which closes all positions. Intercept, hedge ratio and standard deviation are those of the formation's window:
    nothing later changes them.

    The spread is the regression's residual in standard deviations. From `entry` on the first name is sold and the
    second bought, from ``-entry`` on the reverse; positions are closed when the spread is back within `exit`. Each pair
    has a gross exposure of ``1 / pairs``, divided between the names as 1 to the hedge ratio.

    Parameters
    ----------
    lookback : int
        Trading days of the window on which pairs are formed.
    formation_days : int
        Trading days between formations, counted from the first date.
    candidates, pairs : int
        How many pairs are tested, and how many are traded at most.
    p_value : float
        In (0, 1).
    entry, exit : float
        Standard deviations, ``exit < entry``.

    References
    ----------
    Engle, R. F., & Granger, C. W. J. (1987). Co-integration and error correction. Econometrica 55(2), 251-276.
    Gatev, E., Goetzmann, W. N., & Rouwenhorst, K. G. (2006). Pairs trading: performance of a relative-value arbitrage
    rule. Review of Financial Studies 19(3), 797-827.
    """

    lookback: Annotated[int, Field(ge=30)]
    formation_days: Annotated[int, Field(ge=1)]
    candidates: Annotated[int, Field(ge=1)]
    pairs: Annotated[int, Field(ge=1)]
    p_value: Annotated[float, Field(gt=0.0, lt=1.0)]
    entry: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    exit: Annotated[float, Field(ge=0.0, allow_inf_nan=False)]

    @model_validator(mode="after")
    def _closes_inside_the_entry(self) -> "Pairs":
        if self.exit >= self.entry:
            raise ValueError(f"exit is {self.exit:g}; it must be less than entry, {self.entry:g}")
        return self

    def weights(self, day: View) -> Floats | None:
        """Form pairs where it is time, and follow their spreads; see :meth:`ByWeights.weights`."""
        memory, close = day.memory, day.bars.close
        before: list[int] = memory.get("sides", [])
        if formed := due(day, self.formation_days):
            memory["pairs"] = self.form(day.history("close", self.lookback))
        sides = [0] * len(memory["pairs"]) if formed else before
        now = [self._side(pair, side, close) for pair, side in zip(memory["pairs"], sides, strict=True)]
        memory["sides"] = now
        if not any(before + now) or (now == before and not formed):
            return None
        weights = np.zeros(len(close))
        for pair, side in zip(memory["pairs"], now, strict=True):
            leg = side / (self.pairs * (1.0 + pair.ratio))
            weights[pair.first] += leg
            weights[pair.second] -= leg * pair.ratio
        return weights

    def form(self, closes: Floats) -> list[Pair]:
        """Choose the pairs from a window of closes, shape (dates, N); the most certain first."""
        closes = filled(closes)
        if len(closes) < self.lookback:
            return []
        names = np.flatnonzero(~np.isnan(closes).any(axis=0))
        log = np.log(closes[:, names])
        path = log - log[:1]
        first, second = np.triu_indices(len(names), 1)
        size = (path**2).sum(axis=0)
        distance = size[first] + size[second] - 2.0 * (path.T @ path)[first, second]
        found = []
        for place in np.argsort(distance, kind="stable")[: self.candidates]:
            both = permutations((int(first[place]), int(second[place])))
            pair = min((_regressed(log, a, b) for a, b in both), key=lambda pair: pair.statistic)
            if pair.ratio > 0.0 and pair.p_value <= self.p_value:
                found.append(pair._replace(first=int(names[pair.first]), second=int(names[pair.second])))
        return sorted(found, key=lambda pair: pair.statistic)[: self.pairs]

    def _side(self, pair: Pair, side: int, close: Floats) -> int:
        """Give 1 where the first name is held and the second sold, -1 for the reverse, 0 for neither."""
        first, second = float(close[pair.first]), float(close[pair.second])
        if np.isnan(first) or np.isnan(second):
            return side
        spread = (np.log(first) - pair.intercept - pair.ratio * np.log(second)) / pair.deviation
        if abs(spread) >= self.entry:
            return -1 if spread > 0.0 else 1
        return 0 if side * spread >= -self.exit else side


def _regressed(log: Floats, a: int, b: int) -> Pair:
    from statsmodels.tsa.stattools import coint

    y, x = log[:, a], log[:, b]
    deviation = x - x.mean()
    variance = float(deviation @ deviation)
    ratio = float(deviation @ y) / variance if variance > _NO_SPREAD else 0.0
    intercept = float(y.mean() - ratio * x.mean())
    residual = y - intercept - ratio * x
    spread = float(residual.std(ddof=1))
    statistic, p_value = np.inf, 1.0
    if min(spread, variance) > _NO_SPREAD:
        statistic, p_value, _ = coint(y, x, trend="c", maxlag=_LAGS, autolag=None)
    return Pair(a, b, intercept, ratio, spread, float(statistic), float(p_value))
