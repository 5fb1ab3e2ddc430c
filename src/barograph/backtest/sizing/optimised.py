"""Sizing by skfolio's optimisers, on returns up to the date of the decision."""

from abc import ABC, abstractmethod
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.backtest.situation import Situation
from barograph.backtest.sizing.contract import row_by_row
from barograph.typing import STRICT, Floats

Days = Annotated[int, Field(ge=21)]


class Optimised(ABC):
    """Divides the gross exposure that was decided between the names held, by an optimiser of skfolio.

    The optimiser sees the daily returns of the last `lookback` dates, a short position's with the opposite sign, and
    gives positive shares that sum to 1. Names that lack some of the returns, or did not move, keep their weights; with
    fewer than two others all do.
    """

    lookback: Days

    @abstractmethod
    def optimiser(self, names: int) -> Any:
        """Give the estimator for so many names."""

    def size(self, weights: Floats, at: Situation) -> Floats:
        """Size the weights; see :meth:`Sizing.size`."""
        return row_by_row(weights, lambda row, decided: self._row(decided, at.returns(row, self.lookback)))

    def _row(self, decided: Floats, returns: Floats) -> Floats:
        if len(returns) < self.lookback:
            return decided
        names = np.flatnonzero((decided != 0.0) & (returns.std(axis=0) > 0.0))
        if len(names) < 2:
            return decided
        side = np.sign(decided[names])
        shares = self.optimiser(len(names)).fit(returns[:, names] * side).weights_
        # The solver's shares may be below 0 or miss 1 by its tolerance.
        shares = np.maximum(np.asarray(shares, np.float64), 0.0)
        result = decided.copy()
        result[names] = side * shares * (np.abs(decided[names]).sum() / shares.sum())
        return result


@dataclass(frozen=True, config=STRICT)
class MinimumVariance(Optimised):
    """Minimise the portfolio's variance, with the covariance shrunk towards a multiple of the identity.

    Parameters
    ----------
    lookback : int
        Trading days of returns.
    most : float
        Largest share of a name; 1 over the number of names where that is more.

    References
    ----------
    .. [1] Ledoit, O. & Wolf, M. (2004). "A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices."
       Journal of Multivariate Analysis 88(2), 365-411.
    """

    lookback: Days
    most: Annotated[float, Field(gt=0.0, le=1.0)]

    def optimiser(self, names: int) -> Any:
        """Give the estimator; see :meth:`Optimised.optimiser`."""
        from skfolio.moments import LedoitWolf
        from skfolio.optimization import MeanRisk
        from skfolio.prior import EmpiricalPrior

        prior = EmpiricalPrior(covariance_estimator=LedoitWolf())
        return MeanRisk(prior_estimator=prior, max_weights=max(self.most, 1.0 / names))


@dataclass(frozen=True, config=STRICT)
class HierarchicalRiskParity(Optimised):
    """Divide by variance down a tree of names that move together.

    Parameters
    ----------
    lookback : int
        Trading days of returns.

    References
    ----------
    .. [1] López de Prado, M. (2016). "Building Diversified Portfolios that Outperform Out of Sample." Journal of
       Portfolio Management 42(4), 59-69.
    """

    lookback: Days

    def optimiser(self, names: int) -> Any:  # noqa: ARG002
        """Give the estimator; see :meth:`Optimised.optimiser`."""
        from skfolio.optimization import HierarchicalRiskParity as Estimator

        return Estimator()


@dataclass(frozen=True, config=STRICT)
class RiskBudgeting(Optimised):
    """Let each name contribute the same share of the portfolio's variance.

    Parameters
    ----------
    lookback : int
        Trading days of returns.

    References
    ----------
    .. [1] Maillard, S., Roncalli, T. & Teïletche, J. (2010). "The Properties of Equally Weighted Risk Contribution
       Portfolios." Journal of Portfolio Management 36(4), 60-70.
    """

    lookback: Days

    def optimiser(self, names: int) -> Any:  # noqa: ARG002
        """Give the estimator; see :meth:`Optimised.optimiser`."""
        from skfolio.optimization import RiskBudgeting as Estimator

        return Estimator()
