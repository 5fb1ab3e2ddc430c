"""The closing table: the scores of every predictor out of sample."""

from collections.abc import Sequence
from typing import Final

from barograph.names import BASELINES, REGIME_PRIOR, STRUCTURAL, UNIVERSE
from barograph.report import words
from barograph.report.blocks import Row, Section, Table
from barograph.report.cells import DASH, figures, heads, predictor_row
from barograph.report.results import BACKTEST, Results
from barograph.report.words import Record
from barograph.scoring import metrics_of

_FIRST: Final = (
    *("skill_regime_prior", "skill_prior", "skill_structural"),
    *("auc", "brier", "calibration_error", "accuracy"),
)
# Beneath the accuracy, on the scale of the data, or said by the others.
_LEFT_OUT: Final = {"majority_accuracy", "log_loss", "balanced_accuracy", "macro_f1"}
# Told by a section of their own.
_PARTS: Final = {f"{part}_{name}" for part in ("movement", "direction", "direction_skill") for name in BASELINES}
_RATIOS: Final = ("sharpe", "excess_sharpe")


def section(results: Results) -> Section:
    """Give every predictor's scores beside those of the baselines, and the Sharpe ratios."""
    caption = (
        f"Scores of every predictor out of sample, {results.confidence} intervals beneath. Baselines are rows like "
        "the others; choose a heading to sort."
    )
    table = Table("predictor-table", caption, heads((*scored(), *_RATIOS)), rows(results))
    return Section("predictors", "Predictors", heading(results), [table])


def scored() -> list[str]:
    """List the metrics of the table: whatever slices contain and nothing else tells, the known ones first."""
    known = {*_FIRST, *_LEFT_OUT, *_PARTS}
    return [*_FIRST, *(metric.key for metric in metrics_of("slices") if metric.key not in known)]


def heading(results: Results) -> str:
    """Say how many predictors beat the regime table and the structural baseline beyond their interval."""
    judged = results.overall[~results.overall["predictor"].isin(BASELINES)].to_dict("records")
    first = _beaten(judged, REGIME_PRIOR, f" of {words.count(len(judged), 'predictor')}")
    return f"{words.capitalised(first)}; {_beaten(judged, STRUCTURAL)}"


def _beaten(judged: Sequence[Record], baseline: str, of: str = "") -> str:
    kinds = [words.evidence(row, baseline) for row in judged]
    better, worse = kinds.count("better"), kinds.count("worse")
    verb = "beats" if better == 1 else "beat"
    text = f"{better or 'none'}{of} {verb} {words.BASELINE_NAMES[baseline]}"
    return f"{text}, {worse} {'is' if worse == 1 else 'are'} worse than it" if worse else text


def rows(results: Results) -> list[Row]:
    """Give the scores and ratios of every predictor, and the universe's ratios."""
    ratios = dict(zip(results[BACKTEST]["predictor"], figures(results[BACKTEST], _RATIOS), strict=True))
    scores = dict(zip(results.scored, figures(results.overall, scored()), strict=True)) | {
        UNIVERSE: [DASH] * len(scored())
    }
    return [
        predictor_row(name, results.headline, [*row, *ratios.get(name, [DASH, DASH])]) for name, row in scores.items()
    ]
