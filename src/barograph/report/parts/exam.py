"""The crisis exam: how models that had never seen an event would have done in it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from barograph.names import BASELINES, REGIME_PRIOR, VOTE
from barograph.report import palette, words
from barograph.report.blocks import Block, Cell, Column, Group, Heading, Row, Table, Words
from barograph.report.cells import DASH, column, figures, heads, word
from barograph.report.charts import day
from barograph.report.metrics import shown
from barograph.report.results import Csv, Results
from barograph.report.words import Record

LABEL: Final = "Not causal in time: trained also on what came after."
_METRICS: Final = (
    *("skill_regime_prior", "walk_forward_skill_regime_prior", "skill_prior", "skill_structural"),
    *("log_loss", "auc", "accuracy"),
)
EXAM: Final = Csv(
    "reports/validation/exam.csv",
    (
        *("kind", "exam", "regime", "start", "end", "predictor", "rows", "dates", "events"),
        *("effective_events", "more_events", "sufficient", "attainable_p"),
        *(f"sign_flip_p_{name}" for name in BASELINES),
        *(f"skill_{name}{end}" for name in BASELINES for end in ("", "_low", "_high")),
        *("log_loss", "auc", "accuracy", "majority_accuracy"),
        *("walk_forward_log_loss", "walk_forward_skill_regime_prior"),
    ),
    dates=("start", "end"),
)
_CRISES: Final = {"crash", "recovery"}
_NARROW: Final = (
    "An interval of one event comes from resampling blocks of that one episode: it is about that event's days only, "
    "and is too narrow even for them, since the labels of neighbouring days overlap."
)
_EXACT: Final = (
    "Of a pooled row p is that of the exact one-sided test over its events, of being better than the baseline."
)
_COLUMNS: Final = [
    Column("Period", "first and last day examined", words=True, whole=True),
    Column("Regime", "of the event", words=True),
    Column("Days", "trading days, and rows"),
    *heads(_METRICS),
]


def blocks(results: Results) -> list[Block]:
    """Tell the exam: heading, warning, the table of the vote, and the skill of all predictors; nothing without one."""
    if results[EXAM].empty:
        return []
    exam = _ordered(results[EXAM])
    vote = exam[exam["predictor"] == VOTE]
    caption = (
        "The vote in each event, trained on everything but it and the weeks on both sides. In brackets "
        f"{results.confidence} intervals, of which the note beneath tells; choose a heading to sort."
    )
    rows = [_row(*pair) for pair in zip(vote.to_dict("records"), figures(vote, _METRICS), strict=True)]
    beside = "Beside it is the walk-forward skill, of models that knew only the past."
    return [
        Heading(heading(vote), "exam"),
        Words([beside], "subtitle", tag=LABEL),
        Table("exam-table", caption, _COLUMNS, rows, first="Exam"),
        Words([note(vote)], "note"),
        Group([_others(exam)], summary="Every predictor in every exam"),
    ]


def _ordered(exam: pd.DataFrame) -> pd.DataFrame:
    """Sort the exams by date, then the regimes that pool them."""
    events = exam[exam["kind"] == "event"].sort_values(["start", "exam"], kind="stable")
    pooled = exam[exam["kind"] == "regime"]
    places = {name: place for place, name in enumerate(palette.regime_order(pooled["exam"].astype(str)))}
    return pd.concat([events, pooled.sort_values("exam", key=lambda names: names.map(places), kind="stable")])


def heading(vote: pd.DataFrame) -> str:
    """Say in how many events the vote would have scored above every baseline, each of them a single case.

    Point figures are counted. An interval of one event comes from blocks of one episode, and with labels that overlap
    it is far too narrow to tell wins from luck.
    """
    events = vote[vote["kind"] == "event"]
    above = int((events[[f"skill_{baseline}" for baseline in BASELINES]] > 0).all(axis=1).sum())
    nouns = ("crisis", "crises") if set(events["regime"]) <= _CRISES else ("event", "events")
    return (
        f"Had it never seen them, the vote would have scored above every baseline in {above or 'none'} of "
        f"{words.count(len(events), *nouns)}; each is a single case"
    )


def note(vote: pd.DataFrame) -> str:
    """Warn of the intervals, and say on how many events each pooled row rests and how much of it is one of them."""
    texts = []
    for pooled in vote[vote["kind"] == "regime"].to_dict("records"):
        of = _largest(vote[(vote["kind"] == "event") & (vote["regime"] == pooled["exam"])])
        more = f" ({words.needed(int(pooled['more_events']))} to decide)" if _weak(pooled) else ""
        texts.append(f"{_name(pooled)}, rests on {words.count(int(pooled['events']), 'event')}{of}{more}")
    return f"{_NARROW} {_EXACT} {'; '.join(texts)}." if texts else _NARROW


def _largest(events: pd.DataFrame) -> str:
    if len(events) < 2:
        return ""
    most = events.sort_values(["rows", "exam"], ascending=[False, True]).iloc[0]
    share = 100 * float(most["rows"]) / float(events["rows"].sum())
    return f", of which {palette.title(str(most['exam']))} has {share:.0f} % of the rows"


def _name(row: Record) -> str:
    return palette.title(str(row["exam"])) + ("" if row["kind"] == "event" else ", pooled")


def _row(row: Record, scores: Sequence[Cell]) -> Row:
    pooled = row["kind"] == "regime"
    start = "" if pooled else day(row["start"])
    period = _events(row) if pooled else f"{start} to {day(row['end'])}"
    cells = [
        Cell(period, f"p at best {words.chance(float(row['attainable_p']))}" if pooled else "", start),
        word(palette.title(str(row["regime"])), str(row["regime"])),
        Cell(f"{int(row['dates']):,}", words.count(int(row["rows"]), "row"), str(int(row["dates"]))),
        *([_skill(row, scores[0]), *[DASH] * (len(scores) - 1)] if _weak(row) else _tested(row, scores)),
    ]
    return Row(_name(row), cells, "weak" if _weak(row) else "model")


def _others(exam: pd.DataFrame) -> Table:
    """Give one row per predictor, one column per exam."""
    metric = shown("skill_regime_prior")
    names = {(row["kind"], row["exam"]): _name(row) for row in exam.to_dict("records")}
    predictors = set(exam["predictor"]) - {REGIME_PRIOR}
    rows = []
    for predictor in sorted(predictors, key=lambda name: (name in BASELINES, name != VOTE, name)):
        scores = exam[exam["predictor"] == predictor]
        found = zip(scores.to_dict("records"), column(scores, metric.key), strict=True)
        cells = {(row["kind"], row["exam"]): _skill(row, cell) for row, cell in found}
        title = "The vote" if predictor == VOTE else palette.title(predictor)
        kind = "baseline" if predictor in BASELINES else "model"
        rows.append(Row(title, [cells.get(key, DASH) for key in names], kind, palette.mark(predictor).colour))
    caption = f"Skill of every predictor against the regime table, % of its log loss. {LABEL}"
    return Table("exam-others-table", caption, [Column(name, metric.meaning) for name in names.values()], rows)


def _tested(row: Record, scores: Sequence[Cell]) -> list[Cell]:
    """Write the exact test of pooled events beneath the skill against each baseline."""
    baselines = {f"skill_{baseline}": baseline for baseline in BASELINES}
    return [
        _skill(row, cell, baselines[key]) if key in baselines else cell
        for key, cell in zip(_METRICS, scores, strict=True)
    ]


def _skill(row: Record, cell: Cell, baseline: str = REGIME_PRIOR) -> Cell:
    """Write the exact test beneath where events are pooled, and no number where they are too few."""
    if row["kind"] == "event":
        return cell
    exact = f"p {words.chance(float(row[f'sign_flip_p_{baseline}']))}"
    return Cell("too few", exact) if _weak(row) else replace(cell, small=f"{cell.small}; {exact}")


def _events(row: Record) -> str:
    return words.cases(int(row["events"]), float(row["effective_events"]), "event")


def _weak(row: Record) -> bool:
    return row["kind"] == "regime" and not bool(row["sufficient"])
