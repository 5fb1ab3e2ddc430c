"""How well the memory study's options predict at all: their log loss beside that of class frequencies."""

from collections.abc import Mapping
from typing import Final

from barograph.names import BASELINES, REGIME_PRIOR, STRUCTURAL
from barograph.report import palette, words
from barograph.report.study.differences import RAW, RECALIBRATED, Study
from barograph.report.study.names import called, subject, target

BASELINE_FACTS: Final[Mapping[str, str]] = {name: f"{name}_log_loss" for name in BASELINES}
_TABLE: Final = words.BASELINE_NAMES[REGIME_PRIOR]
_SHOWN: Final = ("none", "expanding")


def log_losses(study: Study, calibration: str) -> dict[str, float]:
    """Give the overall log loss of every option, of the predictor of which the sentences speak."""
    found = [gap for name in study.references for gap in study.against(name, calibration=calibration)]
    scores = {gap.option: gap.value for gap in found} | {gap.reference: gap.reference_value for gap in found}
    return {name: scores[name] for name in palette.ordered(scores, study.facts["options"])}


def baselines(study: Study) -> dict[str, float]:
    """Give the log loss of the baselines on the same rows, as far as the facts know it."""
    return {name: float(study.facts[key]) for name, key in BASELINE_FACTS.items() if key in study.facts}


def scale(study: Study) -> str:
    """Compare options to the regime table, name those that are worse, and compare the best to the structural baseline.

    Empty where the regime table's log loss is not known; without the last sentence where the other's is not.
    """
    table = baselines(study).get(REGIME_PRIOR)
    if table is None:
        return ""
    scores = {name: log_losses(study, name) for name in study.calibrations}
    first = scores[study.calibrations[0]]
    best = min(first, key=lambda name: first[name])
    named: dict[str, str] = {name: target(name) for name in _SHOWN if name in first}
    named.setdefault(best, subject(best).rstrip(","))
    beside = scores.get(RECALIBRATED, {}) if RAW in scores else {}
    texts = [
        f"{named[name]}{f' (the best {study.calibrations[0]})' if name == best else ''} {_against(first[name], table)}"
        + (f" (recalibrated {_against(beside[name], table)})" if name in beside else "")
        for name in named
    ]
    worse, also = ([called(name) for name, score in losses.items() if score > table] for losses in (first, beside))
    said = f"Worse than it {'is' if len(worse) == 1 else 'are'} {words.joined(worse)}" if worse else "None is worse"
    if beside:
        said += f" (recalibrated {'likewise' if also == worse else words.joined(also) or 'none'})"
    return (
        f"For scale, {_TABLE} (class frequencies by regime) has a log loss of {table:.3f} on the same rows. Against "
        f"it, without intervals: {'; '.join(texts)}. {said}.{_beyond(study, scores)}"
    )


def _beyond(study: Study, scores: Mapping[str, Mapping[str, float]]) -> str:
    """Compare the best option of each calibration to the structural baseline."""
    structural = baselines(study).get(STRUCTURAL)
    if structural is None:
        return ""
    best = {calibration: min(losses, key=lambda name: losses[name]) for calibration, losses in scores.items()}
    texts = [
        f"the best {calibration}, {called(name)}, is {_against(scores[calibration][name], structural)}"
        for calibration, name in best.items()
    ]
    name = words.capitalised(words.BASELINE_NAMES[STRUCTURAL])
    return f" {name} has {structural:.3f}, and against it {' and '.join(texts)}."


def note(study: Study) -> str:
    """Write the log losses themselves, baselines first."""
    scores = [log_losses(study, name) for name in study.calibrations]
    texts = [f"{palette.title(key).lower()} {score:.4f}" for key, score in baselines(study).items()]
    texts += [f"{called(key)} {', '.join(f'{each[key]:.4f}' for each in scores if key in each)}" for key in scores[0]]
    return f"Log loss on the same rows, of {study.speaker} {' and '.join(study.calibrations)}: {'; '.join(texts)}."


def _against(score: float, table: float) -> str:
    saved = 100 * (1 - score / table)
    return f"{abs(saved):.1f} % {'better' if saved > 0 else 'worse'}"
