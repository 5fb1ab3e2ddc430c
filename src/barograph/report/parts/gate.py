"""The gate: what a candidate had to reach, what it reached, and whether naming the majority class would too."""

import math
from typing import Any, Final

import pandas as pd

from barograph.report import palette, words
from barograph.report.blocks import Block, Cell, Column, Heading, Row, Table, Words
from barograph.report.cells import DASH
from barograph.report.results import Csv, Results
from barograph.report.words import Record

CRITERIA: Final = Csv(
    "reports/gate/criteria.csv",
    (*("criterion", "description", "figure", "rule", "threshold", "verdict"), *("majority_figure", "majority_verdict")),
)
PASS, FAIL, OPEN = "pass", "fail", "not_applicable"
_RULES: Final = {"at_least": "at least", "above": "above", "at_most": "at most", "below": "below"}
_COLUMNS: Final = [
    Column("Figure"),
    Column("Asked for", words=True, whole=True),
    Column("Verdict", words=True, whole=True),
    Column("Majority class"),
    Column("Its verdict", words=True, whole=True),
]


def blocks(results: Results) -> list[Block]:
    """Give the gate's outcome and its criteria."""
    criteria = results[CRITERIA]
    caption = (
        f"What {palette.subject(results.candidate)} had to reach; beside it what always naming the majority class "
        "would get."
    )
    rows = [_row(row) for row in criteria.to_dict("records")]
    return [
        Heading("The gate:", "gate", outcome(criteria), count(criteria)),
        Words(sentences(criteria), "subtitle"),
        Table("gate-table", caption, _COLUMNS, rows, first="Criterion", sortable=False, style="criteria"),
    ]


def outcome(criteria: pd.DataFrame) -> str:
    """Give ``rejected`` where a criterion fails or none passes, else ``accepted``."""
    verdicts = criteria["verdict"]
    return "accepted" if (verdicts == PASS).any() and not (verdicts == FAIL).any() else "rejected"


def count(criteria: pd.DataFrame) -> str:
    """Count the criteria that pass, and those that do not apply."""
    passed, open_ = int((criteria["verdict"] == PASS).sum()), int((criteria["verdict"] == OPEN).sum())
    text = f"{passed} of {words.count(len(criteria), 'criterion', 'criteria')} pass{'es' if len(criteria) == 1 else ''}"
    return f"{text}, {open_} not applicable" if open_ else text


def clause(results: Results) -> str:
    """Say the outcome inside a sentence."""
    who = "it" if results.candidate == results.headline else palette.subject(results.candidate)
    return f"the gate {'rejects' if outcome(results[CRITERIA]) == 'rejected' else 'accepts'} {who}"


def sentences(criteria: pd.DataFrame) -> list[str]:
    """Name the criteria that fail, and those that prove little because the majority class would pass them too."""
    failed = criteria["verdict"] == FAIL
    short, open_ = criteria[failed & criteria["figure"].notna()], criteria[failed & criteria["figure"].isna()]
    cheap = criteria[(criteria["verdict"] == PASS) & (criteria["majority_verdict"] == PASS)]
    texts = []
    if len(short):
        texts.append(f"Short of: {_listed(short)}.")
    if len(open_):
        texts.append(f"Not decided, which fails too: {_listed(open_)}.")
    if failed.any():
        texts.append("A rejection is a normal outcome: nothing is promoted.")
    if len(cheap):
        texts.append(f"Always naming the majority class would pass too, so little is proved: {_listed(cheap)}.")
    return texts


def _listed(criteria: pd.DataFrame) -> str:
    """List descriptions without the remarks after a semicolon."""
    return "; ".join(text.rstrip(".").partition(";")[0] for text in criteria["description"])


def _row(row: Record) -> Row:
    threshold, figure, majority = (float(row[key]) for key in ("threshold", "figure", "majority_figure"))
    decimals = max(places(threshold), *(distinct(value, threshold) for value in (figure, majority)))
    rule = _RULES[row["rule"]]
    asked = f"{rule} {words.number(threshold, places(threshold))}" if math.isfinite(threshold) else DASH.text
    cells = [
        Cell(words.number(figure, decimals)),
        Cell(asked),
        _verdict(row["verdict"]),
        Cell(words.number(majority, decimals) if math.isfinite(majority) else ""),
        _verdict(row["majority_verdict"]),
    ]
    return Row(row["description"].rstrip("."), cells)


def _verdict(verdict: Any) -> Cell:
    text = str(verdict).replace("_", " ")
    return Cell(text, mark=text.replace(" ", "-"))


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
