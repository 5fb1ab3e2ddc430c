"""The archive: rows, availability, coverage, refused configurations."""

import pandas as pd
import pytest
from pydantic import ValidationError

from barograph.memory import Archive, archive_rows, event_coverage

from .conftest import make_world


def test_rows_lie_inside_their_event_and_wait_for_its_last_exit(world):
    rows = archive_rows(world.labels, world.config)
    for name, event in world.config.events.items():
        own = rows[rows["event"] == name]
        assert own["date"].between(event["start"], event["end"]).all()
        labelled = world.labels[world.labels["date"].between(event["start"], event["end"])]
        assert len(own) == len(labelled) > 0
        assert set(own["available_from"]) == {labelled["exit_date"].max()}
        assert own["available_from"].iloc[0] > pd.Timestamp(event["end"])
        assert set(own["regime"]) == {event["regime"]}


def test_an_event_that_the_data_leaves_unfinished_is_not_available_before_its_end(world):
    config = Archive(events={"late": {"start": "2012-10-01", "end": "2013-06-28", "regime": "crash", "weight": 1.0}})
    rows = archive_rows(world.labels, config)
    assert len(rows) > 0
    assert set(rows["available_from"]) == {pd.Timestamp("2013-06-28")}


def test_an_event_whose_last_rows_await_their_horizon_is_not_available_in_that_data(world):
    last = world.labels["date"].max()
    config = Archive(
        events={"fresh": {"start": "2012-11-01", "end": f"{last:%Y-%m-%d}", "regime": "crash", "weight": 1.0}}
    )
    assert (archive_rows(world.labels, config)["available_from"] > world.labels["exit_date"].max()).all()
    longer = make_world("2013-06-28").labels
    rows = archive_rows(longer, config)
    exits = longer.loc[longer["date"].between("2012-11-01", last), "exit_date"]
    assert set(rows["available_from"]) == {exits.max()}


def test_what_the_data_does_not_cover_is_reported_missing(world):
    config = Archive(
        events={
            "before": {"start": "1998-08-03", "end": "1998-10-30", "regime": "crash", "weight": 0.5},
            "inside": {"start": "2008-10-01", "end": "2008-12-12", "regime": "crash", "weight": 0.3},
            "across": {"start": "2012-10-01", "end": "2013-06-28", "regime": "crash", "weight": 0.2},
        }
    )
    coverage = event_coverage(world.labels, world.regimes["date"], config).set_index("event")
    assert coverage["coverage"].to_dict() == {"before": "missing", "inside": "full", "across": "partial"}
    assert pd.isna(coverage.loc["before", "available_from"])
    assert coverage.loc["before", "rows"] == 0
    shares = coverage.loc["inside", ["share_sell", "share_hold", "share_buy"]].sum()
    assert shares == pytest.approx(1.0)
    assert "before" not in set(archive_rows(world.labels, config)["event"])


def _event(**changes):
    return {"start": "2008-01-01", "end": "2008-02-01", "regime": "crash", "weight": 1.0} | changes


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ({"a": _event(end="2007-12-31")}, "a ends on 2007-12-31, before it starts"),
        ({"a": _event(weight=0.9)}, "sum to 0.9"),
        ({"a": _event(regime="panic")}, "regime"),
        ({"a": _event(start="2008-13-01")}, "not an ISO date"),
        ({"a": _event(weight=0.5), "b": _event(weight=0.5, start="2008-02-01", end="2008-03-01")}, "before a ends"),
        ({"a": _event(colour="red")}, "colour"),
        ({}, "at least 1"),
    ],
)
def test_events_that_do_not_fit_are_refused(events, message):
    with pytest.raises(ValidationError, match=message):
        Archive(events=events)
