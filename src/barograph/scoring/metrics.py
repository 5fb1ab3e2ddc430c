"""The metrics of forecasts: one registry, over which validation, exams, the study of the memory and the report loop."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal

import numpy as np
from numpy.random import Generator

from barograph.names import BASELINES, CLASSES
from barograph.scoring.bootstrap import can_resample, episode_bootstrap_counts, estimates
from barograph.scoring.calibration import calibration_gap
from barograph.scoring.estimate import interval_columns
from barograph.scoring.evidence import independent_cases
from barograph.scoring.samples import Part, Resamples
from barograph.scoring.settings import Validation
from barograph.typing import Floats, Ints

TableName = Literal["slices", "exams", "study"]
# How many resamples an interval takes.
Draws = Literal["none", "few", "all"]
TABLES: Final[tuple[TableName, ...]] = ("slices", "exams", "study")


@dataclass(frozen=True)
class Metric:
    """A metric of predictors.

    Attributes
    ----------
    key : str
        Its column.
    title : str
    meaning : str
        In a sentence's worth of words, for a person.
    unit : str
        Such as ``share`` or ``nats``; empty for a pure number.
    better : {"higher", "lower"} or None
        None where neither is, and where the study therefore cannot compare.
    score : callable
        Takes a :class:`~barograph.scoring.samples.Part` of the rows and gives an array of shape (P,); of
        :class:`~barograph.scoring.samples.Resamples`, (P, R). NaN where undefined.
    interval : {"none", "few", "all"}
        How many resamples its interval takes: none, ``auc_resamples`` or ``resamples``. Then its column is followed by
        two more, ``<key>_low`` and ``<key>_high``. The study resamples every metric.
    tables : tuple of str
        Which of the slices, the exams and the study show it.
    """

    key: str
    title: str
    meaning: str
    unit: str
    better: Literal["higher", "lower"] | None
    score: Callable[[Part], Floats]
    interval: Draws = "none"
    tables: tuple[TableName, ...] = TABLES


def _skill(baseline: str) -> Metric:
    meaning = f"share of the log loss of {baseline} that is saved: 0 is {baseline} itself, 1 certainty"
    return Metric(
        f"skill_{baseline}", f"Skill against {baseline}", meaning, "share", "higher",
        lambda part: 1 - part.relative(part.loss, baseline), "all", ("slices", "exams"),
    )  # fmt: skip


def _parts_of_skill(baseline: str) -> tuple[Metric, ...]:
    """Split the skill by the chain rule (:mod:`barograph.scoring.movement`); the first two add up to it."""

    def saved(losses: Floats, of: Floats, part: Part) -> Floats:
        at = part.forecasts.predictors.index(baseline)
        with np.errstate(invalid="ignore", divide="ignore"):
            share: Floats = (losses[at] - losses) / of[at]
        return share

    movement = f"the part of the skill against {baseline} that lies in whether a barrier is hit"
    direction = f"the part of the skill against {baseline} that lies in which barrier is hit, given that one is"
    alone = f"share of the log loss of {baseline} about which barrier is hit, given that one is, that is saved"
    return (
        Metric(
            f"movement_{baseline}", f"Movement, in the skill against {baseline}", movement, "share", "higher",
            lambda part: saved(part.movement, part.movement + part.direction, part), "all", ("slices",),
        ),
        Metric(
            f"direction_{baseline}", f"Direction, in the skill against {baseline}", direction, "share", "higher",
            lambda part: saved(part.direction, part.movement + part.direction, part), "all", ("slices",),
        ),
        Metric(
            f"direction_skill_{baseline}", f"Skill of the direction against {baseline}", alone, "share", "higher",
            lambda part: saved(part.direction, part.direction, part), "all", ("slices",),
        ),
    )  # fmt: skip


def _calibration_error(part: Part) -> Floats:
    forecasts, label = part.forecasts, part.label
    predictors, bins = len(forecasts.predictors), forecasts.bins
    gaps = []
    for i, k in np.ndindex(predictors, len(CLASSES)):
        surplus = (label == k) - forecasts.probabilities[i, part.rows, k]
        gaps.append(calibration_gap(part.totals(forecasts.bin[i, k, part.rows], bins, surplus), part.size))
    mean: Floats = np.stack(gaps).reshape(predictors, len(CLASSES), *part.size.shape).mean(axis=1)
    return mean


def _hits(part: Part) -> Floats:
    return np.diagonal(part.confusion, axis1=-2, axis2=-1)


def _balanced_accuracy(part: Part) -> Floats:
    with np.errstate(invalid="ignore"):
        mean: Floats = np.nanmean(_hits(part) / part.confusion.sum(axis=-1), axis=-1)
    return mean


def _macro_f1(part: Part) -> Floats:
    actual, predicted = part.confusion.sum(axis=-1), part.confusion.sum(axis=-2)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.nanmean(2 * _hits(part) / (actual + predicted), axis=-1)
    return mean


# fmt: off
METRICS: Final[dict[str, Metric]] = {metric.key: metric for metric in (
    Metric("log_loss", "Log loss", "mean log loss of a row", "nats", "lower", lambda part: part.mean(part.loss)),
    *map(_skill, BASELINES),
    *chain.from_iterable(map(_parts_of_skill, BASELINES)),
    Metric(
        "auc", "AUC", "area under the ROC curve, mean of each class against the rest; 0.5 is chance", "", "higher",
        lambda part: part.auc(), "few",
    ),
    Metric(
        "brier", "Brier score", "squared distance of probabilities and outcome, summed over the classes", "", "lower",
        lambda part: part.mean(part.square), tables=("slices", "study"),
    ),
    Metric(
        "calibration_error", "Calibration error", "expected gap of probability and frequency, mean of the classes",
        "share", "lower", _calibration_error, tables=("slices",),
    ),
    Metric(
        "accuracy", "Accuracy", "rows whose most probable class, the first of equals, is the label", "share", "higher",
        lambda part: _hits(part).sum(axis=-1) / part.size, tables=("slices", "exams"),
    ),
    Metric(
        "majority_accuracy", "Majority's accuracy", "rows of the most common label: hindsight that no predictor has",
        "share", None, lambda part: part.confusion.sum(axis=-1).max(axis=-1) / part.size, tables=("slices", "exams"),
    ),
    Metric(
        "balanced_accuracy", "Balanced accuracy", "mean recall of the classes that occur", "share", "higher",
        _balanced_accuracy, tables=("slices",),
    ),
    Metric(
        "macro_f1", "Macro F1", "mean F1 of the classes that occur or are predicted", "share", "higher",
        _macro_f1, tables=("slices", "study"),
    ),
)}
# fmt: on


def metrics_of(table: TableName) -> list[Metric]:
    """List the metrics that a table shows, in their order."""
    return [metric for metric in METRICS.values() if table in metric.tables]


def score_columns(table: TableName, drawn: Collection[Draws]) -> list[str]:
    """Name the columns of a table's metrics; those of the intervals in `drawn` have three."""
    columns: list[str] = []
    for metric in metrics_of(table):
        columns += interval_columns(metric.key) if metric.interval in drawn else (metric.key,)
    return columns


def scores(
    table: TableName,
    part: Part,
    episode: Ints,
    drawn: Mapping[Draws, bool],
    settings: Validation,
    rng: Generator,
    *,
    whole: bool = False,
) -> dict[str, dict[str, float]]:
    """Score every predictor on a part of the rows; give by predictor the columns that :func:`score_columns` names.

    `episode` numbers the episodes of the part's dates, as :func:`~barograph.scoring.episode_bootstrap_counts` takes
    them, and `whole` says whether they are drawn whole, as folds are. The intervals in `drawn` have columns; False
    makes them NaN, as does a single episode shorter than two blocks, which cannot be resampled in blocks.
    """
    forecasts, level = part.forecasts, settings.level
    cases = independent_cases(episode, settings.block_days)
    dates = np.unique(forecasts.date[part.rows])
    drawn_dates = episode_bootstrap_counts(episode, settings.block_days, settings.resamples, rng, whole=whole)
    counts = drawn_dates.astype(np.float64)
    numbers: dict[Draws, int] = {"few": settings.auc_resamples, "all": settings.resamples}
    # The metrics of as many resamples share them, and with them the means that several are made of.
    resamples = {
        draws: Resamples(forecasts, part.rows, dates, counts[: numbers[draws]])
        for draws, given in drawn.items()
        if given and can_resample(episode, settings.block_days)
    }
    columns: dict[str, dict[str, float]] = {name: {} for name in forecasts.predictors}
    for metric in metrics_of(table):
        values = metric.score(part)
        samples = np.full((1, values.size), np.nan)
        if metric.interval in resamples:
            samples = metric.score(resamples[metric.interval]).T
        for row, estimate in zip(columns.values(), estimates(values, samples, level, cases), strict=True):
            row |= estimate.columns(metric.key) if metric.interval in drawn else {metric.key: estimate.value}
    return columns
