"""Caps by correlation and beta: of clusters, by the mean correlation of what is held, and on the portfolio's beta.

What is measured is measured anew every `every` dates, counted from the first date of the bars, and kept in between.
"""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.backtest.engine.brakes import TOLERANCE
from barograph.backtest.risk.contract import PORTFOLIO, WARNING, Breach, Overlay, capped, whole
from barograph.backtest.risk.limits import Exposure
from barograph.backtest.situation import Situation
from barograph.errors import InputError
from barograph.typing import STRICT, Floats, Ints

Correlation = Annotated[float, Field(gt=-1.0, le=1.0)]
Days = Annotated[int, Field(ge=3)]
Every = Annotated[int, Field(ge=1)]


def correlations(at: Situation, row: int, lookback: int, every: int) -> Floats:
    """Give the correlation matrix (N, N) of daily returns as it was last measured at or before a row's date.

    NaN for a name that lacks returns in the lookback or never moved.
    """
    place = at.updated(row, every)

    def measured() -> Floats:
        returns = at.returns_at(place, lookback)
        if len(returns) < lookback:
            return np.full((returns.shape[1],) * 2, np.nan)
        centred = returns - returns.mean(axis=0)
        deviation = np.sqrt((centred**2).sum(axis=0))
        unit = centred / np.where(deviation > 0.0, deviation, np.nan)
        matrix = np.nan_to_num(unit).T @ np.nan_to_num(unit)
        missing = np.isnan(unit).any(axis=0)
        matrix[missing], matrix[:, missing] = np.nan, np.nan
        return np.asarray(matrix)

    found: Floats = at.once(("correlations", lookback, every, place), measured)
    return found


@dataclass(frozen=True, config=STRICT)
class ClusterLimit(Overlay):
    """Cap the gross exposure of each cluster of names that move together.

    Clusters are those of average linkage on one minus correlation, cut where the mean correlation between two clusters
    falls below `correlation`. A name whose correlations are not known is alone. A cluster has the name of its first
    member.

    Parameters
    ----------
    most : float
        Share of equity.
    correlation : float
    lookback, every : int
        Trading days of the correlations, and between their updates.
    """

    place: ClassVar[int] = 3

    most: Exposure
    correlation: Correlation
    lookback: Days
    every: Every

    def limit(self, weights: Floats, at: Situation) -> tuple[Floats, Sequence[Breach]]:
        """Reduce clusters of more than one name; see :meth:`Overlay.limit`."""
        result, breaches = weights, list[Breach]()
        blocks = at.places // self.every
        for block in np.unique(blocks):
            rows = np.flatnonzero(blocks == block)
            key = ("clusters", self.lookback, self.every, self.correlation, block)
            matrix = correlations(at, int(rows[0]), self.lookback, self.every)
            codes = at.once(key, partial(_clusters, matrix, 1.0 - self.correlation))
            subjects = at.known.symbols[np.unique(codes, return_index=True)[1]]
            alone = np.bincount(codes) == 1
            caps = np.where(alone, np.inf, self.most)[None]
            reduced, found = capped(weights[rows], codes, subjects, caps, at.part(rows))
            if found:
                result = result.copy() if result is weights else result
                result[rows] = reduced
                breaches += found
        return result, breaches


def _clusters(matrix: Floats, distance: float) -> Ints:
    """Give the number of each name's cluster (N,), by first members."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    codes = np.arange(len(matrix)) + len(matrix)
    known = np.flatnonzero(~np.isnan(np.diag(matrix)))
    if len(known) > 1:
        apart = np.clip(1.0 - matrix[np.ix_(known, known)], 0.0, 2.0)
        np.fill_diagonal(apart, 0.0)
        codes[known] = fcluster(linkage(squareform(apart, checks=False), "average"), distance, "distance")
    first, numbers = np.unique(codes, return_index=True, return_inverse=True)[1:]
    return np.argsort(np.argsort(first)).astype(np.int64)[numbers]


@dataclass(frozen=True, config=STRICT)
class CorrelationLimit(Overlay):
    """Cap gross exposure by the average pairwise correlation of what is held, and warn before.

    The average is that of all pairs of names held whose correlation is known; a long and a short position count with
    the opposite sign. Up to `start` there is no limit; from there the limit falls in a line from `most` to `least`,
    which it reaches at `full`.

    Parameters
    ----------
    warn, start, full : float
        Average correlations, ascending. Above `warn` the record has a warning.
    least, most : float
        Gross exposures, shares of equity.
    lookback, every : int
        Trading days of the correlations, and between their updates.
    """

    place: ClassVar[int] = 7

    warn: Correlation
    start: Correlation
    full: Correlation
    least: Exposure
    most: Exposure
    lookback: Days
    every: Every

    @model_validator(mode="after")
    def _ordered(self) -> "CorrelationLimit":
        if not self.warn <= self.start < self.full or not self.least <= self.most:
            raise ValueError("warn <= start < full and least <= most are required")
        return self

    def limit(self, weights: Floats, at: Situation) -> tuple[Floats, Sequence[Breach]]:
        """Reduce the portfolio; see :meth:`Overlay.limit`."""
        mean = np.array(
            [_mean(weights[r], correlations(at, r, self.lookback, self.every)) for r in range(len(weights))]
        )
        share = (mean - self.start) / (self.full - self.start)
        tight = self.most - (self.most - self.least) * np.minimum(share, 1.0)
        reduced, found = whole(weights, np.where(share > 0.0, tight, np.inf), at)
        warned = np.flatnonzero(mean > self.warn)
        if len(warned):
            subjects, limits = np.repeat(PORTFOLIO, len(warned)), np.full(len(warned), self.warn)
            found.append(Breach(at.places[warned], subjects, mean[warned], limits, WARNING))
        return reduced, found


def _mean(weights: Floats, matrix: Floats) -> float:
    """Give the mean correlation of the pairs held, NaN without one."""
    side = np.where(np.isnan(np.diag(matrix)), 0.0, np.sign(weights))
    held = np.abs(side).sum()
    if held < 2.0:
        return np.nan
    return float((side @ np.nan_to_num(matrix) @ side - held) / (held * (held - 1.0)))


@dataclass(frozen=True, config=STRICT)
class BetaLimit(Overlay):
    """Cap the portfolio's absolute beta to the index, by scaling all names.

    A name's beta is the slope of its daily returns on the index's; 1 where it lacks returns in the lookback.

    Parameters
    ----------
    most : float
        Of the absolute value of the sum of weights times betas.
    lookback, every : int
        Trading days of the betas, and between their updates.
    """

    place: ClassVar[int] = 6

    most: Exposure
    lookback: Days
    every: Every

    def limit(self, weights: Floats, at: Situation) -> tuple[Floats, Sequence[Breach]]:
        """Reduce the portfolio; see :meth:`Overlay.limit`. A context without ``index_close`` is refused."""
        if "index_close" not in at.columns:
            raise InputError("beta limit: the context has no column 'index_close'; it is needed for the names' betas")
        betas = np.array([self._betas(at, row) for row in range(len(weights))]).reshape(weights.shape)
        beta = np.abs((weights * betas).sum(axis=1))
        rows = np.flatnonzero(beta > self.most * (1.0 + TOLERANCE))
        if not len(rows):
            return weights, []
        result = weights.copy()
        result[rows] *= self.most / beta[rows, None]
        return result, [
            Breach(at.places[rows], np.repeat(PORTFOLIO, len(rows)), beta[rows], np.full(len(rows), self.most))
        ]

    def _betas(self, at: Situation, row: int) -> Floats:
        place = at.updated(row, self.every)

        def measured() -> Floats:
            returns = at.returns_at(place, self.lookback)
            index = at.read("index_close")[max(0, place - self.lookback) : place + 1]
            market = index[1:] / index[:-1] - 1.0
            market = market - market.mean() if len(market) else market
            power = float(market @ market)
            slopes = (
                market @ np.nan_to_num(returns) / power if power > TOLERANCE**2 else np.full(returns.shape[1], np.nan)
            )
            return np.where(
                np.isnan(returns).any(axis=0) | np.isnan(slopes) | (len(returns) < self.lookback), 1.0, slopes
            )

        found: Floats = at.once(("betas", self.lookback, self.every, place), measured)
        return found
