"""The statistics of one memory option, on the dates themselves and on every bootstrap resample of them.

Whatever can be is a sum over dates, so that all resamples are one matrix product. Options share the resamples.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from barograph.losses import log_losses, square_losses
from barograph.memory_study.rows import DatePart, ScoredRows, centred_ranks
from barograph.randomness import generator
from barograph.scoring.bootstrap import episode_bootstrap_counts
from barograph.scoring.scores import N_CLASSES, ascending, macro_auc, macro_f1
from barograph.scoring.settings import Validation
from barograph.typing import Floats, Mask

RANK_IC: Final = "rank_ic"
SHARPE: Final = "sharpe"


@dataclass(frozen=True)
class Forecast:
    """What one option's probabilities give a date and a row.

    Attributes
    ----------
    sums : ndarray, shape (8, D)
        Of each date: log losses, square losses, the right guesses of each class, the guesses of each class.
    order, tie : ndarray of int32, shape (3, n)
        The rows from the least probable to the most; see :func:`~barograph.scoring.scores.ascending`.
    rank_ic : ndarray, shape (r,)
        Of each of the ranked dates, Spearman's correlation over the symbols of p_buy - p_sell with the return to the
        exit; 0 where p_buy - p_sell does not differ, since such a forecast ranks nothing.
    """

    sums: Floats
    order: NDArray[np.int32]
    tie: NDArray[np.int32]
    rank_ic: Floats


def forecast(probabilities: Floats, rows: ScoredRows) -> Forecast:
    """Reduce one option's probabilities, shape (n, 3), to what its statistics need."""
    label, guess = rows.label, probabilities.argmax(axis=1)
    lost = [log_losses(probabilities, label), square_losses(probabilities, label)]
    guessed = guess == np.arange(N_CLASSES)[:, None]
    order, tie = ascending(probabilities)
    return Forecast(
        sums=_per_date(np.concatenate([lost, guessed & (guess == label), guessed]), rows),
        order=order,
        tie=tie,
        rank_ic=_rank_ic(centred_ranks(probabilities[:, 2] - probabilities[:, 0], rows.date), rows),
    )


def label_sums(rows: ScoredRows) -> Floats:
    """Count the rows of each class and date, shape (3, D)."""
    return _per_date(rows.label == np.arange(N_CLASSES)[:, None], rows)


def _per_date(values: Floats | Mask, rows: ScoredRows) -> Floats:
    return np.stack([np.bincount(rows.date, own, rows.dates.size) for own in values])


def _rank_ic(score: Floats, rows: ScoredRows) -> Floats:
    products = np.stack([score * rows.exit_rank, score**2, rows.exit_rank**2])
    together, own, exits = _per_date(products, rows)[:, rows.ranked]
    with np.errstate(invalid="ignore"):
        return np.where(own > 0, together / np.sqrt(own * exits), 0.0)


def resample(part: DatePart, validation: Validation, seed: int) -> Floats:
    """Draw the dates of a slice, the same for every option, model and calibration.

    Parameters
    ----------
    part : DatePart
    validation : Validation
    seed : int

    Returns
    -------
    ndarray, shape (1 + resamples, d)
        How often each date was drawn. The first row takes each date once and so gives the statistic itself. Circular
        blocks of dates overall; in a regime whole episodes first, then blocks of dates within each.
    """
    rng = generator(seed, "ablation", part.slice)
    counts = episode_bootstrap_counts(part.episode, validation.block_days, validation.resamples, rng)
    return np.concatenate([np.ones((1, part.dates.size)), counts])


def pooled_scores(
    each: Forecast, labels: Floats, rows: ScoredRows, part: DatePart, counts: Floats, auc_resamples: int
) -> dict[str, Floats]:
    """Score one option on the rows of a slice.

    Parameters
    ----------
    each : Forecast
    labels : ndarray, shape (3, D)
        See :func:`label_sums`.
    rows : ScoredRows
    part : DatePart
        Of all dates of `rows`.
    counts : ndarray, shape (1 + resamples, d)
        See :func:`resample`.
    auc_resamples : int
        How many of them the AUC takes.

    Returns
    -------
    dict of str to ndarray
        `log_loss`, `brier` (summed over the three classes), `macro_f1`, `auc` (the unweighted mean of the three
        one-vs-rest areas), each with the statistic first and its resamples behind it.
    """
    sums, actual = (values[:, part.dates] @ counts.T for values in (each.sums, labels))
    hits, guesses = sums[2 : 2 + N_CLASSES], sums[2 + N_CLASSES :]
    weights = np.zeros((rows.dates.size, 1 + auc_resamples))
    weights[part.dates] = counts[: 1 + auc_resamples].T
    inside = np.zeros(rows.dates.size, dtype=bool)
    inside[part.dates] = True
    return {
        "log_loss": sums[0] / actual.sum(axis=0),
        "brier": sums[1] / actual.sum(axis=0),
        "macro_f1": macro_f1(hits.T, actual.T, guesses.T),
        "auc": macro_auc(each.order, each.tie, rows.label, rows.date, inside[rows.date], weights),
    }


def mean_rank_ic(each: Forecast, part: DatePart, counts: Floats) -> Floats:
    """Average the rank information coefficient over the ranked dates of a slice, shape (1 + resamples,)."""
    mean: Floats = counts @ each.rank_ic[part.dates] / counts.sum(axis=1)
    return mean
