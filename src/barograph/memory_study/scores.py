"""The figures that the study resamples: registered metrics, the rank information coefficient and the Sharpe ratio."""

from typing import Final

import numpy as np

from barograph.memory_study.rows import OVERALL, DatePart, ScoredRows, centred_ranks
from barograph.randomness import generator
from barograph.scoring import METRICS, Metric, Validation, episode_bootstrap_counts, metrics_of
from barograph.typing import Floats

LOG_LOSS: Final = "log_loss"
RANK_IC: Final = "rank_ic"
SHARPE: Final = "sharpe"


def compared() -> list[Metric]:
    """List the registered metrics that are better high or better low, those of few resamples last."""
    metrics = (metric for metric in metrics_of("study") if metric.better)
    return sorted(metrics, key=lambda metric: metric.interval == "few")


def lower_is_better(key: str) -> bool:
    """Tell whether a metric of the study is a loss."""
    return key in METRICS and METRICS[key].better == "lower"


def resample(part: DatePart, validation: Validation, seed: int) -> Floats:
    """Draw the dates of a slice, the same for every option, model and calibration: counts (1 + resamples, d).

    The first row takes each date once and so gives the statistic itself. The others draw whole folds overall; in a
    regime episodes first, then circular blocks of dates within each.
    """
    rng = generator(seed, "ablation", part.slice)
    block, resamples, whole = validation.block_days, validation.resamples, part.slice == OVERALL
    counts = episode_bootstrap_counts(part.case, block, resamples, rng, whole=whole)
    return np.concatenate([np.ones((1, part.dates.size)), counts])


def rank_ic(probabilities: Floats, rows: ScoredRows) -> Floats:
    """Give Spearman's correlation of p_buy - p_sell and the return to the exit, over the symbols of each ranked date.

    It is 0 where p_buy - p_sell does not differ, since such a forecast ranks nothing.
    """
    score = centred_ranks(probabilities[:, 2] - probabilities[:, 0], rows.date)
    products = (score * rows.exit_rank, score**2, rows.exit_rank**2)
    together, scores, exits = (np.bincount(rows.date, product, rows.dates.size)[rows.ranked] for product in products)
    with np.errstate(invalid="ignore"):
        return np.where(scores > 0, together / np.sqrt(scores * exits), 0.0)
