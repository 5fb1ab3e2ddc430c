"""Regime-aware validation: how good each predictor is, where, against which baseline, and how sure that is."""

from dataclasses import dataclass as plain_dataclass

import numpy as np
import pandas as pd

from barograph.names import BASELINES, CLASSES
from barograph.randomness import generator
from barograph.scoring.bootstrap import episode_bootstrap_counts, interval
from barograph.scoring.pairing import Paired, pair
from barograph.scoring.scores import N_CLASSES, Scorer
from barograph.scoring.settings import Validation
from barograph.scoring.slices import POOLED, Slice, episode_numbers, slices
from barograph.typing import Floats

_SKILLS = [f"skill_{baseline}{end}" for baseline in BASELINES for end in ("", "_low", "_high")]
_SCORES = [
    "log_loss",
    *_SKILLS,
    *("auc", "auc_low", "auc_high", "brier", "calibration_error"),
    *("accuracy", "majority_accuracy", "balanced_accuracy", "macro_f1"),
]
_COLUMNS = ["kind", "slice", "predictor", "rows", "dates", "episodes", "sufficient", *_SCORES]
_CRASH = [name for name in _SKILLS if name.startswith("skill_regime_prior")]


@plain_dataclass(frozen=True)
class ValidationResult:
    """What :func:`validate` finds.

    Attributes
    ----------
    slices : pandas.DataFrame
        One row a slice and predictor: `kind` (overall, regime, event, sector, fold), `slice`, `predictor`, `rows`,
        `dates`, `episodes`, `sufficient`, then the scores.
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
        `predictor, symbol, date, fold, p_sell, p_hold, p_buy`, the baselines `prior` and `regime_prior` included.
    labels, regimes, universe, archive : pandas.DataFrame
        The tables of these names.
    settings : Validation
    seed : int
        Of the bootstrap.

    Returns
    -------
    ValidationResult

    Raises
    ------
    InputError
        If a baseline, a column, a regime or a sector is missing, a row repeats, or probabilities are not such.

    Notes
    -----
    Skill is 1 - LL / LL(baseline), with LL the mean log loss: 0 is the baseline itself, 1 certainty.

    Intervals come from a block bootstrap of dates: all symbols of a date stay together, `block_days` consecutive dates
    of the slice stay together, and all predictors see the same resample. In regimes, which consist of a few episodes
    (dates at most `episode_gap_days` trading days apart), whole episodes are drawn first and blocks of dates within
    each of them second, because the next crisis is a new episode rather than more days of an old one; resampling the
    days alone gives intervals that are much too narrow. A resample of a slice's own dates is never empty. An event is
    a single episode: its interval says how exactly its own score is known, nothing about the next event, and so does
    that of a regime seen once. A single episode shorter than two blocks has no interval (NaN): it cannot be resampled
    in blocks. `sufficient` is False for regimes and events of fewer than `min_episodes` episodes.

    AUC is the unweighted mean of the three one-vs-rest areas, NaN where a class is missing. It pools folds, so that
    even `prior`, constant within a fold, differs from 0.5 as class frequencies drift. Its interval is given overall and
    per regime, and NaN elsewhere.
    """
    paired = pair(predictions, labels, regimes, universe)
    scorer = Scorer(paired, settings.calibration_bins)
    parts = [_score(part, paired, scorer, settings, seed) for part in slices(paired, archive)]
    return ValidationResult(
        slices=pd.concat(parts, ignore_index=True),
        calibration=_calibration(paired, scorer),
        confusion=_confusion(paired, scorer),
        coverage=paired.coverage,
    )


def metrics(result: ValidationResult) -> dict[str, dict[str, float | int | None]]:
    """Choose the figures that a person compares between two runs.

    Parameters
    ----------
    result : ValidationResult

    Returns
    -------
    dict
        Per predictor: `rows` and the overall scores with their intervals, `crash_episodes`, and the skill against
        `regime_prior` in crashes as `crash_skill_regime_prior` with `_low` and `_high`. Plain numbers; None where
        undefined, and for crashes where the evidence is insufficient.
    """
    overall = result.slices[result.slices["kind"] == "overall"].set_index("predictor")
    crash = result.slices[(result.slices["kind"] == "regime") & (result.slices["slice"] == "crash")]
    crashes = crash.set_index("predictor").to_dict(orient="index")
    found: dict[str, dict[str, float | int | None]] = {}
    for predictor, row in overall.to_dict(orient="index").items():
        own: dict[str, float | int | None] = {"rows": int(row["rows"])} | {name: _plain(row[name]) for name in _SCORES}
        seen = crashes.get(predictor, {"episodes": 0, "sufficient": False})
        own["crash_episodes"] = int(seen["episodes"])
        own |= {f"crash_{name}": _plain(seen[name]) if seen["sufficient"] else None for name in _CRASH}
        found[str(predictor)] = own
    return found


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _score(part: Slice, paired: Paired, scorer: Scorer, settings: Validation, seed: int) -> pd.DataFrame:
    rows, dates = part.rows, np.unique(paired.date[part.rows])
    episode = episode_numbers(paired.trading_day[dates], settings.episode_gap_days)
    if part.kind != "regime":
        episode = np.zeros_like(episode)
    episodes = int(episode[-1]) + 1
    rng = generator(seed, "validation", part.kind, part.name)
    counts = episode_bootstrap_counts(episode, settings.block_days, settings.resamples, rng).astype(np.float64)
    scores = scorer.point(rows)
    scores |= _skills(scores["log_loss"], scorer.loss_per_date(rows, dates) @ counts.T, paired, settings.level)
    scores["auc"] = scorer.auc(rows, dates, np.ones((1, dates.size)))[:, 0]
    scores["auc_low"] = scores["auc_high"] = np.full(len(paired.predictors), np.nan)
    if part.kind in ("overall", "regime"):
        samples = scorer.auc(rows, dates, counts[: settings.auc_resamples])
        scores["auc_low"], scores["auc_high"] = interval(samples.T, settings.level)
    if episodes == 1 and dates.size < 2 * settings.block_days:
        scores |= {name: np.full(len(paired.predictors), np.nan) for name in scores if name.endswith(("_low", "_high"))}
    return pd.DataFrame(
        {
            "kind": part.kind,
            "slice": part.name,
            "predictor": paired.predictors,
            "rows": rows.size,
            "dates": dates.size,
            "episodes": episodes,
            "sufficient": part.kind not in POOLED or episodes >= settings.min_episodes,
        }
        | scores
    )[_COLUMNS]


def _skills(log_loss: Floats, resampled: Floats, paired: Paired, level: float) -> dict[str, Floats]:
    """Give skill against each baseline from mean losses (P,) and summed losses of the resamples (P, resamples)."""
    skills = {}
    for baseline in BASELINES:
        at = paired.predictors.index(baseline)
        name = f"skill_{baseline}"
        with np.errstate(invalid="ignore", divide="ignore"):
            skills[name] = 1 - log_loss / log_loss[at]
            skills[f"{name}_low"], skills[f"{name}_high"] = interval((1 - resampled / resampled[at]).T, level)
    return skills


def _calibration(paired: Paired, scorer: Scorer) -> pd.DataFrame:
    parts = []
    for i, k in np.ndindex(len(paired.predictors), N_CLASSES):
        rows = np.bincount(scorer.bin[i, k], minlength=scorer.bins)
        used = np.flatnonzero(rows)
        stated = np.bincount(scorer.bin[i, k], paired.probabilities[i, :, k], scorer.bins)
        happened = np.bincount(scorer.bin[i, k], scorer.is_class[k], scorer.bins)
        curve = pd.DataFrame({"bin": used, "mean_probability": stated[used], "frequency": happened[used]})
        curve[["mean_probability", "frequency"]] /= rows[used, None]
        parts.append(curve.assign(predictor=paired.predictors[i], rows=rows[used], **{"class": CLASSES[k]}))
    columns = ["predictor", "class", "bin", "mean_probability", "frequency", "rows"]
    return pd.concat(parts, ignore_index=True)[columns]


def _confusion(paired: Paired, scorer: Scorer) -> pd.DataFrame:
    keys = pd.MultiIndex.from_product([paired.predictors, CLASSES, CLASSES], names=["predictor", "label", "predicted"])
    rows = scorer.confusion(np.arange(paired.label.size)).ravel()
    return pd.DataFrame({"rows": rows}, index=keys).reset_index()
