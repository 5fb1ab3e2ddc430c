"""Memory options pair by pair: the differences of their scores, with intervals and p-values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.losses import log_losses
from barograph.memory_study.rows import DatePart, ScoredRows, date_parts
from barograph.memory_study.scores import LOG_LOSS, RANK_IC, SHARPE, compared, lower_is_better, rank_ic, resample
from barograph.memory_study.study import Ablation
from barograph.names import PROBABILITIES
from barograph.scoring import Forecasts, Resamples, Validation, estimates, sign_flip_test
from barograph.scoring.bootstrap import resampled_sharpe
from barograph.scoring.pairing import sum_to_one
from barograph.scoring.significance import student_p_values
from barograph.scoring.slices import folds_of_decisions
from barograph.typing import Floats, Ints

_COLUMNS: Final = [
    *("model", "calibration", "option", "reference", "metric", "slice", "rows", "dates", "episodes"),
    *("effective_episodes", "more_episodes", "attainable_p", "sign_flip_p"),
    *("value", "reference_value", "improvement", "low", "high", "p_value", "least_of_seeds", "most_of_seeds"),
]


class Draw(NamedTuple):
    """The predictions and earnings of every option with the same seed.

    Attributes
    ----------
    probabilities : mapping of str to ndarray, shape (n, 3)
        Of each option, on the n rows that are scored: sell, hold, buy.
    returns : pandas.DataFrame
        Daily simple returns after costs, dates as index, a column for each option.
    """

    probabilities: Mapping[str, Floats]
    returns: pd.DataFrame


@without_time_zones
def compare(
    draws: Sequence[Draw],
    rows: ScoredRows,
    *,
    model: str,
    calibration: str,
    study: Ablation,
    validation: Validation,
    seed: int,
) -> pd.DataFrame:
    """Compare the options of a model, pair by pair, overall and in every regime.

    Parameters
    ----------
    draws : sequence of Draw
        For each seed, on the same rows and days; at least one.

    Returns
    -------
    pandas.DataFrame
        Per pair, metric and slice: `model, calibration, option, reference, metric, slice, rows, dates, episodes,
        effective_episodes, more_episodes, attainable_p, sign_flip_p, value, reference_value, improvement, low, high,
        p_value, least_of_seeds, most_of_seeds`. `improvement` is positive where the option is better. Figures are
        means over the seeds; `least_of_seeds` and `most_of_seeds` are the smallest and the largest improvement with a
        single seed. `episodes` counts the independent cases: a regime's episodes, overall the folds;
        `effective_episodes` and `more_episodes` are as in :class:`~barograph.scoring.Evidence`. `sign_flip_p` is the
        p-value of the exact one-sided test over a regime's episodes that the option has the smaller log loss, and
        `attainable_p` the smallest that so many can give (:func:`~barograph.scoring.sign_flip_test`); NaN overall and
        for other metrics. `rows` are the days for `sharpe`, and for `rank_ic` those of its dates.

    Raises
    ------
    InputError
        If an option is missing or unknown, probabilities are not such, returns are not finite, do not ascend or are of
        other days than those of the first seed, or the calendar lacks a date of theirs or the trading day before it.

    Notes
    -----
    All options have the same resamples of dates, which depend on the seed, the slice and its dates alone, so that
    common influences cancel: overall whole folds, in regimes episodes first and circular blocks of `block_days` dates
    within them second, as :func:`~barograph.validation.validate` does. Both models of a difference are frozen
    for a fold, so that folds are its cases; blocks of dates alone covered 63 to 67 % instead of 95 % in simulations.

    A seed draws the rows that an option is shown and begins its models, which is chance too. So each metric is computed
    with every seed and averaged, resample by resample: losses are averaged, not probabilities, which would be another
    and better predictor. What noise of the seeds is left differs from fold to fold, and is part of the interval.

    Log loss, Brier score, macro F1 and AUC pool the rows. The rank information coefficient is the mean over dates of
    Spearman's correlation between p_buy - p_sell and the return to the exit; dates with fewer than three symbols or
    with equal returns are left out for all options, and a date on which an option's scores are equal counts 0 for it.
    A day's regime for the Sharpe ratio is that of the trading day before it, at whose close the decision was made.

    The interval is the percentile interval of the resampled differences, longer by what few cases understate (see
    :func:`~barograph.scoring.evidence.widening`). The p-value is two-sided: the difference over
    its bootstrap standard error against Student's t, because the quantiles of a normal distribution are too sure of an
    error that a handful of crises has measured. The degrees of freedom are the effective number of folds or episodes
    minus 1, of a single one its blocks minus 1, at least 1 [1]_. Simulated differences without effect, but with a
    deviation in each episode, had a p-value of at most 0.05 in 1 % of the cases with episodes as long as the crashes
    since 2007 (seven, worth 2.5 of equal length; 12 % had all seven been counted) and in 7 % with those of the regime
    `normal`. The p-value is 1 where neither the difference nor any resample of it differs from 0, and NaN, like the
    interval, where the difference is undefined in more than half of the resamples or the slice is a single episode
    shorter than two blocks.

    References
    ----------
    .. [1] Cameron, Miller (2015), "A Practitioner's Guide to Cluster-Robust Inference", Journal of Human Resources
       50(2), section VI.
    """
    from threadpoolctl import threadpool_limits

    for draw in draws:
        _check_probabilities(draw.probabilities, rows, study)
    decided = _days_of_decision(draws, rows, study)
    scored_days = rows.calendar.positions(rows.dates, "rows")
    fold = folds_of_decisions(decided, scored_days, rows.fold)
    return_parts = date_parts(decided, rows.calendar.regime[decided], fold, validation)
    # An even number, since BLAS adds up the last of an odd number in another order, and equal options must not differ.
    even = [*study.options, *study.options[: len(study.options) % 2]]
    stacked = [np.stack([draw.probabilities[option] for option in even]) for draw in draws]
    forecasts = [
        Forecasts(even, each, rows.label, rows.date, rows.dates.size, validation.calibration_bins) for each in stacked
    ]
    ranked = [each[: len(study.options)] for each in stacked]
    earned = [draw.returns[study.options].to_numpy(dtype=np.float64) for draw in draws]
    tables: dict[str, list[pd.DataFrame]] = {}
    # One thread, for the order of floating-point sums, and since matrices this narrow lose by more.
    with threadpool_limits(1):
        for scored in chain(
            _pooled(forecasts, rows, validation, seed),
            _ranked(ranked, rows, validation, seed),
            _earned(earned, return_parts, validation, seed),
        ):
            tables.setdefault(scored.metric, []).append(_differences(scored, study, validation.level))
    table = pd.concat(chain.from_iterable(tables.values())).sort_values("pair", kind="stable", ignore_index=True)
    table = table.merge(_exact(stacked, rows, study), "left", ["option", "reference", "metric", "slice"])
    return table.assign(model=model, calibration=calibration)[_COLUMNS]


def _exact(stacked: Sequence[Floats], rows: ScoredRows, study: Ablation) -> pd.DataFrame:
    """Test the log losses of each pair over the episodes of each regime, by changes of sign."""
    loss = np.mean([log_losses(of_seed, rows.label) for of_seed in stacked], axis=0)
    by_date = np.stack([np.bincount(rows.date, of_option) for of_option in loss])
    found = []
    for part in rows.parts[1:]:
        totals = np.stack([np.bincount(part.case, of_option[part.dates]) for of_option in by_date])
        for option, reference in study.pairs():
            better = totals[study.options.index(reference)] - totals[study.options.index(option)]
            found.append((option, reference, LOG_LOSS, part.slice, *sign_flip_test(better)))
    return pd.DataFrame(found, columns=["option", "reference", "metric", "slice", "sign_flip_p", "attainable_p"])


class _Scored(NamedTuple):
    """A metric of every option on a slice, shape (seeds, options, 1 + resamples), with the rows behind it."""

    metric: str
    part: DatePart
    rows: int
    statistics: Floats


def _pooled(forecasts: Sequence[Forecasts], rows: ScoredRows, validation: Validation, seed: int) -> Iterator[_Scored]:
    for part in rows.parts:
        counts = resample(part, validation, seed)
        inside = np.flatnonzero(np.isin(rows.date, part.dates))
        drawn = {
            "all": [Resamples(each, inside, part.dates, counts) for each in forecasts],
            "few": [Resamples(each, inside, part.dates, counts[: 1 + validation.auc_resamples]) for each in forecasts],
        }
        for metric in compared():
            resampled = drawn["few" if metric.interval == "few" else "all"]
            yield _Scored(metric.key, part, inside.size, np.stack([metric.score(each) for each in resampled]))


def _ranked(ranked: Sequence[Floats], rows: ScoredRows, validation: Validation, seed: int) -> Iterator[_Scored]:
    correlations = [[rank_ic(probabilities, rows) for probabilities in of_seed] for of_seed in ranked]
    rows_of_date = np.bincount(rows.date)[rows.ranked]
    for part in rows.ranked_parts:
        counts = resample(part, validation, seed)
        drawn = counts.sum(axis=1)
        means = np.array([[counts @ by_date[part.dates] / drawn for by_date in of_seed] for of_seed in correlations])
        yield _Scored(RANK_IC, part, int(rows_of_date[part.dates].sum()), means)


def _earned(
    earned: Sequence[Floats], parts: Sequence[DatePart], validation: Validation, seed: int
) -> Iterator[_Scored]:
    for part in parts:
        counts = resample(part, validation, seed)
        ratios = np.stack([resampled_sharpe(of_seed[part.dates], counts).T for of_seed in earned])
        yield _Scored(SHARPE, part, part.dates.size, ratios)


def _differences(scored: _Scored, study: Ablation, level: float) -> pd.DataFrame:
    pairs, part = study.pairs(), scored.part
    ours, theirs = ([study.options.index(name) for name in side] for side in zip(*pairs, strict=True))
    mean = scored.statistics.mean(axis=0)
    better = _gains(scored.metric, mean[ours].T, mean[theirs].T)
    of_seeds = _gains(scored.metric, scored.statistics[:, ours, 0], scored.statistics[:, theirs, 0])
    improvement, samples = better[0], better[1:] if part.resampled else np.full_like(better[1:], np.nan)
    judged = estimates(improvement, samples, level, part.independent)
    return pd.DataFrame(
        {
            "pair": np.arange(len(pairs)),
            "option": [option for option, _ in pairs],
            "reference": [against for _, against in pairs],
            "metric": scored.metric,
            "slice": part.slice,
            "rows": scored.rows,
            "dates": part.dates.size,
            "episodes": part.evidence.episodes,
            "effective_episodes": part.evidence.effective,
            "more_episodes": part.evidence.more,
            "value": mean[ours, 0],
            "reference_value": mean[theirs, 0],
            "improvement": improvement,
            "low": [each.low for each in judged],
            "high": [each.high for each in judged],
            "p_value": student_p_values(improvement, samples, part.independent),
            "least_of_seeds": of_seeds.min(axis=0),
            "most_of_seeds": of_seeds.max(axis=0),
        }
    )


def _gains(metric: str, value: Floats, reference: Floats) -> Floats:
    return reference - value if lower_is_better(metric) else value - reference


def _check_probabilities(probabilities: Mapping[str, Floats], rows: ScoredRows, study: Ablation) -> None:
    _refuse_other_options("probabilities", probabilities, study)
    for option, given in probabilities.items():
        if given.shape != (rows.label.size, len(PROBABILITIES)):
            raise InputError(
                f"probabilities of {option}: the shape is {given.shape}; "
                f"{(rows.label.size, len(PROBABILITIES))} is needed, a row for each that is scored"
            )
        good = sum_to_one(given)
        if not good.all():
            at = int(np.argmin(good))
            raise InputError(
                f"probabilities of {option}: {given[at].tolist()} on {rows.dates[rows.date[at]]:%Y-%m-%d}; "
                "they must not be negative and must sum to 1"
            )


def _days_of_decision(draws: Sequence[Draw], rows: ScoredRows, study: Ablation) -> Ints:
    """Check the returns and give the place in the calendar of the trading day before each."""
    days = pd.DatetimeIndex(draws[0].returns.index)
    for draw in draws:
        if not draw.returns.index.equals(days):
            raise InputError("returns: the days of two seeds differ; all seeds need the same days")
        _check_returns(draw.returns, study)
    day = rows.calendar.positions(days, "returns")
    if day.size and day[0] == 0:
        raise InputError(f"regimes: no trading day before {days[0]:%Y-%m-%d}, on which returns begin")
    return day - 1


def _check_returns(returns: pd.DataFrame, study: Ablation) -> None:
    _refuse_other_options("returns", returns.columns, study)
    days = pd.DatetimeIndex(returns.index)
    if not (days.is_monotonic_increasing and days.is_unique):
        raise InputError("returns: the dates must ascend, each once")
    values = returns.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        at, column = (int(place) for place in np.argwhere(~np.isfinite(values))[0])
        option = str(returns.columns[column])
        raise InputError(f"returns: {option} on {days[at]:%Y-%m-%d} is {values[at, column]}; it must be finite")


def _refuse_other_options(name: str, given: Iterable[str], study: Ablation) -> None:
    if sorted(given) != sorted(study.options):
        raise InputError(f"{name}: of the options {sorted(given)}; the study compares {sorted(study.options)}")
