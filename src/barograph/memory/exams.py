"""The crisis exam: the rows that the latest year's model would be shown had it never seen an event."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from pydantic import field_validator
from pydantic.dataclasses import dataclass

from barograph.archive.archive import Regime
from barograph.archive.events import CONFIGURED
from barograph.dates import without_time_zones
from barograph.folds import Fold, lives_touch
from barograph.memory.options import Memory
from barograph.memory.samples import Labelled, draw_fold, labelled_rows
from barograph.memory.schema import EXAM_SAMPLES, EXAMS
from barograph.randomness import generator
from barograph.typing import STRICT, Dates


@dataclass(frozen=True, config=STRICT)
class Exam:
    """The events that are left out in turn and predicted by models of the last year tested.

    Parameters
    ----------
    regimes : list of str
        Named events of these regimes; none, no exams.

    Warnings
    --------
    An exam is not causal in time: its models were also trained on what came after the event.
    """

    regimes: list[Regime]

    @field_validator("regimes")
    @classmethod
    def _each_once(cls, regimes: list[Regime]) -> list[Regime]:
        if repeated := [regime for regime in regimes if regimes.count(regime) > 1]:
            raise ValueError(f"regimes names {repeated[0]} more than once")
        return regimes


@without_time_zones
def exam_samples(
    labels: pd.DataFrame,
    regimes: pd.DataFrame,
    events: pd.DataFrame,
    archive: pd.DataFrame,
    *,
    memory: Memory,
    folds: Sequence[Fold],
    embargo: int,
    seed: int,
    exam: Exam,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Draw the training rows of every exam: the memory of the last test window, but for what the event touches.

    Left out is every row whose life, from its date to its exit date, touches the closed span from the embargo
    before the first date examined to the embargo after the last exit of the rows examined. So no training label shares
    a day with an examined one, and on both sides the embargo's trading days lie between them. The draw is
    as of the cutoff of the last fold with a test window, so that more days of the same year change no exam: the same
    window, archive, balance, weights and budget. The event itself and the detected ones that are the same as it are no
    events of the archive any more; another event that reaches into the span loses the rows that lie in it, and no
    others.

    The regimes' dates, up to the last exit, are the trading calendar; the embargo counts its days.

    Returns
    -------
    exams : pandas.DataFrame
        The exams table, in order of time. Examined are the named events of the exam's regimes that start no earlier
        than the first test window, since hyperparameters are tuned on the past of that one, and whose rows are all
        labelled. The event starts in the test window of `fold`, whose features were selected before.
    samples : pandas.DataFrame
        The exam samples table.
    reasons : dict of str to str
        Why the other named events of the exam's regimes are not examined, by event and in order of time.

    Raises
    ------
    InputError
        If nothing is left to train on.

    Notes
    -----
    Replay plays no part: a memory of walk-forward mistakes contains those made in the event itself. The features of
    rows after the event look back on its prices, as they would for anybody who lived after it; its labels are in no
    row.

    References
    ----------
    López de Prado (2018), "Advances in Financial Machine Learning", Wiley, ch. 7: purging and embargo.
    """
    known = labels[labels["date"].isin(regimes["date"])]
    calendar = regimes.loc[regimes["date"] <= known["exit_date"].max(), "date"].to_numpy("datetime64[D]")
    named = events[(events["kind"] == CONFIGURED) & events["regime"].isin(exam.regimes)].sort_values("start")
    reasons, described = {}, []
    for event in named.itertuples():
        if reason := _reason_against(event, known, calendar, folds[0]):
            reasons[str(event.event)] = reason
        else:
            described.append(_describe(event, known, calendar, folds, embargo))
    exams = pd.DataFrame(described, columns=list(EXAMS.columns)).astype({"fold": np.int32, "rows": np.int64})
    rows = labelled_rows(known, regimes, events, archive)
    tested = [fold for fold in folds if not fold.final]
    drawn = [
        draw_fold(_without(rows, row), tested[-1], memory, generator(seed, "exam", row["exam"])).assign(
            exam=row["exam"]
        )
        for row in described
    ]
    columns = list(EXAM_SAMPLES.columns)
    samples = pd.concat(drawn, ignore_index=True)[columns] if drawn else pd.DataFrame(columns=columns)
    return exams, samples, reasons


def _reason_against(event: Any, labels: pd.DataFrame, calendar: Dates, first: Fold) -> str:
    """Give the reason not to examine an event; an empty text if there is none."""
    if not event.rows:
        return "the data contains no labelled row of it"
    if event.start < pd.Timestamp(first.test_start):
        return f"it starts before {first.test_start}, and on what came before that day the models are tuned"
    last = labels["date"].max()
    unlabelled = calendar[(calendar > last.to_datetime64()) & (calendar <= event.end.to_datetime64())]
    return f"its labels are not known from {unlabelled[0]} on" if unlabelled.size else ""


def _describe(event: Any, labels: pd.DataFrame, calendar: Dates, folds: Sequence[Fold], embargo: int) -> dict[str, Any]:
    """Give the event's row of the exams table."""
    rows = labels[labels["date"].between(event.start, event.end)]
    start, exit_date = rows["date"].min(), rows["exit_date"].max()
    before = np.searchsorted(calendar, start.to_datetime64()) - embargo
    after = np.searchsorted(calendar, exit_date.to_datetime64(), side="right") - 1 + embargo
    return {
        "exam": event.event,
        "regime": event.regime,
        "start": start,
        "end": rows["date"].max(),
        "left_out_from": pd.Timestamp(calendar[max(before, 0)]),
        "left_out_to": max(exit_date, pd.Timestamp(calendar[min(after, calendar.size - 1)])),
        "fold": next(fold.number for fold in folds if fold.tested(start.to_datetime64())),
        "rows": len(rows),
    }


def _without(rows: Labelled, exam: dict[str, Any]) -> Labelled:
    """Give the rows with those left out never maturing, and the event and its twins retired from the archive."""
    lives = pd.DataFrame({"date": rows.date, "exit_date": rows.exit_date})
    out = lives_touch(lives, exam["left_out_from"], exam["left_out_to"]).to_numpy()
    shown, events = rows.entry_event[~out[rows.entry_row]], rows.events
    same = (events["event"] == exam["exam"]) | (events["duplicate_of"] == exam["exam"])
    retired = events["retired_on"].mask(same, exam["start"])
    return replace(
        rows,
        exit_date=np.where(out, np.datetime64("NaT", "D"), rows.exit_date),
        events=events.assign(rows=np.bincount(shown, minlength=len(events)), retired_on=retired),
    )
