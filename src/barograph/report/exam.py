"""The crisis exam: how models that had never seen an event would have done in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from barograph.names import BASELINES, VOTE
from barograph.report import palette, words
from barograph.report.inputs import ReportInputs
from barograph.report.page_tables import Cell, Column, Row
from barograph.report.words import Estimate, aligned, log_loss_skill

LABEL: Final = "Not causal in time: trained also on what came after."
_CRISES: Final = {"crash", "recovery"}
_NARROW: Final = (
    "An interval of one event comes from resampling blocks of that one episode: it holds for that event's days only, "
    "and is too narrow even for them, since the labels of neighbouring days overlap."
)
COLUMNS: Final = [
    Column("Period", "first and last day examined", words=True, whole=True),
    Column("Regime", "of the event", words=True),
    Column("Days", "trading days, and rows"),
    Column("Skill against the regime table, %", "log loss saved, in percent of the regime table's"),
    Column("The same, walk-forward, %", "of the models that had seen what came before the event, on the same rows"),
    Column("Skill against class frequencies, %", "log loss saved, in percent of that of the class frequencies"),
    Column("Log loss", "lower is better; beneath it, walk-forward on the same rows"),
    Column("AUC", "macro one-vs-rest; 0.5 is chance"),
    Column("Accuracy, %", "beneath it, what always naming the majority class scores"),
]


@dataclass(frozen=True)
class Exam:
    """The exam's heading, its table of one predictor, and the skill of all predictors, an exam a column."""

    heading: str
    caption: str
    rows: list[Row]
    others_caption: str
    others_columns: list[Column]
    others: list[Row]
    columns: list[Column]
    label: str
    note: str


def exam(inputs: ReportInputs) -> Exam | None:
    """Tell the exam; None where none was held."""
    table = inputs.exam
    if table is None or table.empty:
        return None
    speaker = _speaker(table)
    names = _ordered(table)
    caption = (
        f"{words.capitalised(_called(speaker))} in each event, trained on everything but it and the weeks on both "
        f"sides. In brackets {100 * inputs.confidence:g} % intervals, of which the note beneath tells; choose a "
        "heading to sort."
    )
    others = [name for name in dict.fromkeys(table["predictor"].astype(str)) if name != "regime_prior"]
    others.sort(key=lambda name: (name in BASELINES, name != speaker, name))
    return Exam(
        heading(inputs),
        caption,
        _rows(table[table["predictor"] == speaker], names),
        f"Skill of every predictor against the regime table, % of its log loss. {LABEL}",
        [Column(_name(kind, name), "log loss saved, in percent of the regime table's") for kind, name in names],
        [_other(table[table["predictor"] == name], names, name) for name in others],
        COLUMNS,
        LABEL,
        _note(table[table["predictor"] == speaker]),
    )


def heading(inputs: ReportInputs) -> str:
    """Say in how many events the vote would have scored above both baselines, each of them a single case.

    Point figures are counted. An interval of one event comes from blocks of one episode, and with labels that overlap
    it is far too narrow to tell wins from luck.
    """
    table = inputs.exam
    if table is None or table.empty:
        return ""
    speaker = _speaker(table)
    own = table[(table["kind"] == "event") & (table["predictor"] == speaker)]
    above = int((own[["skill_regime_prior", "skill_prior"]] > 0).all(axis=1).sum())
    what = ("crisis", "crises") if set(own["regime"]) <= _CRISES else ("event", "events")
    return (
        f"Had it never seen them, {_called(speaker)} would have scored above both baselines in {above or 'none'} of "
        f"{words.count(len(own), *what)}; each is a single case"
    )


def _note(own: pd.DataFrame) -> str:
    """Warn of the intervals, and say on how many events each pooled row rests and how much of it is one of them."""
    pooled = {str(row["exam"]): row for _, row in own[own["kind"] == "regime"].iterrows()}
    texts = []
    for regime in palette.regime_order(pooled):
        of = _largest(own[(own["kind"] == "event") & (own["regime"] == regime)])
        texts.append(f"{_name('regime', regime)}, rests on {words.count(int(pooled[regime]['events']), 'event')}{of}")
    return f"{_NARROW} {'; '.join(texts)}." if texts else _NARROW


def _largest(events: pd.DataFrame) -> str:
    if len(events) < 2:
        return ""
    most = events.sort_values(["rows", "exam"], ascending=[False, True]).iloc[0]
    share = 100 * float(most["rows"]) / float(events["rows"].sum())
    return f", of which {palette.title(str(most['exam']))} has {share:.0f} % of the rows"


def _speaker(table: pd.DataFrame) -> str:
    there = [name for name in dict.fromkeys(table["predictor"].astype(str)) if name not in BASELINES]
    return VOTE if VOTE in there or not there else there[0]


def _called(predictor: str) -> str:
    return "the vote" if predictor == VOTE else palette.subject(predictor)


def _ordered(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Give the exams by date, then the regimes that pool them."""
    keys = table.drop_duplicates(["kind", "exam"])
    events = keys[keys["kind"] == "event"].sort_values(["start", "exam"])["exam"].astype(str)
    regimes = palette.regime_order(keys.loc[keys["kind"] == "regime", "exam"].astype(str))
    return [*(("event", name) for name in events), *(("regime", name) for name in regimes)]


def _name(kind: str, name: str) -> str:
    return palette.title(name) if kind == "event" else f"{palette.title(name)}, pooled"


def _rows(own: pd.DataFrame, names: list[tuple[str, str]]) -> list[Row]:
    rows = {(str(row["kind"]), str(row["exam"])): row for _, row in own.iterrows()}
    there = [key for key in names if key in rows]
    against = _skills([rows[key] for key in there], "regime_prior")
    prior = _skills([rows[key] for key in there], "prior")
    return [
        Row(_name(*key), "", "weak" if _weak(rows[key]) else "model", _cells(rows[key], skill, other))
        for key, skill, other in zip(there, against, prior, strict=True)
    ]


def _cells(row: "pd.Series[Any]", skill: Cell, other: Cell) -> list[Cell]:
    pooled, weak = row["kind"] == "regime", _weak(row)
    period = "\N{EN DASH}" if pooled else f"{_day(row['start'])} to {_day(row['end'])}"
    first = [
        Cell(words.count(int(row["events"]), "event") if pooled else period, "", "" if pooled else _day(row["start"])),
        Cell(palette.title(str(row["regime"])), "", str(row["regime"])),
        Cell(f"{int(row['dates']):,}", words.count(int(row["rows"]), "row"), str(int(row["dates"]))),
    ]
    if weak:
        return [*first, skill, *[Cell("\N{EN DASH}")] * 5]
    walk = float(row["walk_forward_log_loss"])
    return [
        *first,
        skill,
        _number(100 * float(row["walk_forward_skill_regime_prior"]), 1),
        other,
        _number(float(row["log_loss"]), 3, f"walk-forward {words.number(walk, 3)}" if pd.notna(walk) else ""),
        _number(float(row["auc"]), 3),
        _number(100 * float(row["accuracy"]), 1, f"majority {words.number(100 * float(row['majority_accuracy']), 1)}"),
    ]


def _other(own: pd.DataFrame, names: list[tuple[str, str]], name: str) -> Row:
    rows = {(str(row["kind"]), str(row["exam"])): row for _, row in own.iterrows()}
    there = [key for key in names if key in rows]
    cells = dict(zip(there, _skills([rows[key] for key in there], "regime_prior"), strict=True))
    kind = "baseline" if name in BASELINES else "model"
    colour = palette.marks([name])[name].colour
    title = words.capitalised(_called(name)) if name == VOTE else palette.title(name)
    return Row(title, colour, kind, [cells.get(key, Cell("\N{EN DASH}")) for key in names])


def _skills(rows: "Sequence[pd.Series[Any]]", baseline: str) -> list[Cell]:
    """Write skills with their intervals, but no number where pooled events are too few."""
    estimates = aligned([log_loss_skill(row, baseline) for row in rows])
    return [_few(row) if _weak(row) else _skill(one) for row, one in zip(rows, estimates, strict=True)]


def _few(row: "pd.Series[Any]") -> Cell:
    return Cell("too few", words.count(int(row["events"]), "event"))


def _skill(estimate: Estimate) -> Cell:
    if pd.isna(estimate.value):
        return Cell("\N{EN DASH}")
    interval = estimate.interval() if estimate.known else "no interval"
    return Cell(estimate.figure(), interval, repr(round(100 * estimate.value, 6)))


def _number(value: float, decimals: int, small: str = "") -> Cell:
    if pd.isna(value):
        return Cell("\N{EN DASH}", small)
    return Cell(words.number(value, decimals), small, repr(round(value, 6)))


def _weak(row: "pd.Series[Any]") -> bool:
    return row["kind"] == "regime" and not bool(row["sufficient"])


def _day(value: Any) -> str:
    return pd.Timestamp(value).strftime("%Y-%m-%d")
