"""The crisis exam: how models that had never seen an event would have done in it."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from barograph.names import BASELINES, VOTE
from barograph.report import palette, words
from barograph.report.blocks import Block, Cell, Column, Group, Heading, Row, Table, Words
from barograph.report.cells import DASH, column, heads, word
from barograph.report.charts import day
from barograph.report.metrics import shown
from barograph.report.results import Csv, Results
from barograph.report.words import Record

LABEL: Final = "Not causal in time: trained also on what came after."
_METRICS: Final = (
    *("skill_regime_prior", "walk_forward_skill_regime_prior", "skill_prior"),
    *("log_loss", "auc", "accuracy"),
)
EXAM: Final = Csv(
    "reports/validation/exam.csv",
    (
        *("kind", "exam", "regime", "start", "end", "predictor", "rows", "dates", "events", "sufficient"),
        *(f"skill_{name}{end}" for name in ("prior", "regime_prior") for end in ("", "_low", "_high")),
        *("log_loss", "auc", "accuracy", "majority_accuracy"),
        *("walk_forward_log_loss", "walk_forward_skill_regime_prior"),
    ),
    dates=("start", "end"),
)
_CRISES: Final = {"crash", "recovery"}
_NARROW: Final = (
    "An interval of one event comes from resampling blocks of that one episode: it holds for that event's days only, "
    "and is too narrow even for them, since the labels of neighbouring days overlap."
)
_COLUMNS: Final = [
    Column("Period", "first and last day examined", words=True, whole=True),
    Column("Regime", "of the event", words=True),
    Column("Days", "trading days, and rows"),
    *heads(_METRICS),
]


def blocks(results: Results) -> list[Block]:
    """Tell the exam: heading, warning, the table of the vote, and the skill of all predictors; nothing without one."""
    exam = results[EXAM]
    if exam.empty:
        return []
    speaker = _speaker(exam)
    scores = exam[exam["predictor"] == speaker]
    caption = (
        f"{words.capitalised(_called(speaker))} in each event, trained on everything but it and the weeks on both "
        f"sides. In brackets {results.confidence} intervals, of which the note beneath tells; choose a heading to sort."
    )
    beside = "Beside it is the walk-forward skill, of models that knew only the past."
    return [
        Heading(heading(exam), "exam"),
        Words([beside], "subtitle", tag=LABEL),
        Table("exam-table", caption, _COLUMNS, rows(scores), first="Exam"),
        Words([note(scores)], "note"),
        Group([_others(exam, speaker)], summary="Every predictor in every exam"),
    ]


def heading(exam: pd.DataFrame) -> str:
    """Say in how many events the vote would have scored above both baselines, each of them a single case.

    Point figures are counted. An interval of one event comes from blocks of one episode, and with labels that overlap
    it is far too narrow to tell wins from luck.
    """
    speaker = _speaker(exam)
    events = exam[(exam["kind"] == "event") & (exam["predictor"] == speaker)]
    above = int((events[["skill_regime_prior", "skill_prior"]] > 0).all(axis=1).sum())
    nouns = ("crisis", "crises") if set(events["regime"]) <= _CRISES else ("event", "events")
    return (
        f"Had it never seen them, {_called(speaker)} would have scored above both baselines in {above or 'none'} of "
        f"{words.count(len(events), *nouns)}; each is a single case"
    )


def note(scores: pd.DataFrame) -> str:
    """Warn of the intervals, and say on how many events each pooled row rests and how much of it is one of them."""
    pooled = scores[scores["kind"] == "regime"].set_index("exam")["events"].to_dict()
    texts = []
    for regime in palette.regime_order(map(str, pooled)):
        of = _largest(scores[(scores["kind"] == "event") & (scores["regime"] == regime)])
        events = words.count(int(pooled[regime]), "event")
        texts.append(f"{_name('regime', regime)}, rests on {events}{of}")
    return f"{_NARROW} {'; '.join(texts)}." if texts else _NARROW


def _largest(events: pd.DataFrame) -> str:
    if len(events) < 2:
        return ""
    most = events.sort_values(["rows", "exam"], ascending=[False, True]).iloc[0]
    share = 100 * float(most["rows"]) / float(events["rows"].sum())
    return f", of which {palette.title(str(most['exam']))} has {share:.0f} % of the rows"


def _speaker(exam: pd.DataFrame) -> str:
    there = [name for name in dict.fromkeys(exam["predictor"].astype(str)) if name not in BASELINES]
    return VOTE if VOTE in there or not there else there[0]


def _called(predictor: str) -> str:
    return "the vote" if predictor == VOTE else palette.subject(predictor)


def _name(kind: str, name: str) -> str:
    return palette.title(name) if kind == "event" else f"{palette.title(name)}, pooled"


def _ordered(exam: pd.DataFrame) -> pd.DataFrame:
    """Sort the exams by date, then the regimes that pool them."""
    events = exam[exam["kind"] == "event"].sort_values(["start", "exam"], kind="stable")
    pooled = exam[exam["kind"] == "regime"]
    places = {name: place for place, name in enumerate(palette.regime_order(pooled["exam"].astype(str)))}
    return pd.concat([events, pooled.sort_values("exam", key=lambda names: names.map(places), kind="stable")])


def rows(scores: pd.DataFrame) -> list[Row]:
    """Give a predictor's exams, then the regimes that pool them."""
    ordered = _ordered(scores)
    columns = zip(*(column(ordered, shown(key)) for key in _METRICS), strict=True)
    return [_row(row, figures) for row, figures in zip(ordered.to_dict("records"), columns, strict=True)]


def _row(row: Record, figures: Sequence[Cell]) -> Row:
    pooled = row["kind"] == "regime"
    start = "" if pooled else day(row["start"])
    period = words.count(int(row["events"]), "event") if pooled else f"{start} to {day(row['end'])}"
    if _weak(row):
        figures = [_skill(row, figures[0]), *[DASH] * (len(figures) - 1)]
    cells = [
        Cell(period, "", start),
        word(palette.title(str(row["regime"])), str(row["regime"])),
        Cell(f"{int(row['dates']):,}", words.count(int(row["rows"]), "row"), str(int(row["dates"]))),
        *figures,
    ]
    return Row(_name(str(row["kind"]), str(row["exam"])), cells, "weak" if _weak(row) else "model")


def _others(exam: pd.DataFrame, speaker: str) -> Table:
    """Give one row per predictor, one column per exam."""
    keys = _ordered(exam.drop_duplicates(["kind", "exam"]))
    names = list(zip(keys["kind"].astype(str), keys["exam"].astype(str), strict=True))
    predictors = [name for name in dict.fromkeys(exam["predictor"].astype(str)) if name != "regime_prior"]
    predictors.sort(key=lambda name: (name in BASELINES, name != speaker, name))
    metric = shown("skill_regime_prior")
    return Table(
        "exam-others-table",
        f"Skill of every predictor against the regime table, % of its log loss. {LABEL}",
        [Column(_name(*name), metric.meaning) for name in names],
        [_other(_ordered(exam[exam["predictor"] == name]), names, name) for name in predictors],
    )


def _other(scores: pd.DataFrame, names: list[tuple[str, str]], name: str) -> Row:
    found = zip(scores.to_dict("records"), column(scores, shown("skill_regime_prior")), strict=True)
    cells = {(str(row["kind"]), str(row["exam"])): _skill(row, cell) for row, cell in found}
    title = words.capitalised(_called(name)) if name == VOTE else palette.title(name)
    kind = "baseline" if name in BASELINES else "model"
    return Row(title, [cells.get(key, DASH) for key in names], kind, palette.marks([name])[name].colour)


def _skill(row: Record, cell: Cell) -> Cell:
    """Write no number where pooled events are too few."""
    return Cell("too few", words.count(int(row["events"]), "event")) if _weak(row) else cell


def _weak(row: Record) -> bool:
    return row["kind"] == "regime" and not bool(row["sufficient"])
