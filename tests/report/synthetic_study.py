"""An invented memory study, an exam and a replay, whose verdicts are set by hand."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from barograph.memory_study.study import NO_EVIDENCE, TOO_FEW_CRISES
from barograph.names import BASELINES, CLASSES, REGIMES
from barograph.report.metrics import GAINS
from barograph.report.study.differences import COLUMNS

OPTIONS = (
    *("none", "expanding", "recency", "archive", "archive_detected", "placebo", "balanced", "weighted", "replay"),
    *("reference", "hybrid"),
)
MODELS = ("logistic_regression", "lightgbm")
# Log loss of every option, of 1.0 that the rolling window has.
LOSSES = dict(zip(OPTIONS, (1.0, 0.988, 0.991, 0.996, 0.9965, 0.9955, 1.004, 1.006, 1.09, 1.12, 0.987), strict=True))
HALF = 0.003
CRISES = ("crash", "recovery")


def facts(**changes: Any) -> dict[str, Any]:
    return {
        "symbols": 20,
        "rows": 80_240,
        "first": "2007-01-03",
        "last": "2022-12-09",
        "folds": 16,
        "models": list(MODELS),
        "options": list(OPTIONS),
        "seeds": [7, 8, 9],
        "budget": 8_000,
        "source": "bundled",
        "label": "volatility_barrier",
        "resamples": 1_000,
        "level": 0.95,
        "false_discovery_rate": 0.05,
        "comparisons": 1_234,
        "min_episodes": 3,
        "data_digest": "abc",
        "commands": ["git checkout 1a2b3c4", "make ablation"],
    } | changes


def differences(
    losses: Mapping[str, float] = LOSSES,
    *,
    calibrations: tuple[str, ...] = ("raw", "recalibrated"),
    models: tuple[str, ...] = ("vote", *MODELS),
    references: Mapping[str, tuple[str, ...]] | None = None,
    slices: tuple[str, ...] = ("overall", *REGIMES),
) -> pd.DataFrame:
    """Invent a study's table: improvements are differences of ``losses``; crises have two episodes."""
    pairs = references or {
        "none": tuple(one for one in losses if one != "none"),
        "expanding": tuple(one for one in losses if one != "expanding"),
        "placebo": ("archive", "archive_detected"),
    }
    rows = [
        _row(model, calibration, option, reference, metric, slice_, losses)
        for model in models
        for calibration in calibrations
        for reference, options in pairs.items()
        for option in options
        if {option, reference} <= set(losses)
        for metric in GAINS
        for slice_ in slices
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(
    model: str, calibration: str, option: str, reference: str, metric: str, slice_: str, losses: Mapping[str, float]
) -> tuple[Any, ...]:
    shift = {"log_loss": 1.0, "brier": 0.6, "macro_f1": 0.4, "auc": 0.5, "rank_ic": 0.3, "sharpe": 0.2}[metric]
    gain = shift * (losses[reference] - losses[option]) * (1.5 if calibration == "recalibrated" else 1.0)
    few = slice_ in CRISES
    half = HALF * shift * (40 if metric == "sharpe" else 1) * (1 if slice_ == "overall" else 2)
    low, high = gain - half, gain + half
    verdict = TOO_FEW_CRISES if few else "helps" if low > 0 else "hurts" if high < 0 else NO_EVIDENCE
    base = {"log_loss": losses[reference], "brier": 0.6}.get(metric, 0.5)
    episodes, worth = (16, 16.0) if slice_ == "overall" else (2, 1.6) if few else (9, 9.0)
    value = base - gain if metric in ("log_loss", "brier") else base + gain
    known = np.nan if few else 0.01
    return (
        *(model, calibration, option, reference, metric, slice_, 80_240, 4_012, episodes, worth, 3 * few),
        *((0.5**episodes, 0.5) if slice_ != "overall" and metric == "log_loss" else (np.nan, np.nan)),
        *(value, base, gain, low, high, known, gain - half / 2, gain + half / 4, known, verdict),
    )


def changed(frame: pd.DataFrame, *, where: Mapping[str, str], **values: Any) -> pd.DataFrame:
    frame = frame.copy()
    chosen = pd.Series(True, index=frame.index)
    for name, value in where.items():
        chosen &= frame[name] == value
    assert chosen.any()
    for name, value in values.items():
        frame.loc[chosen, name] = value
    return frame


EXAMS = {
    "financial_crisis_2008": ("crash", "2008-09-02", "2009-03-31", 0.03),
    "covid_crash_2020": ("crash", "2020-02-20", "2020-03-23", -0.30),
    "covid_recovery_2020": ("recovery", "2020-03-24", "2020-06-30", 0.06),
    "crash_2011_08_08": ("crash", "2011-08-08", "2011-10-10", 0.005),
}


def exam(half: float = 0.02) -> pd.DataFrame:
    """Invent an exam: the vote beats the regime table in two of four crises and is worse in one."""
    predictors = ("vote", *MODELS, "regime_prior", "prior", "structural")
    rows = [
        _sat("event", name, regime, start, end, one, skill - 0.004 * place, 1, half)
        for name, (regime, start, end, skill) in EXAMS.items()
        for place, one in enumerate(predictors)
    ]
    for regime, events in (("crash", 3), ("recovery", 1)):
        rows += [
            _sat("regime", regime, regime, None, None, one, -0.02 - 0.004 * place, events, half)
            for place, one in enumerate(predictors)
        ]
    return pd.DataFrame(rows)


def _sat(
    kind: str,
    name: str,
    regime: str,
    start: str | None,
    end: str | None,
    predictor: str,
    skill: float,
    events: int,
    half: float,
) -> dict[str, Any]:
    score = {"regime_prior": 0.0, "prior": -0.01, "structural": 0.01}.get(predictor, skill)
    row: dict[str, Any] = {"kind": kind, "exam": name, "regime": regime, "start": start, "end": end}
    row |= {
        "predictor": predictor,
        "rows": 1_240,
        "dates": 62,
        "events": events,
        "effective_events": 1.0 if events == 1 else 0.8 * events,
        "more_events": 4 if events == 1 else 2,
        "attainable_p": 0.5**events if kind == "regime" else np.nan,
        **dict.fromkeys((f"sign_flip_p_{baseline}" for baseline in BASELINES), np.nan),
    }
    if kind == "regime":
        row |= {"sign_flip_p_prior": 0.25, "sign_flip_p_regime_prior": 0.875, "sign_flip_p_structural": 0.5}
    row |= {"sufficient": kind == "regime" and events >= 3, "log_loss": 1.05 - score}
    for key, value in (
        ("skill_prior", score + 0.01),
        ("skill_regime_prior", score),
        ("skill_structural", score - 0.01),
    ):
        row |= {key: value, f"{key}_low": value - half, f"{key}_high": value + half}
    row |= {"auc": 0.55, "accuracy": 0.45, "majority_accuracy": 0.47}
    walked = name != "financial_crisis_2008"
    row["walk_forward_log_loss"] = 1.07 - score if walked else np.nan
    row["walk_forward_skill_regime_prior"] = score - 0.019 if walked else np.nan
    return row


def replay(helps: bool = False) -> dict[str, dict[str, pd.DataFrame]]:
    """Invent what two models replayed, and that it hurt (or helped) the first of them on look-alikes."""
    return {name: _replay(0.03 if helps else -0.05, place) for place, name in enumerate(MODELS)}


def _replay(gain: float, place: int) -> dict[str, pd.DataFrame]:
    folds = [(fold, regime, 1_600, 160, 120, 900.0) for fold in range(3) for regime in REGIMES]
    shares = {
        "overall": {"overall": 0.05},
        "regime": dict(zip(REGIMES, (0.02, 0.05, 0.07, 0.21, 0.09), strict=True)),
        "sector": {"Energy": 0.04, "Utilities": 0.08},
        "class": dict(zip(CLASSES, (0.07, 0.01, 0.06), strict=True)),
    }
    groups = [
        (kind, value, 10_000, round(10_000 * share), share, 1.0, 2.1)
        for kind, own in shares.items()
        for value, share in own.items()
    ]
    spread = 0.01 if place == 0 else 0.2
    improvement = [
        (fold, part, 4_000, 250, 1.1 - size, 1.1, size, size - spread, size + spread)
        for fold, times in (("0", 3), ("1", -1), ("all", 1))
        for part, size in (("look_alikes", times * gain), ("others", times * gain / 5))
    ]
    names = ["fold", "part", "rows", "dates", "loss", "loss_without", "improvement", "low", "high"]
    kinds = ["kind", "value", "predicted", "replayed", "share", "mean_loss", "mean_loss_replayed"]
    return {
        "folds": pd.DataFrame(folds, columns=["fold", "regime", "rows", "replayed", "appended", "effective_size"]),
        "groups": pd.DataFrame(groups, columns=kinds),
        "improvement": pd.DataFrame(improvement, columns=names),
    }
