"""The archive: rows, availability, coverage, the log, refused configurations."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from barograph.archive import Archive, archive_tables, event_log
from barograph.errors import InputError
from barograph.regimes import VixPriceRegimes
from tests.memory.conftest import EVENTS, World, make_world


def named(**events: Any) -> Archive:
    return replace(EVENTS, events=events, detection=None)


def tables(world: World, config: Archive) -> tuple[pd.DataFrame, pd.DataFrame]:
    events, rows = archive_tables(world.labels, world.regimes, world.bars, config, VixPriceRegimes())
    return events.set_index("event"), rows


def test_rows_lie_inside_their_event_and_wait_for_its_last_exit(world):
    events, rows = world.tables
    assert set(events["kind"]) == {"configured", "episode", "shock"}
    for event in events.itertuples():
        own = rows[rows["event"] == event.event]
        labelled = world.labels[world.labels["date"].between(event.start, event.end)]
        if event.kind == "shock":
            labelled = labelled[labelled["symbol"] == event.symbol]
        assert len(own) == len(labelled) == event.rows
        assert own[["symbol", "date"]].to_numpy().tolist() == labelled[["symbol", "date"]].to_numpy().tolist()
        assert set(own["regime"]) == {event.regime}
        assert set(own["available_from"]) == {event.available_from}
        assert event.available_from >= labelled["exit_date"].max()
        assert event.available_from > event.end


def test_a_found_event_is_unknown_before_it_is_closed(world):
    events, _ = world.tables
    closed = events[events["closed_on"].notna() & (events["kind"] != "configured")]
    assert (closed["available_from"] >= closed["closed_on"]).all()
    assert (closed["recognised_on"] <= closed["closed_on"]).all()
    fast = replace(EVENTS, detection=replace(EVENTS.detection, gap_days=30))
    late = tables(world, fast)[0].query("kind == 'episode' and closed_on == closed_on")
    exits = [world.labels[world.labels["date"].between(e.start, e.end)]["exit_date"].max() for e in late.itertuples()]
    assert (late["available_from"] == late["closed_on"]).all()
    assert (late["available_from"] > exits).all()


def test_an_event_that_the_data_leaves_unfinished_is_not_available_before_its_end(world):
    config = named(late={"start": "2012-10-01", "end": "2013-06-28", "regime": "crash", "weight": 1.0})
    rows = tables(world, config)[1]
    assert len(rows) > 0
    assert set(rows["available_from"]) == {pd.Timestamp("2013-06-28")}


def test_an_event_whose_last_rows_await_their_horizon_is_not_available_in_that_data(world):
    last = world.labels["date"].max()
    config = named(fresh={"start": "2012-11-01", "end": f"{last:%Y-%m-%d}", "regime": "crash", "weight": 1.0})
    assert (tables(world, config)[1]["available_from"] > world.labels["exit_date"].max()).all()
    longer = make_world("2013-06-28")
    exits = longer.labels.loc[longer.labels["date"].between("2012-11-01", last), "exit_date"]
    assert set(tables(longer, config)[1]["available_from"]) == {exits.max()}


def test_an_event_that_somebody_added_is_available_from_that_day(world):
    first, listed = EVENTS.events["first"], EVENTS.events["second"] | {"weight": 1.0}
    events, _ = tables(world, named(listed=listed, first=first | {"known_from": "2011-06-01"}))
    assert events.loc["first", "available_from"] == pd.Timestamp("2011-06-01")
    events, _ = tables(world, named(listed=listed, first=first | {"known_from": "2005-04-29"}))
    assert events.loc["first", "available_from"] > pd.Timestamp("2005-05-01")


def test_what_the_data_does_not_cover_is_reported_missing(world):
    config = named(
        before={"start": "1998-08-03", "end": "1998-10-30", "regime": "crash", "weight": 0.5},
        inside={"start": "2008-10-01", "end": "2008-12-12", "regime": "crash", "weight": 0.3},
        across={"start": "2012-10-01", "end": "2013-06-28", "regime": "crash", "weight": 0.2},
    )
    events, rows = tables(world, config)
    assert events["coverage"].to_dict() == {"before": "missing", "inside": "full", "across": "partial"}
    assert pd.isna(events.loc["before", "available_from"])
    assert events.loc["before", "rows"] == 0
    own = world.labels[world.labels["date"].between("2008-10-01", "2008-12-12")]
    shares = [np.mean(own["label"] == label) for label in range(3)]
    assert events.loc["inside", ["share_sell", "share_hold", "share_buy"]].tolist() == pytest.approx(shares)
    returns = own["exit_return"].to_numpy()
    assert events.loc["inside", "mean_exit_return"] == pytest.approx(returns.mean())
    assert returns.size == 212
    assert events.loc["inside", "std_exit_return"] == pytest.approx(np.sqrt(np.var(returns) * 212 / 211))
    assert events.loc["inside", ["worst_exit_return", "best_exit_return"]].tolist() == [returns.min(), returns.max()]
    assert events.loc["before", "share_sell":"best_exit_return"].isna().all()
    assert "before" not in set(rows["event"])


def test_found_events_are_the_same_as_named_ones_where_most_of_their_days_are(world):
    events, _ = world.tables
    for event in events[events["kind"] == "episode"].itertuples():
        days = pd.date_range(event.start, event.end)
        margin = pd.Timedelta(days=EVENTS.same_event_days)
        inside = {
            name: days.to_series().between(pd.Timestamp(e["start"]) - margin, pd.Timestamp(e["end"]) + margin).mean()
            for name, e in EVENTS.events.items()
        }
        same = [name for name, share in inside.items() if share > 0.5]
        assert [event.duplicate_of] == same or (pd.isna(event.duplicate_of) and not same)
    assert events["duplicate_of"].notna().any()
    assert events.loc[events["kind"] == "shock", "duplicate_of"].isna().all()


def test_a_found_event_weighs_by_its_severity(world):
    events, _ = world.tables
    found = events[events["kind"] != "configured"]
    assert found["event_weight"].to_numpy() == pytest.approx(0.1 * found["severity"].to_numpy())


def test_the_log_only_grows(world):
    later = make_world("2014-12-31")
    before, after = (event_log(each.events) for each in (world, later))
    pd.testing.assert_frame_equal(before, after[: len(before)])
    assert len(before) < len(after)
    assert before["date"].is_monotonic_increasing
    assert set(before["what"]) == {"recognised", "closed"}
    assert (before["date"] > before["start"])[before["kind"] == "episode"].all()


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
        ({"a": _event(known_from="2009-01-01")}, "sum to 0; they must sum to 1 .added ones apart"),
        ({"a": _event(known_from="yesterday")}, "a: 'yesterday' is not an ISO date"),
        ({"a": _event(retired_on="2007-06-01")}, "a starts on 2008-01-01; it cannot be known or retired before"),
        ({}, "at least 1"),
    ],
)
def test_events_that_do_not_fit_are_refused(events, message):
    with pytest.raises(ValidationError, match=message):
        named(**events)


def test_a_rule_without_crash_levels_is_refused(world):
    with pytest.raises(InputError, match="regime: object lacks crash_vix or crash_return"):
        archive_tables(world.labels, world.regimes, world.bars, world.config, object())
