"""The gate: does the candidate meet every criterion, and would the majority class meet it too."""

from typing import Any, Final

import pandas as pd

from barograph.errors import InputError
from barograph.gate.comparison import Comparison
from barograph.gate.criteria import COUNTS, FAIL, NOT_APPLICABLE, PASS, SLICED, Criterion, Gate
from barograph.gate.figures import Finding, Results, find, keys
from barograph.names import BASELINES, PRIOR

_NUMBERS: Final = ("figure", "threshold", "majority_figure")


def judge(gate: Gate, results: Results) -> pd.DataFrame:
    """Judge the candidate by every criterion.

    Returns
    -------
    pandas.DataFrame
        Per criterion, in their order: `criterion, description, figure, rule, threshold, verdict, majority_figure,
        majority_verdict, slice`. Verdicts are ``pass``, ``fail`` or ``not_applicable``; the majority's are those of the
        predictor `prior`, which always names the most frequent class. Of figures by regime, sector, exam or part of
        replay the worst is judged, and `slice` names where it lies. An undefined figure (NaN) fails, and the
        description says so; so does one that meets its threshold on too few independent cases to decide, and the
        description counts them. A criterion about the champion is not applicable without a champion and to the champion
        itself, and fails where the two cannot be judged, with the reason. One of replay is not applicable without
        replay, nor is the drift of predictions to `prior`, whose predictions are not followed.

    Raises
    ------
    InputError
        If the candidate is no model and not the ensemble, or a figure is not among the results.
    """
    allowed = sorted(name for name in results.validation if name in results.backtest and name not in BASELINES)
    if gate.candidate not in allowed:
        raise InputError(f"gate.candidate: {gate.candidate} is no model and not the ensemble; allowed are {allowed}")
    rows = [_row(name, criterion, gate.candidate, results) for name, criterion in gate.criteria.items()]
    return pd.DataFrame(rows).astype(dict.fromkeys(_NUMBERS, "float64"))


def gate_metrics(gate: Gate, table: pd.DataFrame, comparison: Comparison | None) -> dict[str, dict[str, Any]]:
    """Choose from the table of :func:`judge` the figures that a person compares between two runs.

    They are plain numbers, None where undefined, under the candidate's name: `accepted` (1 where a criterion passes and
    none fails, else 0), the numbers of criteria that `passed`, `failed` and were `not_applicable`, and the `figure`,
    `threshold` and `passed` (1 or 0) of each criterion. Where the candidate was compared with the champion there are
    also the figures of the comparison and the log loss of both, under `champion`.
    """
    verdicts = table["verdict"]
    counts = {name: int((verdicts == verdict).sum()) for name, verdict in COUNTS.items()}
    found: dict[str, Any] = {"accepted": int(counts["passed"] > 0 and counts["failed"] == 0)} | counts
    numbers = table[["figure", "threshold"]].astype(object).where(table[["figure", "threshold"]].notna(), None)
    for name, verdict, (figure, threshold) in zip(table["criterion"], verdicts, numbers.to_numpy(), strict=True):
        passed = None if verdict == NOT_APPLICABLE else int(verdict == PASS)
        found[str(name)] = {"figure": figure, "threshold": threshold, "passed": passed}
    if comparison is not None and comparison.figures:
        losses = {"log_loss": comparison.scores["candidate"], "champion_log_loss": comparison.scores["champion"]}
        found["champion"] = dict(comparison.figures) | {name: who["log_loss"] for name, who in losses.items()}
    return {gate.candidate: found}


def _row(name: str, criterion: Criterion, candidate: str, results: Results) -> dict[str, Any]:
    allowed = keys(results, criterion, candidate)
    if criterion.key not in allowed and (allowed or criterion.metrics not in SLICED):
        raise InputError(
            f"gate.criteria.{name}.key: the {criterion.metrics} metrics of {candidate} lack {criterion.key}; "
            f"allowed are {allowed}"
        )
    found, majority = find(results, criterion, candidate), _majority(results, criterion)
    return {
        "criterion": name,
        "description": criterion.description + found.remark,
        "figure": found.figure,
        "rule": criterion.rule,
        "threshold": found.threshold,
        "verdict": _verdict(criterion, found),
        "majority_figure": majority.figure,
        "majority_verdict": _verdict(criterion, majority),
        "slice": found.slice,
    }


def _majority(results: Results, criterion: Criterion) -> Finding:
    """Find the figure of `prior`, of which some results say nothing."""
    known = criterion.key in keys(results, criterion, PRIOR)
    return find(results, criterion, PRIOR) if known else Finding(None, applies=False)


def _verdict(criterion: Criterion, found: Finding) -> str:
    if not found.applies:
        return NOT_APPLICABLE
    if found.figure is None or found.threshold is None:
        return FAIL
    return PASS if criterion.met(found.figure, found.threshold) else FAIL
