"""The optimal liquidation of one large order: cost against risk."""

import math
from dataclasses import dataclass

import numpy as np

from barograph.errors import InputError
from barograph.typing import Floats


@dataclass(frozen=True, eq=False)
class Liquidation:
    """A schedule and what it costs.

    Attributes
    ----------
    holdings : ndarray of shape (n_steps + 1,)
        Shares left at the start and after each step; the last is 0.
    expected_cost : float
        Money lost to impact and spread, in expectation, against the value at the first price.
    variance : float
        Of the cost, in squared money.
    kappa : float
        The rate per unit of time at which the holdings fall: about exp(-kappa t). 0 sells in equal parts.
    """

    holdings: Floats
    expected_cost: float
    variance: float
    kappa: float


def almgren_chriss(
    shares: float,
    horizon: float,
    n_steps: int,
    *,
    volatility: float,
    eta: float,
    gamma: float,
    epsilon: float,
    risk_aversion: float,
) -> Liquidation:
    """Give the liquidation that minimises expected cost + `risk_aversion` x variance [1]_.

    The price is an arithmetic random walk. A trade of n shares in a step of length tau moves it for good by gamma n,
    and is itself filled epsilon sign(n) + eta n / tau away from it.

    Parameters
    ----------
    shares : float
        To be sold; negative: to be bought.
    horizon : float
        Time in which all must be traded, in any unit, such as days.
    n_steps : int
        Trades, in steps of equal length.
    volatility : float
        Standard deviation of the price per square root of a unit of time, in money: not in percent.
    eta, gamma : float
        Temporary impact, in money per share and per share in a unit of time; permanent impact, in money per share and
        share.
    epsilon : float
        Half spread and fees, in money per share.
    risk_aversion : float
        Per unit of money; 0 sells in equal parts.

    Returns
    -------
    Liquidation

    Raises
    ------
    InputError
        If an argument is negative or not finite, `horizon` or `n_steps` is not positive, or `eta` is at most half of
        `gamma` times the length of a step, where no best schedule exists.

    Notes
    -----
    With eta' = eta - gamma tau / 2, kappa solves 2 (cosh(kappa tau) - 1) / tau^2 = risk_aversion volatility^2 / eta'.
    The holdings are shares x sinh(kappa (horizon - t)) / sinh(kappa horizon), which is exact for the discrete steps.

    References
    ----------
    .. [1] Almgren, R. & Chriss, N. (2000). "Optimal Execution of Portfolio Transactions." Journal of Risk 3, 5-39.
    """
    given = {"volatility": volatility, "eta": eta, "gamma": gamma, "epsilon": epsilon, "risk_aversion": risk_aversion}
    for name, value in given.items():
        if not (math.isfinite(value) and value >= 0.0):
            raise InputError(f"almgren_chriss: {name} is {value}; a finite number from 0 is required")
    if not math.isfinite(shares) or not (math.isfinite(horizon) and horizon > 0.0) or n_steps < 1:
        raise InputError(
            f"almgren_chriss: shares is {shares}, horizon {horizon}, n_steps {n_steps}; shares must be finite, the "
            "others positive"
        )
    tau = horizon / n_steps
    slope = eta - 0.5 * gamma * tau
    if not slope > 0.0:
        raise InputError(
            f"almgren_chriss: eta is {eta:g}; more than gamma x horizon / n_steps / 2 = {eta - slope:g} is required"
        )
    kappa = 2.0 * math.asinh(0.5 * tau * volatility * math.sqrt(risk_aversion / slope)) / tau
    holdings = shares * _left(kappa, horizon - tau * np.arange(n_steps + 1.0), horizon)
    traded = -np.diff(holdings)
    cost = 0.5 * gamma * shares**2 + epsilon * np.abs(traded).sum() + slope / tau * (traded**2).sum()
    variance = volatility**2 * tau * (holdings[1:] ** 2).sum()
    return Liquidation(holdings, float(cost), float(variance), kappa)


def _left(kappa: float, time: Floats, horizon: float) -> Floats:
    """Give sinh(kappa time) / sinh(kappa horizon), which for itself would overflow, with the limit at kappa 0."""
    if kappa * horizon < 1e-8:
        left = time / horizon
    else:
        left = np.exp(kappa * (time - horizon)) * np.expm1(-2.0 * kappa * time) / math.expm1(-2.0 * kappa * horizon)
    left[-1] = 0.0
    return left
