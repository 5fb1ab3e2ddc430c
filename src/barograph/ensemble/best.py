"""The best single model so far, by what is known of it."""

from collections.abc import Mapping

import numpy as np

from barograph.losses import log_losses
from barograph.typing import Floats, Ints, Labels


def best_so_far(members: Mapping[str, Floats], labels: Labels, folds: Ints, before: str | None) -> str:
    """Choose a member by its log loss; the one chosen before is kept while it is within one standard error of the best.

    Parameters
    ----------
    members : mapping of str to array of shape (n, 3)
        Probabilities that were stated out of sample.
    labels, folds : array of shape (n,)
        What happened, and each row's fold.
    before : str or None
        The member chosen before; None for none: then the best one is chosen.

    Returns
    -------
    str
        A member; of equal ones the first by name.

    Notes
    -----
    The one-standard-error rule (Breiman et al. 1984, section 3.4.3) prefers the simplest of all models that the record
    cannot tell from the best. Of models of different kinds none is simplest, so the rule prefers no change. The error
    is that of the mean difference in loss between the two, which are alike in most of what moves them; see
    :func:`standard_error`.

    References
    ----------
    .. [1] Breiman, L., Friedman, J. H., Olshen, R. A. and Stone, C. J. (1984). Classification and Regression Trees.
    """
    losses = {name: log_losses(members[name], labels) for name in sorted(members)}
    best = min(losses, key=lambda name: float(losses[name].mean()))
    if before is None:
        return best
    behind = losses[before] - losses[best]
    return before if behind.mean() <= standard_error(behind, folds) else best


def standard_error(values: Floats, folds: Ints) -> float:
    r"""Give the standard error of the mean of n values whose folds, not whose rows, are independent cases.

    A model is frozen within a fold, so its losses differ over folds. With :math:`s_g` the sum over a fold's rows of
    their differences from the mean, and :math:`G` folds, it is :math:`\sqrt{G / (G - 1) \sum_g s_g^2} / n`, the
    cluster-robust error (Liang and Zeger 1986) of a mean. One fold tells nothing of it: infinity.

    References
    ----------
    .. [1] Liang, K.-Y. and Zeger, S. L. (1986). Longitudinal data analysis using generalized linear models. Biometrika
       73 (1), 13-22.
    """
    _, fold = np.unique(folds, return_inverse=True)
    sums = np.bincount(fold, values - values.mean())
    if sums.size == 1:
        return np.inf
    return float(np.sqrt(sums.size / (sums.size - 1) * (sums**2).sum()) / values.size)
