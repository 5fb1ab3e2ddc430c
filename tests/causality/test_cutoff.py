"""The day of the cutoff itself is too late: for a row, for an event, and for the placebo beside it."""

import pandas as pd
import pytest

from barograph.config import build
from barograph.folds import Fold
from barograph.memory import draw_samples
from tests.settings import compose

LIFE = 5
DATES = pd.bdate_range("2009-01-01", periods=120).astype("datetime64[us]")
CUTOFF, DAY_BEFORE = DATES[60], DATES[59]
FOLD = Fold(0, CUTOFF.to_datetime64(), DATES[65].to_datetime64(), DATES[100].to_datetime64())
LABELS = pd.DataFrame({"symbol": "A", "date": DATES[:-LIFE], "label": 1, "exit_date": DATES[LIFE:], "uniqueness": 1.0})
REGIMES = pd.DataFrame({"date": DATES, "regime": "normal"})
EARLY, LATE = DATES[5:20], DATES[40 : 60 - LIFE + 1]


def _events(**available_from: pd.Timestamp) -> pd.DataFrame:
    table = pd.DataFrame({"event": list(available_from), "available_from": list(available_from.values())})
    table = table.assign(kind="configured", regime="crash", event_weight=1.0, severity=1.0, rows=15)
    return table.assign(retired_on=pd.Series(pd.NaT, table.index, "datetime64[us]"), duplicate_of=None)


def _drawn(option: str, events: pd.DataFrame, seed: int = 7, years: str = "null") -> pd.DataFrame:
    """Draw with a budget that takes every row there is; a window of a year has them all."""
    overrides = [f"memory={option}", "memory.rows=1000", f"memory.window.years={years}"]
    if option != "none":
        overrides += ["memory.archive.share=0.9", "memory.archive.kinds=[configured]"]
    memory = build(compose(overrides)["memory"], "memory")
    rows = [
        pd.DataFrame({"event": name, "symbol": "A", "date": days}) for name, days in (("early", EARLY), ("late", LATE))
    ]
    archive = pd.concat(rows, ignore_index=True).merge(events[["event"]])
    _, samples = draw_samples(LABELS, REGIMES, events, archive, memory=memory, folds=[FOLD], seed=seed)
    return next(iter(samples))


def _archived(drawn: pd.DataFrame) -> set[pd.Timestamp]:
    return set(drawn.loc[drawn["source"] == "archive", "date"])


def test_the_last_row_of_the_late_event_exits_on_the_cutoff():
    assert LABELS.set_index("date")["exit_date"][LATE].max() == CUTOFF


@pytest.mark.parametrize("years", ["1", "null"])
@pytest.mark.parametrize("option", ["none", "archive", "placebo"])
def test_no_row_is_drawn_that_exits_on_the_cutoff_or_later(option, years):
    """Not even of an event that is said to be known: every row must have matured."""
    events = _events(early=DAY_BEFORE, late=DATES[30])
    drawn = [_drawn(option, events, seed, years).merge(LABELS, on=["symbol", "date"]) for seed in range(20)]
    assert max(table["exit_date"].max() for table in drawn) == DAY_BEFORE


def test_an_event_that_becomes_known_on_the_cutoff_is_not_drawn_from():
    assert _archived(_drawn("archive", _events(early=DAY_BEFORE, late=CUTOFF))) == set(EARLY)
    known = _archived(_drawn("archive", _events(early=DAY_BEFORE, late=DAY_BEFORE)))
    assert known == set(EARLY) | set(LATE[:-1])


def test_the_placebo_keeps_out_of_the_events_that_the_fold_knows_and_of_no_others():
    unknown = [_archived(_drawn("placebo", _events(early=DAY_BEFORE, late=CUTOFF), seed)) for seed in range(20)]
    assert any(dates & set(LATE) for dates in unknown)
    assert not any(dates & set(EARLY) for dates in unknown)
    known = [_archived(_drawn("placebo", _events(early=DAY_BEFORE, late=DAY_BEFORE), seed)) for seed in range(20)]
    assert not any(dates & set(LATE) for dates in known)


def test_folds_with_the_same_past_are_shown_other_rows():
    labels = pd.concat([LABELS.assign(symbol=name) for name in "ABCD"], ignore_index=True)
    memory = build(compose(["memory=none", "memory.rows=100"])["memory"], "memory")
    folds, nothing = [FOLD, FOLD._replace(number=1)], pd.DataFrame({"event": [], "symbol": [], "date": DATES[:0]})
    _, samples = draw_samples(labels, REGIMES, _events(), nothing, memory=memory, folds=folds, seed=7)
    first, second = (set(zip(table["symbol"], table["date"], strict=True)) for table in samples)
    assert len(first) == len(second) == 100
    assert first != second
