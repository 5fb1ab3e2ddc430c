"""Pools: one probability out of several, with shares that are learned from the members' record."""

from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeAlias

import numpy as np

from barograph.ensemble.stacking import from_log_odds, log_odds, told_apart
from barograph.errors import InputError
from barograph.losses import SMALLEST
from barograph.typing import Floats, Labels

PoolKind: TypeAlias = Literal["linear", "logarithmic"]
# Gives the loss of shares or of their logarithms, and its gradient.
_Loss: TypeAlias = Callable[[Floats], tuple[float, Floats]]

RIDGE: Final = 1e-4
_TOLERANCES: Final = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000}
# A search may end where rounding hides a further gain; by so small a slope it has found the minimum all the same.
_FLAT: Final = 1e-6


def pool(kind: PoolKind, members: Sequence[Floats], shares: Sequence[float]) -> Floats:
    r"""Combine members' probabilities (n, 3) into such whose rows sum to one.

    With shares :math:`w` that sum to one, the *linear* pool is :math:`\sum_k w_k p_k`, the *logarithmic* one is
    proportional to :math:`\prod_k p_k^{w_k}`. A row's result depends on that row alone, to the bit.

    Warnings
    --------
    In a logarithmic pool one member can all but forbid a class to the others: what it calls impossible counts as the
    machine epsilon. Calibrate members that are so sure.
    """
    if kind == "linear":
        mean: Floats = np.sum([share * stated for share, stated in zip(shares, members, strict=True)], axis=0)
        return mean
    # Not a matrix product: how BLAS sums a row depends on how many rows there are.
    return from_log_odds(
        np.sum([share * log_odds(stated, SMALLEST) for share, stated in zip(shares, members, strict=True)], axis=0)
    )


def fit_shares(kind: PoolKind, members: Sequence[Floats], labels: Labels) -> Floats:
    r"""Give the shares (m,) of m members with which the pool's mean log loss on n rows is least.

    The shares are :math:`w = \operatorname{softmax}(\theta)`, so they are positive and sum to one. What is minimised is

    .. math:: -\frac1n \sum_i \log p_{i, y_i}(w) + 10^{-4} \lVert \theta \rVert^2,

    by L-BFGS from :math:`\theta = 0`, equal shares. The penalty draws to them, and settles shares that the rows do not:
    two members that say the same get equal ones. Rows count equally.

    Parameters
    ----------
    kind : {"linear", "logarithmic"}
        The pool, as in :func:`pool`.
    members : sequence of array of shape (n, 3)
        Probabilities that were stated out of sample.
    labels : array of shape (n,)
        What happened.

    Raises
    ------
    InputError
        If the search does not converge.

    References
    ----------
    .. [1] Genest, C. and Zidek, J. V. (1986). Combining probability distributions: a critique and an annotated
       bibliography. Statistical Science 1 (1), 114-135.
    .. [2] Heskes, T. (1998). Selecting weighting factors in logarithmic opinion pools. Advances in Neural Information
       Processing Systems 10, 266-272.
    .. [3] Hinton, G. E. (2002). Training products of experts by minimizing contrastive divergence. Neural Computation
       14 (8), 1771-1800.
    .. [4] Ranjan, R. and Gneiting, T. (2010). Combining probability forecasts. Journal of the Royal Statistical Society
       B 72 (1), 71-91. A linear pool of calibrated members is underconfident; a logarithmic one need not be.
    """
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits

    loss = penalised_loss(kind, members, labels)
    with threadpool_limits(1):  # For the order of floating-point sums.
        found = minimize(loss, np.zeros(len(members)), jac=True, method="L-BFGS-B", options=_TOLERANCES)
    if np.abs(found.jac).max() > _FLAT:
        raise InputError(f"ensemble: the shares of a {kind} pool on {len(labels)} matured predictions did not converge")
    return _softmax(found.x)


def penalised_loss(kind: PoolKind, members: Sequence[Floats], labels: Labels) -> _Loss:
    """Give the function that :func:`fit_shares` minimises: from theta (m,) the loss and its gradient (m,)."""
    loss = _linear(members, labels) if kind == "linear" else _logarithmic(members, labels)

    def penalised(theta: Floats) -> tuple[float, Floats]:
        shares = _softmax(theta)
        value, slope = loss(shares)
        return value + RIDGE * float(theta @ theta), shares * (slope - shares @ slope) + 2 * RIDGE * theta

    return penalised


def _linear(members: Sequence[Floats], labels: Labels) -> _Loss:
    rows = np.arange(len(labels))
    stated = np.column_stack([np.maximum(p[rows, labels], SMALLEST) for p in members])

    def loss(shares: Floats) -> tuple[float, Floats]:
        pooled = stated @ shares
        return -float(np.log(pooled).mean()), -(stated.T @ (1 / pooled)) / len(pooled)

    return loss


def _logarithmic(members: Sequence[Floats], labels: Labels) -> _Loss:
    odds = np.stack([log_odds(p, SMALLEST) for p in members], axis=-1)
    happened = told_apart(labels)

    def loss(shares: Floats) -> tuple[float, Floats]:
        scores = odds @ shares
        total = np.logaddexp(np.logaddexp(scores[:, 0], scores[:, 1]), 0.0)
        surprise = np.exp(scores - total[:, None]) - happened
        value = float((total - (happened * scores).sum(axis=1)).mean())
        return value, surprise.ravel() @ odds.reshape(-1, odds.shape[-1]) / len(scores)

    return loss


def _softmax(theta: Floats) -> Floats:
    powers = np.exp(theta - theta.max())
    shares: Floats = powers / powers.sum()
    return shares
