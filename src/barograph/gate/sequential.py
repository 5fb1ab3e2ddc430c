"""A paired test of two forecasters that may be looked at every week: betting on differences with late outcomes."""

from typing import Final

import numpy as np

from barograph.errors import InputError
from barograph.losses import square_losses
from barograph.typing import Floats, Ints

# The share of its wealth that each account puts at risk at once; the gambler's wealth is the accounts' mean.
_AT_RISK: Final = (0.5, 1.0)


def brier_differences(champion: Floats, candidate: Floats, label: Ints, date: Ints) -> tuple[Floats, Floats]:
    r"""Compare two forecasters on the same rows: the date means of their Brier scores' difference, and its bound.

    Parameters
    ----------
    champion, candidate : ndarray, shape (n, 3)
        Probabilities.
    label : ndarray of int, shape (n,)
        The class, below 0 where it is not known yet.
    date : ndarray of int, shape (n,)
        Each row's date, as a number from 0 to T - 1; every number occurs.

    Returns
    -------
    difference : ndarray, shape (T,)
        The champion's mean score less the candidate's: positive where the candidate was better. NaN where a label is
        not known.
    worst : ndarray, shape (T,)
        How far below zero the difference can come out, whichever the labels are. It follows from the forecasts alone:
        :math:`\max_y` of the candidate's score less the champion's, mean over the rows.
    """
    rows = np.bincount(date)
    outcomes = range(champion.shape[1])
    score = {y: square_losses(np.stack([champion, candidate]), np.full(date.size, y)) for y in outcomes}
    gains = np.stack([champions - candidates for champions, candidates in score.values()])
    gain = np.where(label < 0, np.nan, gains[label, np.arange(date.size)])
    worst = np.bincount(date, np.maximum(-gains.min(axis=0), 0.0)) / rows
    return np.bincount(date, gain) / rows, worst


def sequential_p_values(difference: Floats, worst: Floats, known: Ints, *, lag: int, level: float) -> Floats:
    r"""Give, date by date, the anytime-valid p value of "on no date is the candidate expected to be better".

    Parameters
    ----------
    difference : ndarray, shape (T,)
        By date, positive where the candidate was better; NaN where it is not known yet.
    worst : ndarray, shape (T,)
        How far below zero each difference could come out, known on its date; see :func:`brier_differences`.
    known : ndarray of int, shape (T,)
        The number of the date at whose close each difference is known, later than its own; unread where it is not known
        yet.
    lag : int
        Dates over which a difference stays open: the horizon of the labels. It only sets the size of the stakes.
    level : float
        The level of the test, in (0, 1): the gambler makes no new stake while the wealth is at least one over it.

    Returns
    -------
    ndarray, shape (T,)
        In (0, 1], never rising, and hardly below `level`, where the betting ends. If the hypothesis is true, the chance
        that the value ever falls to `level` or below is at most `level`, however often one looks.

    Raises
    ------
    InputError
        If a difference lies below its bound, is known before the day after its date, or `lag` or `level` is out
        of range.

    Notes
    -----
    A gambler who begins with 1 stakes :math:`x_t \ge 0` on each date's difference :math:`d_t \ge -w_t` and is paid
    :math:`x_t d_t` on the date :math:`k_t > t` when the labels are known [2]_ [3]_; [1]_
    compares forecasters so. Labels that overlap leave several stakes open at once, whose outcome is partly known
    already, so the money in hand is no martingale. The expected final worth :math:`V_t` of all stakes
    made until *t* is one, a supermartingale under the hypothesis, and is never below what remains if every open stake
    loses all it can:

    .. math:: L_t = 1 + \sum_{i: k_i \le t} x_i d_i - \sum_{i: i \le t < k_i} x_i w_i \le V_t .

    No stake may make :math:`L_t` negative, so Ville's inequality holds for :math:`V`: at the level :math:`\alpha`,
    :math:`P(\exists t: L_t \ge 1/\alpha) \le \alpha`, however dates depend on each other. The value of a date is one
    over the greatest :math:`L` until then.

    Warnings
    --------
    The candidate's forecast of a date must have been fixed by then. A candidate that was chosen because it did well on
    these dates is not covered. Nor is one that is better on some dates and as much worse on others: the hypothesis is
    about every date.

    References
    ----------
    .. [1] Choe, Y. J. and Ramdas, A. (2023). Comparing sequential forecasters. Operations Research.
    .. [2] Waudby-Smith, I. and Ramdas, A. (2024). Estimating means of bounded random variables by betting. Journal of
       the Royal Statistical Society B 86 (1), 1-27.
    .. [3] Shafer, G. (2021). Testing by betting. Journal of the Royal Statistical Society A 184 (2), 407-431.
    """
    _check(difference, worst, known, lag, level)
    wealth = np.ones(len(_AT_RISK))
    at_risk = np.array(_AT_RISK)
    stakes = np.zeros((difference.size, wealth.size))
    open_loss = np.zeros(wealth.size)
    paid_on = np.where(np.isnan(difference), difference.size, known)
    usual = np.cumsum(worst) / np.arange(1, worst.size + 1)
    secured = np.ones(difference.size)
    for today in range(difference.size):
        for past in np.flatnonzero(paid_on[:today] == today):
            wealth += stakes[past] * difference[past]
            open_loss -= stakes[past] * worst[past]
        secured[today] = np.mean(wealth - open_loss)
        if worst[today] > 0 and wealth.mean() < 1.0 / level:
            wanted = wealth * at_risk / (lag * max(worst[today], usual[today]))
            stakes[today] = np.clip((wealth - open_loss) / worst[today], 0.0, wanted)
            open_loss += stakes[today] * worst[today]
    values: Floats = 1.0 / np.maximum.accumulate(np.maximum(secured, 1.0))
    return values


def _check(difference: Floats, worst: Floats, known: Ints, lag: int, level: float) -> None:
    if lag < 1:
        raise InputError(f"lag: {lag} given; it must be at least 1")
    if not 0 < level < 1:
        raise InputError(f"level: {level} given; it must lie between 0 and 1")
    late = ~np.isnan(difference)
    if (early := np.flatnonzero(late & (known <= np.arange(difference.size)))).size:
        raise InputError(f"known: date {early[0]} is known on date {known[early[0]]}; it must be later than its own")
    if (low := np.flatnonzero(late & (difference < -worst - 1e-9))).size:
        day = low[0]
        raise InputError(f"difference: date {day} has {difference[day]:.6g}, below its bound -{worst[day]:.6g}")
