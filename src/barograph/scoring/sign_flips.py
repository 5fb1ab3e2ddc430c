"""The exact test over episodes: is a predictor better than a baseline by more than the signs of chance."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from barograph.errors import InputError
from barograph.names import BASELINES
from barograph.scoring.evidence import attainable_p
from barograph.scoring.samples import Part
from barograph.typing import Floats, Ints

SIGN_FLIP_COLUMNS: Final = tuple(f"sign_flip_p_{baseline}" for baseline in BASELINES)
UNTESTED: Final = dict.fromkeys(SIGN_FLIP_COLUMNS, np.nan)
# Up to so many episodes every pattern of signs is listed, a million; of more, patterns are counted.
_LISTED: Final = 20
_STEPS: Final = 1 << 16
_ROUNDING: Final = 1e-12


def sign_flip_test(differences: ArrayLike) -> tuple[float, float]:
    r"""Test whether differences of independent episodes are positive, exactly and on one side.

    Were there no difference, each episode's could as well have had the other sign. The p-value is the share of all
    patterns of signs that give a sum at least as large as the one observed:

    .. math:: p = 2^{-E} \, \#\Big\{s \in \{-1, 1\}^E : \sum_e s_e |d_e| \ge \sum_e d_e\Big\}

    Parameters
    ----------
    differences : array_like, shape (E,)
        One for each episode, positive where the candidate is better. Where the figure that is shown is a mean over
        rows, as the log loss of a regime is, an episode's difference is the sum of those of its rows rather than their
        mean: the sum over episodes is then the figure shown, times the number of rows, and the test is about it. A long
        episode counts for more, as it does in the figure.

    Returns
    -------
    tuple of float
        The p-value, and the smallest that so many episodes can attain, 2^-E.

    Raises
    ------
    InputError
        If there is no difference, or one is not finite.

    Notes
    -----
    The null hypothesis is that the differences are independent and each is symmetric about zero; they may vary as
    differently as they like, which a t test of few episodes cannot bear. Ties with the observed sum count as at least
    as large, also where only rounding (1e-12 of the sum of sizes) parts them. Hence a difference of zero doubles the
    p-value that the others can attain, and differences that are all zero have a p-value of 1.

    Of more than 20 episodes the sizes are rounded to multiples of 1/65,536 of their sum, and the patterns are counted
    by their sums [3]_. The test is still exact, for the rounded differences: where a difference is symmetric about
    zero, so is the rounded one.

    References
    ----------
    .. [1] Fisher (1935), "The Design of Experiments", Oliver and Boyd, section 21 (the test by changes of sign).
    .. [2] Canay, Romano, Shaikh (2017), "Randomization Tests Under an Approximate Symmetry Assumption", Econometrica
       85(3) (changes of sign of a few clusters, which may be of different size).
    .. [3] Pagano, Tritchler (1983), "On Obtaining Permutation Distributions in Polynomial Time", Journal of the
       American Statistical Association 78(382).
    """
    given = np.asarray(differences, dtype=np.float64)
    if given.ndim != 1 or not (given.size and np.isfinite(given).all()):
        raise InputError(f"differences: {given.tolist()}; one finite number for each of one or more episodes is needed")
    p = _listed(given) if given.size <= _LISTED else _counted(given)
    return p, attainable_p(given.size)


def _listed(differences: Floats) -> float:
    """Compare what the positive signs of every pattern add up to; a sum of all signs is twice that, less a constant."""
    sums = np.zeros(1)
    for size in np.abs(differences):
        sums = np.concatenate([sums, sums + size])
    observed = differences[differences > 0].sum()
    return float((sums >= observed - _ROUNDING * sums[-1]).mean())


def _counted(differences: Floats) -> float:
    """Do the same with the distribution of the rounded sums."""
    sizes = np.abs(differences)
    total = sizes.sum()
    steps = np.rint(_STEPS * (sizes / total)).astype(np.int64) if total else np.zeros(sizes.size, dtype=np.int64)
    share = np.zeros(steps.sum() + 1)
    share[0] = 1.0
    for step in steps:
        added = share[: share.size - step].copy()
        share *= 0.5
        share[step:] += 0.5 * added
    return float(share[steps[differences > 0].sum() :].sum())


def sign_flips(part: Part, episode: Ints) -> dict[str, dict[str, float]]:
    """Give by predictor the p-values of :func:`sign_flip_test` against each baseline, in log loss over a part's rows.

    `episode` numbers the episodes of the part's dates from 0. The columns are `SIGN_FLIP_COLUMNS`.
    """
    forecasts = part.forecasts
    date = np.unique(forecasts.date[part.rows], return_inverse=True)[1]
    totals = np.stack([np.bincount(episode[date], loss) for loss in part.loss])
    against = [totals[forecasts.predictors.index(baseline)] for baseline in BASELINES]
    return {
        predictor: {
            column: sign_flip_test(baseline - own)[0]
            for column, baseline in zip(SIGN_FLIP_COLUMNS, against, strict=True)
        }
        for predictor, own in zip(forecasts.predictors, totals, strict=True)
    }
