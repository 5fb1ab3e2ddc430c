"""The crisis exam's training rows: what is left out to the day, what stays, and what is not examined and why."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from barograph import tables
from barograph.archive import Archive
from barograph.config import build
from barograph.folds import WalkForward
from barograph.memory import Exam, Memory, draw_samples, exam_samples
from barograph.memory.schema import EXAM_SAMPLES, EXAMS
from tests.conftest import ROUNDS
from tests.settings import compose

from .conftest import World, make_world
from .test_samples import ALL_HISTORY, OPTIONS, WALK, draw

CRISES = Exam(regimes=["crash", "recovery"])
DAYS = pd.bdate_range("2010-01-01", "2013-12-31").astype("datetime64[us]")
LIVES = {"A": 3, "B": 5}


@cache
def memory_of(option: str, rows: int = 600, **changes: Any) -> Memory:
    overrides = [
        f"memory={option}",
        f"memory.rows={rows}",
        *(f"memory.{key}={value}" for key, value in changes.items()),
    ]
    memory: Memory = build(compose(overrides)["memory"], "memory")
    return memory


def sit(world: World, option: str, walk: WalkForward = WALK, exam: Exam = CRISES, seed: int = 7, **given: Any):
    return drawn(world, option, walk, exam, seed, **given)[:2]


def drawn(
    world: World, option: str, walk: WalkForward, exam: Exam, seed: int = 7, embargo: int | None = None, **changes: Any
):
    given = (world.labels, world.regimes, *world.tables)
    laid_out = {
        "folds": walk.over(world.labels, world.regimes),
        "embargo": walk.embargo if embargo is None else embargo,
    }
    return exam_samples(*given, memory=memory_of(option, **changes), seed=seed, exam=exam, **laid_out)


def small_market(start: str, end: str) -> World:
    """Two symbols on business days; labels of A live three days, those of B five; one named crash, nothing found."""
    parts = [
        pd.DataFrame({"symbol": name, "date": DAYS[:-5], "exit_date": DAYS[life : life - 5 or None]})
        for name, life in LIVES.items()
    ]
    parts[1]["exit_date"] = DAYS[5:]
    labels = pd.concat(parts, ignore_index=True).assign(label=1, exit_return=0.0, uniqueness=0.5)
    regimes = pd.DataFrame({"date": DAYS, "regime": "normal", "vix": 20.0, "index_return_10": 0.0})
    event = {"start": start, "end": end, "regime": "crash", "weight": 1.0}
    archive = Archive(events={"slump": event}, detection=None, detected_weight=0.1, same_event_days=0)
    return World(labels, regimes, archive, pd.DataFrame())


# 2012-03-03 is a Saturday; B's row of Friday the 16th is known on Friday the 23rd.
@pytest.mark.parametrize(
    ("embargo", "since", "until", "first_gone"),
    [
        (0, "2012-03-05", "2012-03-23", {"A": "2012-02-29", "B": "2012-02-27"}),
        (5, "2012-02-27", "2012-03-30", {"A": "2012-02-22", "B": "2012-02-20"}),
    ],
)
def test_what_is_left_out_by_hand(embargo, since, until, first_gone):
    world = small_market("2012-03-03", "2012-03-16")
    walk = WalkForward(min_years=1, embargo=embargo)
    exams, samples = sit(world, "expanding", walk, rows=100_000)
    assert exams.to_dict("records") == [
        {
            "exam": "slump",
            "regime": "crash",
            "start": pd.Timestamp("2012-03-05"),
            "end": pd.Timestamp("2012-03-16"),
            "left_out_from": pd.Timestamp(since),
            "left_out_to": pd.Timestamp(until),
            "fold": 1,
            "rows": 20,
        }
    ]
    cutoff = pd.bdate_range(end="2013-01-01", periods=embargo + 1)[0]
    for symbol, life in LIVES.items():
        gone = pd.bdate_range(first_gone[symbol], until)
        expected = [day for at, day in enumerate(DAYS[:-5]) if day not in gone and DAYS[at + life] < cutoff]
        assert samples.loc[samples["symbol"] == symbol, "date"].tolist() == expected


def test_the_span_ends_at_the_latest_where_the_calendar_does():
    world = small_market("2013-12-16", "2013-12-22")
    exams, _ = sit(world, "expanding", WalkForward(min_years=1, embargo=10))
    assert exams["left_out_from"].tolist() == [pd.Timestamp("2013-12-02")]
    assert exams["left_out_to"].tolist() == [DAYS[-1]]
    world = small_market("2011-01-03", "2011-01-07")
    exams, _ = sit(world, "expanding", WalkForward(min_years=1, embargo=5), embargo=300)
    assert exams["left_out_from"].tolist() == [DAYS[0]]


@pytest.mark.parametrize("examples", ROUNDS)
@pytest.mark.parametrize("option", OPTIONS)
@settings(max_examples=3, deadline=None, derandomize=True)
@given(embargo=st.integers(0, 12), start=st.integers(0, 1500), length=st.integers(0, 200), shocks=st.booleans())
def test_no_training_life_comes_nearer_than_the_embargo(world, option, examples, embargo, start, length, shocks):
    days = pd.DatetimeIndex(world.regimes["date"])
    first, last = days[days >= "2007-01-01"][[start, min(start + length, 1540)]]
    event = {"start": f"{first:%F}", "end": f"{last:%F}", "regime": "crash", "weight": 1.0}
    placed = replace(world, config=replace(world.config, events={"placed": event}))
    kinds = {"archive.kinds": "[configured,episode,shock]"} if shocks and memory_of(option).archive else {}
    walk = replace(WALK, embargo=embargo)
    exams, samples = sit(placed, option, walk, **kinds)
    assert exams["exam"].tolist() == ["placed"]
    assert len(samples) == 600
    lives = world.labels.merge(samples[["symbol", "date"]], on=["symbol", "date"])
    own = world.labels[world.labels["date"].between(first, last)]
    begins, ends = days.get_indexer([own["date"].min(), own["exit_date"].max()])
    date, exit_date = days.get_indexer(lives["date"]), days.get_indexer(lives["exit_date"])
    before, after = exit_date < begins, date > ends
    assert (before | after).all()
    assert begins - exit_date[before].max(initial=-99) > embargo
    assert date[after].min(initial=9999) - ends > embargo
    assert (lives["exit_date"] < pd.Timestamp(walk.over(world.labels, world.regimes)[-2].cutoff)).all()


def test_an_exam_is_shown_what_came_after_and_other_events_but_never_the_event(world):
    exams, samples = sit(world, "hybrid")
    assert exams["exam"].tolist() == ["second", "third"]
    assert exams["fold"].tolist() == [1, 2]
    shown = samples.merge(exams, on="exam", suffixes=("", "_of_exam"))
    for exam in exams["exam"]:
        own = shown[shown["exam"] == exam]
        assert (own["date"] > own["left_out_to"]).mean() > 0.2
        assert (own["date"] < own["left_out_from"]).mean() > 0.2
        others = set(world.config.events) - {exam}
        assert others <= set(own["event"].dropna())
        assert exam not in set(own["event"].dropna())
        assert not own["date"].between(own["start"], own["end"]).any()


def test_the_draw_is_the_last_tested_folds(world):
    folds, walked = draw(world, "weighted", rows=8000)
    last = walked[walked["fold"] == folds["fold"].iloc[-2]]
    _, samples = sit(world, "weighted", rows=8000)
    for _, own in samples.groupby("exam"):
        assert own["regime"].value_counts().to_dict() == last["regime"].value_counts().to_dict()
        assert own["copy"].max() > 0
        known = own.merge(world.labels, on=["symbol", "date"])
        factors = compose(["memory=weighted"])["memory"]["weights"]["regime"]
        assert known["weight"].to_numpy() == pytest.approx(known["regime"].map(factors) * known["uniqueness"])
        start = folds["train_start"].iloc[-2]
        assert (own.loc[own["source"] == "window", "date"] >= start).all()


@pytest.mark.parametrize("option", OPTIONS)
def test_more_days_of_the_same_year_change_no_exam(option):
    earlier, later, next_year = (sit(make_world(end), option) for end in ("2012-07-20", "2012-12-14", "2013-02-08"))
    for table, again in zip(earlier, later, strict=True):
        pd.testing.assert_frame_equal(table, again)
    assert not later[1].equals(next_year[1])


def test_what_is_the_same_event_leaves_the_archive_with_it(world):
    events = world.events.set_index("event")
    twin = events.index[events["duplicate_of"] == "third"][0]
    exams, samples = sit(world, "archive_detected", rows=4000, **ALL_HISTORY)
    until = exams.set_index("exam")["left_out_to"]
    assert events.loc[twin, "end"] > until["third"], "some of its rows are not left out"
    shown = samples.groupby("exam")["event"].agg(set)
    assert twin not in shown["third"]
    assert twin in shown["second"]


def test_another_event_that_reaches_into_the_span_loses_those_rows_alone(world):
    everything = ALL_HISTORY | {"archive.max_rows": 100_000, "archive.share": 0.9, "rows": 8000}
    exams, samples = sit(world, "archive_detected", **everything)
    kept = world.archive.merge(world.labels[["symbol", "date", "exit_date"]], on=["symbol", "date"])
    kept = kept[(kept["kind"] == "episode") & (kept["available_from"] <= "2011-12-23")]
    duplicates = world.events.set_index("event")["duplicate_of"]
    partly = 0
    for exam in exams.itertuples():
        inside = (kept["date"] <= exam.left_out_to) & (kept["exit_date"] >= exam.left_out_from)
        other = kept["event"].map(duplicates) != exam.exam
        own = samples[(samples["exam"] == exam.exam) & (samples["source"] == "archive")]
        assert own["event"].value_counts().to_dict() == kept[~inside & other]["event"].value_counts().to_dict()
        partly += len(set(kept[inside & other]["event"]) & set(kept[~inside & other]["event"]))
    assert partly


def test_rows_that_are_left_out_use_up_no_room_in_the_archive(world):
    third = sit(world, "archive_detected")[0].set_index("exam").loc["third"]
    rows = world.archive.merge(world.labels[["symbol", "date", "exit_date"]], on=["symbol", "date"])
    left = rows[(rows["date"] > third["left_out_to"]) | (rows["exit_date"] < third["left_out_from"])]
    events = world.events[(world.events["kind"] == "episode") & (world.events["available_from"] <= "2011-12-23")]
    events = events[events["duplicate_of"] != "third"].sort_values(["severity", "event"], ascending=[False, True])
    counts = left.groupby("event").size()[events["event"]]
    assert 0 < counts["high_volatility_2009_02_18"] < 160
    room = int(counts.cumsum()["high_volatility_2010_01_20"])
    changes = {"archive.max_rows": room, "archive.share": 0.9, "rows": 8000}
    samples = sit(world, "archive_detected", **ALL_HISTORY, **changes)[1]
    own = samples[(samples["exam"] == "third") & (samples["source"] == "archive")]
    assert own["event"].value_counts().to_dict() == counts[counts.cumsum() <= room].to_dict()


def test_the_placebo_draws_outside_any_event_here_too(world):
    exams, samples = sit(world, "placebo")
    episodes = world.events[(world.events["kind"] != "shock") & (world.events["available_from"] <= "2011-12-23")]
    drawn = samples[samples["source"] == "archive"]
    assert set(drawn["exam"]) == set(exams["exam"])
    for event in episodes.itertuples():
        assert not drawn["date"].between(event.start, event.end).any()


@pytest.mark.parametrize("option", OPTIONS)
def test_the_walk_is_as_it_was(world, option):
    given = (world.labels, world.regimes, *world.tables)
    copies = [table.copy() for table in given]
    walked = draw(world, option)
    given_too = {"memory": memory_of(option), "folds": WALK.over(world.labels, world.regimes), "seed": 7}
    exam_samples(*given, **given_too, embargo=WALK.embargo, exam=CRISES)
    for table, copy in zip(given, copies, strict=True):
        pd.testing.assert_frame_equal(table, copy)
    folds, again = draw_samples(*given, **given_too)
    pd.testing.assert_frame_equal(folds, walked[0])
    pd.testing.assert_frame_equal(pd.concat(again, ignore_index=True), walked[1])


def test_exams_are_repeatable_and_do_not_depend_on_one_another(world):
    first, again, other = (sit(world, "hybrid", seed=seed)[1] for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    alone = sit(world, "hybrid", exam=Exam(regimes=["recovery"]), seed=1)[1]
    pd.testing.assert_frame_equal(alone, first[first["exam"] == "third"].reset_index(drop=True))


def reasons(world: World, walk: WalkForward = WALK, exam: Exam = CRISES) -> dict[str, str]:
    told: dict[str, str] = drawn(world, "expanding", walk, exam)[2]
    return told


def test_what_is_not_examined_is_told(world):
    assert reasons(world) == {
        "first": "it starts before 2007-01-01, and on what came before that day the models are tuned"
    }
    assert reasons(world, exam=Exam(regimes=["recovery"])) == {}
    assert set(reasons(world, replace(WALK, first_year=2009))) == {"first", "second"}
    assert set(reasons(world, replace(WALK, first_year=2008))) == {"first"}


@pytest.mark.parametrize(
    ("end", "examined", "reason"),
    [
        ("2009-04-15", ["second"], "the data contains no labelled row of it"),
        ("2009-05-04", ["second"], "the data contains no labelled row of it"),
        ("2009-06-15", ["second"], "its labels are not known from 2009-05-27 on"),
        ("2009-07-17", ["second"], "its labels are not known from 2009-06-30 on"),
        ("2009-07-20", ["second", "third"], None),
    ],
)
def test_an_event_is_examined_once_all_of_it_is_labelled(end, examined, reason):
    world = make_world(end)
    exams, samples = sit(world, "hybrid")
    assert exams["exam"].tolist() == examined
    assert set(samples["exam"]) == set(examined)
    assert reasons(world).get("third") == reason


def test_an_event_that_outlasts_the_calendar_is_examined_on_what_there_is():
    world = small_market("2013-06-24", "2013-07-03")
    shorter = replace(world, regimes=world.regimes[world.regimes["date"] <= "2013-06-28"])
    assert shorter.events["coverage"].tolist() == ["partial"]
    exams, _ = sit(shorter, "expanding", WalkForward(min_years=1, embargo=5))
    assert exams[["end", "left_out_to"]].to_numpy().tolist() == [
        [pd.Timestamp("2013-06-28"), pd.Timestamp("2013-07-05")]
    ]
    assert exams["rows"].tolist() == [10]


def test_an_event_that_the_data_does_not_cover_is_told(world):
    later = {"start": "2015-03-01", "end": "2015-04-30", "regime": "crash", "weight": 1.0}
    uncovered = replace(world, config=replace(world.config, events={"later": later}))
    assert reasons(uncovered) == {"later": "the data contains no labelled row of it"}


def test_no_regimes_no_exams(world, tmp_path):
    nothing = Exam(regimes=[])
    exams, samples = sit(world, "hybrid", exam=nothing)
    assert exams.empty
    assert samples.empty
    assert reasons(world, exam=nothing) == {}
    for table, frame in ((EXAMS, exams), (EXAM_SAMPLES, samples)):
        tables.write(table, frame, tmp_path)
        assert list(tables.read(table, tmp_path).columns) == list(table.columns)


def test_the_tables_are_of_their_schemas(world, tmp_path):
    for table, frame in zip((EXAMS, EXAM_SAMPLES), sit(world, "balanced"), strict=True):
        tables.write(table, frame, tmp_path)
        read = tables.read(table, tmp_path)
        assert len(read) == len(frame)
        assert list(read.columns) == list(table.columns)
        assert not read.duplicated(list(table.key)).any()


@pytest.mark.parametrize(("regimes", "message"), [(["crash", "crash"], "crash more than once"), (["slump"], "slump")])
def test_bad_settings_are_refused(regimes, message):
    with pytest.raises(ValidationError, match=message):
        Exam(regimes=regimes)
    assert np.array_equal(Exam(regimes=["crash"]).regimes, ["crash"])
