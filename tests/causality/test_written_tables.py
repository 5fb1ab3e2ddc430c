"""Every fold, every row, from the written tables alone: nothing is shown before it could be known."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import yaml

from barograph import tables
from barograph.archive import Archive, archive_tables
from barograph.archive.schema import ARCHIVE, EVENTS
from barograph.config import build
from barograph.folds import Fold
from barograph.folds.schema import FOLDS
from barograph.labels import label_bars
from barograph.labels.schema import LABELS
from barograph.memory import ErrorReplay, Exam, draw_samples, exam_samples
from barograph.memory.schema import EXAM_SAMPLES, EXAMS, SAMPLES
from barograph.names import PROBABILITIES
from barograph.regimes import VixPriceRegimes
from barograph.regimes.schema import REGIME_SERIES
from barograph.training.schema import EXAM_PREDICTIONS, PREDICTIONS, REPLAY
from tests.conftest import US57
from tests.memory.conftest import make_world
from tests.settings import compose

from .written_tables import violations

OPTIONS = ("none", "hybrid", "archive_detected", "balanced", "placebo")
Change = Callable[[pd.DataFrame], pd.DataFrame]


class Drawable(NamedTuple):
    """What samples are drawn from."""

    labels: pd.DataFrame
    regimes: pd.DataFrame
    events: pd.DataFrame
    archive: pd.DataFrame
    config: Archive


def _laid_out(drawable: Drawable, settings: dict[str, Any]) -> list[Fold]:
    folds: list[Fold] = build(settings["folds"], "folds").over(drawable.labels, drawable.regimes)
    return folds


def write_run(root: Path, drawable: Drawable, *overrides: str) -> pd.DataFrame:
    """Draw the samples of a memory, write what a run of the stages would, and give the folds."""
    settings = compose(overrides)
    folds, drawn = draw_samples(
        *drawable[:4], memory=build(settings["memory"], "memory"), folds=_laid_out(drawable, settings), seed=7
    )
    for table, frame in zip(
        (LABELS, REGIME_SERIES, EVENTS, ARCHIVE, FOLDS, SAMPLES),
        (*drawable[:4], folds, pd.concat(drawn, ignore_index=True)),
        strict=True,
    ):
        tables.write(table, frame, root)
    params = {"folds": settings["folds"], "memory": settings["memory"], "archive": asdict(drawable.config)}
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    return folds


@pytest.fixture(scope="module")
def us57() -> Drawable:
    """57 real stocks, with the shocks of single names."""
    if not (US57 / "bars.parquet").is_file():
        pytest.skip(f"no real market data at {US57}")
    bars, context = (pd.read_parquet(US57 / f"{name}.parquet") for name in ("bars", "context"))
    bars, context = (frame.assign(date=pd.to_datetime(frame["date"])) for frame in (bars, context))
    settings = compose()
    config = build(settings["archive"], "archive")
    regimes = build(settings["regime"], "regime").table(context)
    labels = label_bars(bars, build(settings["label"], "label"))
    labels = labels[labels["date"].isin(regimes["date"])].reset_index(drop=True)
    return Drawable(labels, regimes, *archive_tables(labels, regimes, bars, config, VixPriceRegimes()), config)


@pytest.mark.parametrize("option", OPTIONS)
def test_no_row_of_57_real_stocks_comes_too_early(us57, tmp_path, option):
    folds = write_run(tmp_path, us57, f"memory={option}")
    assert len(folds) > 15
    assert violations(tmp_path) == []


def small() -> Drawable:
    """Give four symbols and three named events: retired in the past, retired in the future, added later."""
    world = make_world()
    first, second, third = (world.config.events[name] for name in ("first", "second", "third"))
    config = Archive(
        events={
            "first": first | {"retired_on": "2010-06-01"},
            "second": second | {"weight": 0.5, "retired_on": "2030-01-01"},
            "third": third | {"known_from": "2011-03-01"},
        },
        detection=world.config.detection,
        detected_weight=0.1,
        same_event_days=10,
    )
    world = replace(world, config=config)
    blank = pd.DataFrame({"rule": "given", "drawdown": 0.0}, index=world.regimes.index)
    regimes = pd.concat([world.regimes, blank], axis=1)
    return Drawable(world.labels, regimes, *world.tables, world.config)


def predict(root: Path, drawable: Drawable, *overrides: str) -> None:
    settings, folds = compose(overrides), tables.read(FOLDS, root)
    memory, labels = build(settings["memory"], "memory"), drawable.labels
    tested = [
        labels.loc[labels["date"].between(fold.test_start, fold.test_end), ["symbol", "date"]].assign(fold=fold.fold)
        for fold in folds.itertuples()
    ]
    predictions = guessed(pd.concat(tested, ignore_index=True))
    tables.write(PREDICTIONS, predictions, root, model="guess")
    if memory.replay:
        replay = ErrorReplay(memory.replay, memory.weights, memory.window.half_life, labels, drawable.regimes)
        replayed = pd.concat(_replayed(replay, predictions, tables.read(SAMPLES, root), folds))
        tables.write(REPLAY, replayed, root, model="guess")
    laid_out, exam = _laid_out(drawable, settings), Exam(regimes=["crash", "recovery"])
    exams, samples, _ = exam_samples(
        *drawable[:4], memory=memory, folds=laid_out, embargo=settings["folds"]["embargo"], seed=7, exam=exam
    )
    tables.write(EXAMS, exams, root)
    tables.write(EXAM_SAMPLES, samples, root)
    asked = [
        labels.loc[labels["date"].between(exam.start, exam.end), ["symbol", "date"]].assign(exam=exam.exam)
        for exam in exams.itertuples()
    ]
    tables.write(EXAM_PREDICTIONS, guessed(pd.concat(asked, ignore_index=True)), root, model="guess")


def guessed(rows: pd.DataFrame) -> pd.DataFrame:
    drawn = np.random.default_rng(3).dirichlet([2, 2, 2], len(rows))
    return rows.assign(**dict(zip(PROBABILITIES, drawn.T, strict=True)))


def _replayed(
    replay: ErrorReplay, predictions: pd.DataFrame, samples: pd.DataFrame, folds: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    for fold in folds[1:].itertuples():
        losses = replay.losses(predictions[predictions["fold"] < fold.fold])
        shown = samples[samples["fold"] == fold.fold]
        _, worst = replay.show(shown, losses, until=fold.train_end, test_start=fold.test_start)
        yield worst.assign(fold=fold.fold)


KINDS = "memory.archive.kinds=[configured,episode,shock]"
RUNS = {
    "none": ["memory=none", "memory.rows=600"],
    "hybrid": ["memory=hybrid", "memory.rows=600", KINDS],
    "placebo": ["memory=placebo", "memory.rows=600", KINDS],
    "replay": ["memory=replay", "memory.rows=3000", "memory.replay.max_age=3.0"],
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Make runs on a small market, one a memory."""
    drawable, made = small(), {}
    for name, overrides in RUNS.items():
        made[name] = tmp_path_factory.mktemp(name)
        write_run(made[name], drawable, *overrides)
        predict(made[name], drawable, *overrides)
    return made


@pytest.mark.parametrize("name", RUNS)
def test_a_sound_run_is_found_sound(runs, name):
    assert violations(runs[name]) == []


def test_the_runs_hold_what_is_looked_at(runs):
    samples, events = (pd.read_parquet(runs["hybrid"] / f"data/{name}.parquet") for name in ("samples", "events"))
    used = samples.merge(events[["event", "kind", "retired_on"]], on="event")
    assert set(used["kind"]) == {"configured", "episode", "shock"}
    assert used["retired_on"].notna().any()
    assert (pd.read_parquet(runs["placebo"] / "data/samples.parquet")["event"] == "placebo").any()
    assert pd.read_parquet(runs["replay"] / "data/samples.parquet")["copy"].max() > 0
    replayed = pd.read_parquet(runs["replay"] / "data/replay/guess.parquet")
    assert set(replayed["fold"]) == set(pd.read_parquet(runs["replay"] / "data/folds.parquet")["fold"][1:])
    exams = pd.read_parquet(runs["hybrid"] / "data/exams.parquet")
    assert exams["exam"].tolist() == ["second", "third"]


def put(query: str, **values: Any) -> Change:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        row = frame.query(query).index[0]
        for column, value in values.items():
            frame.loc[row, column] = pd.Timestamp(value) if str(value)[:2] == "20" else value
        return frame

    return change


def late_exits(labels: pd.DataFrame) -> pd.DataFrame:
    """Let what was known in December 2006 be known on the deadline of the fold of 2007."""
    known = labels["exit_date"].between("2006-12-01", "2006-12-22")
    return labels.assign(exit_date=labels["exit_date"].mask(known, pd.Timestamp("2006-12-25")))


def twice(samples: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([samples, samples[-1:].assign(copy=1)])


def eleven_times(samples: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([samples[:-1], *(samples[-1:].assign(copy=copy) for copy in range(11))])


OF_WINDOW, OF_ARCHIVE, OF_FIRST = "source == 'window'", "source == 'archive'", "event == 'first'"
EPISODE, SHOCK = "event == 'high_volatility_2003_08_13'", "event == 'shock_A_2003_07_17'"
IN_FIRST = {"symbol": "A", "date": "2005-03-03"}
MUTATIONS = [
    ("hybrid", "folds", put("fold == 2", train_end="2008-12-25"), "1 rows train on what is known on the deadline"),
    ("hybrid", "folds", put("fold == 2", test_start="2008-12-31"), "1 rows are tested on days of the fold before"),
    ("hybrid", "folds", put("fold == 2", test_end=pd.NaT), "folds: 1 rows end wrongly; first: fold=2"),
    ("none", "folds", put("fold == 6", train_start="2005-01-03"), "of a fold whose train_start is not its window's"),
    ("hybrid", "labels", late_exits, "have an exit on the deadline or later; first: fold=0"),
    ("hybrid", "samples", put(OF_WINDOW, date="2007-02-01"), "lie in the test window of their fold"),
    ("hybrid", "samples", put(OF_WINDOW, date="2006-12-21"), "have an exit on the deadline or later"),
    ("hybrid", "samples", put(OF_WINDOW, date="2003-01-05"), "have no label"),
    ("hybrid", "samples", put(OF_WINDOW, fold=99), "are of no fold"),
    ("hybrid", "samples", put("fold == 1", fold=2), "601 rows are beyond the budget"),
    ("hybrid", "samples", put(OF_WINDOW, source="elsewhere"), "come from nowhere"),
    ("hybrid", "samples", put(OF_WINDOW, weight=0.0), "have no weight"),
    ("hybrid", "samples", put(OF_WINDOW, copy=1), "have copies counted wrongly"),
    ("hybrid", "samples", twice, "2 rows stand more than 1 times"),
    ("replay", "samples", eleven_times, "11 rows stand more than 10 times"),
    ("replay", "samples", put("copy == 1", copy=0), "stand twice under one key"),
    ("replay", "samples", put("copy == 1", weight=9.0), "2 rows differ from another copy"),
    ("none", "samples", put("fold == 6", date="2003-02-03"), "lie before the window; first: fold=6"),
    ("hybrid", "samples", put(OF_WINDOW, event="first"), "come from the window and name an event"),
    ("hybrid", "samples", put(OF_WINDOW, regime="crash"), "have another regime than their date"),
    ("none", "samples", put(OF_WINDOW, source="archive", event="first"), "events, which this memory does not draw"),
    ("none", "samples", put(OF_WINDOW, source="archive", event="placebo"), "placebo, which this memory does not draw"),
    ("hybrid", "samples", put(OF_ARCHIVE, event="nonsense"), "name an event that is not in the events table"),
    ("hybrid", "samples", put(OF_FIRST, event="second"), "do not belong to their event"),
    ("hybrid", "samples", put("fold == 2 & " + OF_FIRST, event="second", date="2008-10-02"), "not available in time"),
    ("hybrid", "samples", put(OF_FIRST, regime="recovery"), "have another regime than their event"),
    ("hybrid", "samples", put("fold == 4 & " + OF_ARCHIVE, event="first", **IN_FIRST), "of an event that was retired"),
    ("hybrid", "samples", put("fold == 6 & " + OF_ARCHIVE, event="first", **IN_FIRST), "of an event that was retired"),
    ("hybrid", "samples", put("fold == 6 & " + OF_ARCHIVE, event="crash_2009_06_10"), "known by another name"),
    ("hybrid", "params", lambda params: params["memory"]["archive"].update(kinds=["shock"]), "are not of the kinds"),
    ("placebo", "samples", put("fold == 6 & " + OF_ARCHIVE, **IN_FIRST), "are a placebo inside an event"),
    ("placebo", "samples", put(OF_ARCHIVE, symbol="A", date="2003-07-17"), "are a placebo inside an event"),
    ("placebo", "samples", put(OF_ARCHIVE, regime="crash"), "are a placebo of another regime"),
    ("hybrid", "archive", lambda archive: archive[1:], "events: 1 rows have other rows in the archive"),
    ("hybrid", "archive", put(OF_FIRST, date="2005-02-28"), "events: 1 rows have other rows in the archive"),
    ("hybrid", "archive", put(OF_FIRST, available_from="2005-01-03"), "have another available_from than their event"),
    ("hybrid", "archive", put(OF_FIRST, regime="recovery"), "archive: 1 rows have another regime than their event"),
    ("hybrid", "archive", put(OF_FIRST, kind="episode"), "archive: 1 rows have another kind than their event"),
    ("hybrid", "events", put(OF_FIRST, rows=175), "have other rows in the archive"),
    ("hybrid", "events", put("kind == 'shock'", available_from=pd.NaT), "available without rows, or have rows and are"),
    ("hybrid", "events", put(OF_FIRST, available_from="2005-05-18"), "available before the last exit of their rows"),
    (
        "hybrid",
        "events",
        put("event == 'high_volatility_2012_10_24'", available_from="2012-12-31"),
        "not see their end",
    ),
    ("hybrid", "events", put("event == 'third'", available_from="2011-02-28"), "are available before they were known"),
    ("hybrid", "events", put(OF_FIRST, start="2005-03-02"), "have another start than params.yaml"),
    ("hybrid", "events", put(OF_FIRST, end="2005-04-28"), "have another end than params.yaml"),
    ("hybrid", "events", put(OF_FIRST, regime="recovery"), "have another regime than params.yaml"),
    ("hybrid", "events", put(OF_FIRST, retired_on=pd.NaT), "have another retired_on than params.yaml"),
    ("hybrid", "events", put(EPISODE, recognised_on="2003-08-13"), "are recognised on their first day"),
    ("hybrid", "events", put(EPISODE, recognised_on="2003-08-18"), "are recognised before min_days of them"),
    ("hybrid", "events", put(EPISODE, closed_on="2003-08-15"), "are closed before they are recognised"),
    ("hybrid", "events", put(EPISODE, closed_on="2003-10-14"), "are closed before their gap_days are over"),
    ("hybrid", "events", put(EPISODE, available_from="2003-10-14"), "are available before they are closed"),
    ("hybrid", "events", put(SHOCK, recognised_on="2003-07-16"), "are recognised before they start"),
    ("hybrid", "predictions/guess", put("fold == 2", date="2008-12-30"), "guess: 1 rows lie outside the test"),
    ("replay", "replay/guess", put("fold == 1", date="2004-01-05"), "were never predicted out of sample"),
    ("replay", "replay/guess", put("fold == 1", date="2008-02-04"), "were not predicted in an earlier fold"),
    ("replay", "replay/guess", put("fold == 1", exit_date="2007-12-03"), "have another exit than their label"),
    ("replay", "replay/guess", put("fold == 1", date="2007-12-20"), "guess: 1 rows have an exit on the deadline"),
    ("replay", "replay/guess", put("fold == 6", date="2008-02-04"), "had not matured, or are older than max_age"),
    ("replay", "replay/guess", put("fold == 1", loss=1.0), "have another loss than predicted"),
    ("replay", "predictions/guess", put("fold == 4", p_sell=1e-9, p_hold=1e-9, p_buy=1e-9), "are not among the worst"),
    ("replay", "params", lambda params: params["memory"]["replay"].update(worst=0.04), "are more than the worst share"),
    ("replay", "params", lambda params: params["memory"]["replay"].update(max_share=0.01), "are more than max_share"),
    ("replay", "params", lambda params: params["memory"].update(replay=None), "which this memory does not do"),
    ("hybrid", "exams", put("fold == 1", rows=1), "exams: 1 rows count other rows"),
    ("hybrid", "exams", put("fold == 1", left_out_from="2008-09-25"), "leave out less than the embargo before"),
    ("hybrid", "exams", put("fold == 1", left_out_to="2009-01-06"), "leave out less than the embargo after"),
    ("hybrid", "exams", put("fold == 1", fold=2), "start outside the test window of their fold"),
    ("hybrid", "exam_samples", put(OF_WINDOW, exam="fourth"), "exam_samples: 1 rows are of no exam"),
    ("hybrid", "exam_samples", put("exam == 'second'", date="2008-09-10"), "live in the span that their exam"),
    ("hybrid", "exam_samples", put("exam == 'second'", date="2009-01-06"), "live in the span that their exam"),
    ("hybrid", "exam_samples", put("exam == 'second'", event="second"), "are of the event that is examined"),
    ("hybrid", "exam_samples", put("exam == 'third'", event="crash_2009_06_10"), "are of the event that is examined"),
    ("hybrid", "exam_samples", put("exam == 'third'", date="2012-12-20"), "exam_samples: 1 rows have no label"),
    ("hybrid", "exam/guess", put("exam == 'second'", date="2008-12-15"), "exam/guess: 1 rows lie outside their exam"),
]


@pytest.mark.parametrize(("name", "table", "change", "message"), MUTATIONS)
def test_what_breaks_a_rule_is_named(runs, tmp_path, name, table, change, message):
    root = tmp_path / "run"
    shutil.copytree(runs[name], root)
    if table == "params":
        params = yaml.safe_load((root / "params.yaml").read_text())
        change(params)
        (root / "params.yaml").write_text(yaml.safe_dump(params))
    else:
        path = root / f"data/{table}.parquet"
        frame = pd.read_parquet(path)
        for column in frame.columns[frame.columns.str.contains("date|start|end|_on|_from|_to")]:
            frame[column] = pd.to_datetime(frame[column])
        change(frame).to_parquet(path)
    assert any(re.search(message, line) for line in violations(root)), violations(root)
