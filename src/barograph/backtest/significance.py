"""Is a Sharpe ratio more than luck, and was the best of many strategies picked by luck."""

from itertools import combinations, islice
from math import e, inf, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from barograph.errors import InputError
from barograph.typing import Floats

_EULER_MASCHERONI = 0.5772156649015329
_NORMAL = NormalDist()
_NO_VARIANCE = 1e-20
_SPLITS_AT_ONCE = 4096


def probabilistic_sharpe_ratio(sharpe: float, n: int, skew: float, kurtosis: float, benchmark: float = 0.0) -> float:
    r"""Give the probability that the true Sharpe ratio exceeds a benchmark.

    .. math:: PSR(SR^*) = \Phi\left(
        \frac{(SR - SR^*) \sqrt{n - 1}}{\sqrt{1 - \gamma_3 SR + \frac{\gamma_4 - 1}{4} SR^2}} \right)

    Parameters
    ----------
    sharpe : float
        Observed Sharpe ratio **per period**, not annualised.
    n : int
        Number of returns behind it, at least 2.
    skew, kurtosis : float
        Of the returns; kurtosis is Pearson's (3 for a normal distribution).
    benchmark : float, default=0.0
        Per period too.

    Returns
    -------
    float
        In [0, 1]. The returns are taken as independent; autocorrelation makes it overconfident.

    Raises
    ------
    InputError
        If `n` is below 2 or no distribution has such moments (the variance of the ratio would not be positive).

    References
    ----------
    .. [1] Bailey, López de Prado (2012), "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2).
    """
    if n < 2:
        raise InputError(f"n: {n} returns given; at least 2 are needed")
    variance = _variance(sharpe, skew, kurtosis)
    return _NORMAL.cdf((sharpe - benchmark) * sqrt((n - 1) / variance))


def deflated_sharpe_ratio(
    sharpe: float, n: int, skew: float, kurtosis: float, n_trials: int, trials_variance: float
) -> float:
    r"""Give the probability that the best of many trials has a positive true Sharpe ratio.

    It is the probabilistic Sharpe ratio against the maximum to be expected of `n_trials` strategies without any skill:

    .. math:: SR_0 = \sqrt{V} \left( (1 - \gamma) \Phi^{-1}\left(1 - \tfrac{1}{N}\right)
        + \gamma \Phi^{-1}\left(1 - \tfrac{1}{N e}\right) \right)

    with the Euler-Mascheroni constant :math:`\gamma`; a single trial has :math:`SR_0 = 0`.

    Parameters
    ----------
    sharpe, n, skew, kurtosis
        Of the chosen trial, as :func:`probabilistic_sharpe_ratio` takes them.
    n_trials : int
        Number of independent trials from which it was chosen, at least 1.
    trials_variance : float
        Variance of the trials' Sharpe ratios, **per period**.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    InputError
        If `n_trials` is below 1, the variance is negative, or the moments are impossible.

    References
    ----------
    .. [1] Bailey, López de Prado (2014), "The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest
       Overfitting and Non-Normality", Journal of Portfolio Management 40(5).
    """
    expected_maximum = expected_maximum_sharpe(n_trials, trials_variance)
    return probabilistic_sharpe_ratio(sharpe, n, skew, kurtosis, expected_maximum)


def expected_maximum_sharpe(n_trials: int, trials_variance: float) -> float:
    """Give the Sharpe ratio to be expected of the best of `n_trials` strategies without any skill, per period.

    Parameters, errors and source are those of :func:`deflated_sharpe_ratio`.
    """
    if n_trials < 1:
        raise InputError(f"n_trials: {n_trials} given; at least 1 is needed")
    if not trials_variance >= 0:
        raise InputError(f"trials_variance: {trials_variance} given; it must not be negative")
    if n_trials == 1:
        return 0.0
    typical, extreme = _NORMAL.inv_cdf(1 - 1 / n_trials), _NORMAL.inv_cdf(1 - 1 / (n_trials * e))
    return sqrt(trials_variance) * ((1 - _EULER_MASCHERONI) * typical + _EULER_MASCHERONI * extreme)


def minimum_track_record_length(
    sharpe: float, skew: float, kurtosis: float, benchmark: float = 0.0, *, level: float = 0.95
) -> float:
    r"""Give the number of returns with which a Sharpe ratio would exceed a benchmark with the confidence wanted.

    .. math:: n^* = 1 + \left( 1 - \gamma_3 SR + \tfrac{\gamma_4 - 1}{4} SR^2 \right)
        \left( \frac{\Phi^{-1}(level)}{SR - SR^*} \right)^2

    Parameters
    ----------
    sharpe, skew, kurtosis, benchmark
        As :func:`probabilistic_sharpe_ratio` takes them.
    level : float, default=0.95
        Confidence, above a half and below 1.

    Returns
    -------
    float
        Infinite where the Sharpe ratio is not above the benchmark: no length will do.

    Raises
    ------
    InputError
        If the level is out of its range or no distribution has such moments.

    References
    ----------
    .. [1] Bailey, López de Prado (2012), "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2).
    """
    if not 0.5 < level < 1:
        raise InputError(f"level: {level} given; it must lie between 0.5 and 1")
    variance = _variance(sharpe, skew, kurtosis)
    if sharpe <= benchmark:
        return inf
    return 1 + variance * (_NORMAL.inv_cdf(level) / (sharpe - benchmark)) ** 2


def _variance(sharpe: float, skew: float, kurtosis: float) -> float:
    variance = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if not variance > 0:
        raise InputError(f"sharpe {sharpe}, skew {skew}, kurtosis {kurtosis}: no distribution has these moments")
    return variance


def probability_of_backtest_overfitting(returns: ArrayLike, n_blocks: int) -> float:
    """Give the probability that the best trial in sample does not beat the median trial out of sample.

    Combinatorially symmetric cross-validation: time is cut into `n_blocks` blocks; each choice of half of them is
    once the sample in which the trial with the highest Sharpe ratio is chosen, the rest shows its rank among all
    trials. The result is the share of choices in which the logit of the relative rank, rank / (trials + 1), is not
    positive.

    Parameters
    ----------
    returns : array_like, shape (T, trials)
        Simple returns of each trial over the same periods, at least two trials.
    n_blocks : int
        Even, at least 2, at most T / 2. Blocks differ in length by one period if it does not divide T. The number of
        splits is ``comb(n_blocks, n_blocks / 2)``: 12,870 for 16.

    Returns
    -------
    float
        In [0, 1]; about 0.5 for trials without skill. A trial that never moves has Sharpe ratio 0; equal ratios share
        their mean rank out of sample, and the first of them is chosen in sample.

    Raises
    ------
    InputError
        If the returns are not a finite matrix with two trials or more, or `n_blocks` is odd or out of range.

    References
    ----------
    .. [1] Bailey, Borwein, López de Prado, Zhu (2017), "The Probability of Backtest Overfitting", Journal of
       Computational Finance 20(4).
    """
    matrix = np.asarray(returns, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] < 2 or not np.isfinite(matrix).all():
        raise InputError(f"returns: shape {matrix.shape}; a finite matrix (T, trials) with 2 trials or more is needed")
    if n_blocks < 2 or n_blocks % 2 or n_blocks > len(matrix) // 2:
        raise InputError(f"n_blocks: {n_blocks} given; it must be even and between 2 and {len(matrix) // 2}")
    sums = _BlockSums(matrix, n_blocks)
    choices = combinations(range(n_blocks), n_blocks // 2)
    overfitted = splits = 0
    while chosen := list(islice(choices, _SPLITS_AT_ONCE)):
        inside = np.zeros((len(chosen), n_blocks))
        np.put_along_axis(inside, np.array(chosen), 1.0, axis=1)
        rank = _rank_of_the_chosen(sums.sharpe(inside), sums.sharpe(1 - inside))
        overfitted += int(np.sum(2 * rank <= matrix.shape[1] + 1))
        splits += len(chosen)
    return overfitted / splits


class _BlockSums:
    """Sums by block, from which the Sharpe ratio of any union of blocks follows."""

    def __init__(self, returns: Floats, n_blocks: int) -> None:
        self.shift = returns.mean(axis=0)
        blocks = np.array_split(returns - self.shift, n_blocks)
        self.lengths = np.array([len(block) for block in blocks], dtype=np.float64)
        self.sums = np.array([block.sum(axis=0) for block in blocks])
        self.squares = np.array([(block**2).sum(axis=0) for block in blocks])

    def sharpe(self, inside: Floats) -> Floats:
        """Give (splits, trials) Sharpe ratios of the blocks marked 1 in `inside` (splits, blocks)."""
        length = (inside @ self.lengths)[:, None]
        mean = inside @ self.sums / length
        variance = inside @ self.squares / length - mean**2
        moves = variance > _NO_VARIANCE * (mean + self.shift) ** 2
        ratio: Floats = np.where(moves, mean + self.shift, 0.0) / np.sqrt(np.where(moves, variance, 1.0))
        return ratio


def _rank_of_the_chosen(inside: Floats, outside: Floats) -> Floats:
    chosen = np.take_along_axis(outside, inside.argmax(axis=1)[:, None], axis=1)
    rank: Floats = (outside < chosen).sum(axis=1) + ((outside == chosen).sum(axis=1) + 1) / 2
    return rank
