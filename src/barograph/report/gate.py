"""The gate: what a candidate had to reach, what it reached, and whether naming the majority class would too."""

import math
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from barograph.report import palette, words
from barograph.report.inputs import ReportInputs

PASS, FAIL, OPEN = "pass", "fail", "not_applicable"
RULES: Final = {"at_least": "at least", "above": "above", "at_most": "at most", "below": "below"}
_WORDS: Final = {PASS: "pass", FAIL: "fail", OPEN: "not applicable"}


@dataclass(frozen=True)
class Criterion:
    """One line of the gate's table."""

    name: str
    key: str
    figure: str
    threshold: str
    verdict: str
    majority: str
    majority_figure: str


@dataclass(frozen=True)
class Gate:
    """The gate's outcome in words, and its criteria."""

    outcome: str
    count: str
    sentences: list[str]
    criteria: list[Criterion]


def gate(inputs: ReportInputs) -> Gate | None:
    """Give the gate's outcome; None where no gate was held."""
    if inputs.criteria.empty:
        return None
    criteria = [_criterion(row) for _, row in inputs.criteria.iterrows()]
    return Gate(outcome(inputs.criteria), count(inputs.criteria), _sentences(inputs), criteria)


def outcome(criteria: pd.DataFrame) -> str:
    """Give ``rejected`` where a criterion fails or none passes, else ``accepted``."""
    verdicts = criteria["verdict"]
    return "accepted" if (verdicts == PASS).any() and not (verdicts == FAIL).any() else "rejected"


def count(criteria: pd.DataFrame) -> str:
    """Count the criteria that pass, and those that do not apply."""
    passed, open_ = int((criteria["verdict"] == PASS).sum()), int((criteria["verdict"] == OPEN).sum())
    text = f"{passed} of {words.count(len(criteria), 'criterion', 'criteria')} pass{'es' if len(criteria) == 1 else ''}"
    return f"{text}, {open_} not applicable" if open_ else text


def clause(inputs: ReportInputs) -> str:
    """Say the outcome inside a sentence; empty where no gate was held."""
    if inputs.criteria.empty:
        return ""
    who = "it" if inputs.candidate == inputs.headline else palette.subject(inputs.candidate)
    return f"the gate {'rejects' if outcome(inputs.criteria) == 'rejected' else 'accepts'} {who}"


def _sentences(inputs: ReportInputs) -> list[str]:
    table = inputs.criteria
    failed = [_short(row) for _, row in table[table["verdict"] == FAIL].iterrows()]
    sentences = []
    if failed:
        sentences.append(f"Short of: {'; '.join(failed)}. A rejection is a normal outcome: nothing is promoted.")
    both = table[(table["verdict"] == PASS) & (table["majority_verdict"] == PASS)]
    too = [_short(row) for _, row in both.iterrows()]
    if too:
        sentences.append(f"Always naming the majority class would pass too, so little is proved: {'; '.join(too)}.")
    return sentences


def _description(row: "pd.Series[Any]") -> str:
    text = row["description"]
    return str(text).rstrip(".") if isinstance(text, str) and text else palette.title(str(row["criterion"]))


def _short(row: "pd.Series[Any]") -> str:
    """Leave out what a description remarks after a semicolon."""
    return _description(row).partition(";")[0]


def _criterion(row: "pd.Series[Any]") -> Criterion:
    threshold = _float(row["threshold"])
    figure, majority = _float(row["figure"]), _float(row["majority_figure"])
    decimals = max(places(threshold), *(distinct(value, threshold) for value in (figure, majority)))
    rule = RULES.get(str(row["rule"]), str(row["rule"]))
    return Criterion(
        name=_description(row),
        key=str(row["criterion"]),
        figure=words.number(figure, decimals),
        threshold=f"{rule} {words.number(threshold, places(threshold))}" if math.isfinite(threshold) else "\N{EN DASH}",
        verdict=_WORDS.get(str(row["verdict"]), str(row["verdict"])),
        majority=_WORDS.get(str(row["majority_verdict"]), str(row["majority_verdict"])),
        majority_figure=words.number(majority, decimals) if math.isfinite(majority) else "",
    )


def places(value: float) -> int:
    """Count the decimals with which a threshold was written, at most four."""
    if not math.isfinite(value):
        return 0
    return next((n for n in range(4) if math.isclose(value, round(value, n), abs_tol=1e-12)), 4)


def distinct(figure: float, threshold: float) -> int:
    """Give the decimals, from three to six, with which a figure is not written like a threshold that it only nears."""
    if not (math.isfinite(figure) and math.isfinite(threshold)) or figure == threshold:
        return 3
    return next((n for n in range(3, 6) if round(figure, n) != round(threshold, n)), 6)


def _float(value: Any) -> float:
    return float(value) if value is not None and not pd.isna(value) else math.nan
