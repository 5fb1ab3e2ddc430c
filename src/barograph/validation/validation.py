"""Regime-aware validation: how good each predictor is, where, against which baseline, and how sure that is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.dates import without_time_zones
from barograph.names import BASELINES, CLASSES
from barograph.randomness import generator
from barograph.scoring import UNDEFINED, Estimate, Forecasts, Part, Validation, scores, weigh
from barograph.scoring.metrics import Draws
from barograph.scoring.pairing import Paired, pair
from barograph.scoring.sign_flips import SIGN_FLIP_COLUMNS, UNTESTED, sign_flips
from barograph.scoring.slices import POOLED, Slice, episode_numbers, fold_numbers, slices
from barograph.typing import Ints, Rows

_FACTS: Final = [
    *("kind", "slice", "predictor", "rows", "dates", "episodes", "effective_episodes", "more_episodes", "sufficient"),
    *("attainable_p", *SIGN_FLIP_COLUMNS),
]
_ACROSS_FOLDS: Final = ("overall", "sector")
_NO_CRASH: Final = {"episodes": 0, "effective_episodes": 0.0, "more_episodes": None, "sufficient": False} | {
    "attainable_p": np.nan,
    **UNTESTED,
}
_SKILLS: Final = [f"skill_{baseline}" for baseline in BASELINES]


@dataclass(frozen=True)
class ValidationResult:
    """The tables of :func:`validate`.

    Attributes
    ----------
    slices : pandas.DataFrame
        One row a slice and predictor: `kind` (overall, regime, event, sector, fold), `slice`, `predictor`, `rows`,
        `dates`, `episodes`, `effective_episodes` and `more_episodes` as :class:`~barograph.scoring.Evidence`
        (`episodes` overall and of a sector are the folds), `sufficient`, of regimes `attainable_p` (the
        smallest p-value that the exact test can give) and, for each baseline, `sign_flip_p_<baseline>` (that which it
        gives), then the columns of :data:`~barograph.scoring.METRICS`.
    calibration : pandas.DataFrame
        Reliability curves over all scored rows: `predictor, class, bin, mean_probability, frequency, rows`; `class` is
        sell, hold or buy, `bin` counts from 0, empty bins are left out.
    confusion : pandas.DataFrame
        `predictor, label, predicted, rows` over all scored rows, all nine cells, in class names.
    coverage : pandas.DataFrame
        `predictor`, rows `predicted`, of these `labelled`, of these `scored` (predicted by all).
    """

    slices: pd.DataFrame
    calibration: pd.DataFrame
    confusion: pd.DataFrame
    coverage: pd.DataFrame


@without_time_zones
def validate(
    predictions: pd.DataFrame,
    labels: pd.DataFrame,
    regimes: pd.DataFrame,
    universe: pd.DataFrame,
    archive: pd.DataFrame,
    settings: Validation,
    seed: int,
) -> ValidationResult:
    """Score every predictor overall and per regime, event, sector and fold, paired and with intervals.

    Only rows that have a label and a prediction of every predictor are scored.

    Parameters
    ----------
    predictions : pandas.DataFrame
        `predictor, symbol, date, fold, p_sell, p_hold, p_buy`, the baselines included.
    labels, regimes, universe, archive : pandas.DataFrame
        The tables of these names.
    settings : Validation
    seed : int
        Of the bootstrap.

    Raises
    ------
    InputError
        If a baseline, a column, a regime or a sector is missing, a row repeats, or probabilities are not such.

    Notes
    -----
    Skill is 1 - LL / LL(baseline), with LL the mean log loss: 0 is the baseline itself, 1 certainty. It is the sum of
    `movement_<baseline>`, from whether a barrier is hit, and `direction_<baseline>`, from which one, given that one is;
    see :mod:`barograph.scoring.movement`. Both are divided by LL(baseline). `direction_skill_<baseline>` is the second
    divided by the baseline's loss about the direction alone.

    Intervals come from a bootstrap of the cases over which scores really differ, all symbols of a date together; all
    predictors see the same resample. Overall and in a sector the cases are the folds, since a model is frozen for a
    fold, and folds are drawn whole. In a regime they are the episodes (dates at most `episode_gap_days` trading days
    apart), because the next crisis is a new episode rather than more days of an old one; within each draw of an episode
    blocks of `block_days` consecutive dates are drawn. Resampling the days alone gives intervals that are much too
    narrow. The percentile interval is made longer by what a few cases understate of their own spread. An event is a
    single episode: its interval says how exactly its own score is known, nothing about the next event, and so does
    that of a regime seen once. A single episode shorter than two blocks has no interval (NaN): it cannot be resampled
    in blocks. `sufficient` is False for regimes and events whose episodes are too few, or too unequal, to decide
    anything; see :func:`~barograph.scoring.weigh`.

    The exact test (:func:`~barograph.scoring.sign_flip_test`) is one-sided: its p-values are small where the predictor
    has less log loss than the baseline. It is over the episodes of a regime, whose differences are summed over their
    rows; other slices have none (NaN).

    AUC is the unweighted mean of the three one-vs-rest areas, NaN where a class is missing. It pools folds, so that
    even `prior`, constant within a fold, differs from 0.5 as class frequencies drift. Its interval is given overall and
    per regime, and NaN elsewhere.
    """
    paired = pair(predictions, labels, regimes, universe)
    forecasts = paired.forecasts(settings.calibration_bins)
    rows = [row for part in slices(paired, archive) for row in _score(part, paired, forecasts, settings, seed)]
    return ValidationResult(
        slices=pd.DataFrame(rows),
        calibration=_calibration(forecasts),
        confusion=_confusion(forecasts),
        coverage=paired.coverage,
    )


def metrics(result: ValidationResult) -> dict[str, dict[str, float | int | None]]:
    """Choose the figures that a person compares between two runs, as plain numbers by predictor.

    Each has `rows` and the overall scores with their intervals, `crash_episodes`, how many of equal length they are
    worth, `crash_effective_episodes`, and how many more would be enough, `crash_more_episodes`, the p-values of the
    exact test in crashes, `crash_sign_flip_p_<baseline>`, with the smallest that it can give, `crash_attainable_p`, and
    the skill against each baseline in crashes as `crash_skill_<baseline>` with `_low` and `_high`. None where
    undefined; the skill in crashes also where the evidence is insufficient.
    """
    table = result.slices
    overall = table[table["kind"] == "overall"]
    crash = table[(table["kind"] == "regime") & (table["slice"] == "crash")]
    crashes = {row["predictor"]: row for row in crash.to_dict("records")}
    found = {}
    for row in overall.to_dict("records"):
        seen = crashes.get(row["predictor"], _NO_CRASH)
        figures = {key: row[key] for key in overall.columns.drop(_FACTS)}
        exact = {f"crash_{key}": seen[key] for key in ("attainable_p", *SIGN_FLIP_COLUMNS)}
        figures |= exact
        for skill in _SKILLS:
            figures |= (Estimate.of(seen, skill) if seen["sufficient"] else UNDEFINED).columns(f"crash_{skill}")
        plain = {key: None if np.isnan(value) else float(value) for key, value in figures.items()}
        counts = {f"crash_{name}": seen[name] for name in ("episodes", "effective_episodes", "more_episodes")}
        found[row["predictor"]] = {"rows": row["rows"]} | counts | plain
    return found


def _score(
    part: Slice, paired: Paired, forecasts: Forecasts, settings: Validation, seed: int
) -> Iterator[dict[str, Any]]:
    """Give a row of the table for every predictor."""
    rows, dates = part.rows, np.unique(paired.date[part.rows])
    episode = _cases(part, paired, dates, settings)
    evidence = weigh(np.bincount(episode), settings.min_episodes)
    rng = generator(seed, "validation", part.kind, part.name)
    drawn: dict[Draws, bool] = {"all": True, "few": part.kind in ("overall", "regime")}
    whole = part.kind in _ACROSS_FOLDS
    found = scores("slices", Part(forecasts, rows), episode, drawn, settings, rng, whole=whole)
    sufficient = part.kind not in POOLED or evidence.sufficient
    tested = part.kind == "regime"
    attainable = evidence.attainable_p if tested else np.nan
    cases = evidence.episodes, evidence.effective, evidence.more, sufficient, attainable
    exact = sign_flips(Part(forecasts, rows), episode) if tested else {}
    for predictor, figures in found.items():
        p = exact.get(predictor, UNTESTED).values()
        facts = (part.kind, part.name, predictor, rows.size, dates.size, *cases, *p)
        yield dict(zip(_FACTS, facts, strict=True)) | figures


def _cases(part: Slice, paired: Paired, dates: Rows, settings: Validation) -> Ints:
    """Give each date the number of its independent case: its fold, its episode of a regime, or the whole slice."""
    if part.kind == "regime":
        return episode_numbers(paired.trading_day[dates], settings.episode_gap_days)
    if part.kind not in _ACROSS_FOLDS:
        return np.zeros(dates.size, dtype=np.int64)
    return fold_numbers(paired, dates)


def _calibration(forecasts: Forecasts) -> pd.DataFrame:
    parts = []
    for i, k in np.ndindex(len(forecasts.predictors), len(CLASSES)):
        bins = forecasts.bin[i, k]
        rows = np.bincount(bins, minlength=forecasts.bins)
        used = np.flatnonzero(rows)
        stated = np.bincount(bins, forecasts.probabilities[i, :, k], forecasts.bins)
        happened = np.bincount(bins, forecasts.label == k, forecasts.bins)
        curve = pd.DataFrame({"bin": used, "mean_probability": stated[used], "frequency": happened[used]})
        curve[["mean_probability", "frequency"]] /= rows[used, None]
        parts.append(curve.assign(predictor=forecasts.predictors[i], rows=rows[used], **{"class": CLASSES[k]}))
    columns = ["predictor", "class", "bin", "mean_probability", "frequency", "rows"]
    return pd.concat(parts, ignore_index=True)[columns]


def _confusion(forecasts: Forecasts) -> pd.DataFrame:
    names = ["predictor", "label", "predicted"]
    keys = pd.MultiIndex.from_product([forecasts.predictors, CLASSES, CLASSES], names=names)
    rows = Part(forecasts, np.arange(forecasts.label.size)).confusion.ravel().astype(np.int64)
    return pd.DataFrame({"rows": rows}, index=keys).reset_index()
