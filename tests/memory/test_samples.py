"""What a fold is shown: budgets, shares, weights, and that nothing comes too early."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.config import build
from barograph.folds import WalkForward
from barograph.memory import balanced_counts, draw_samples, effective_size, samples_by_regime
from barograph.names import REGIMES
from tests.settings import compose

from .conftest import World, make_world

OPTIONS = (
    *("none", "expanding", "recency", "archive", "archive_detected", "placebo", "balanced", "weighted", "replay"),
    *("reference", "hybrid"),
)
WALK = WalkForward(min_years=3, embargo=5)
ALL_HISTORY = {"window.years": "null"}  # beside which the archive has the rows of every date


def draw(world: World, option: str, seed: int = 7, **changes: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    overrides = [f"memory={option}", "memory.rows=600", *(f"memory.{key}={value}" for key, value in changes.items())]
    memory = build(compose(overrides)["memory"], "memory")
    given, laid_out = (world.labels, world.regimes), WALK.over(world.labels, world.regimes)
    folds, samples = draw_samples(*given, *world.tables, memory=memory, folds=laid_out, seed=seed)
    return folds, pd.concat(samples, ignore_index=True)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_uses_the_same_budget_and_known_rows(world, option):
    folds, samples = draw(world, option)
    assert set(samples.groupby("fold").size()) == {600}
    assert not samples.duplicated(["fold", "symbol", "date", "copy"]).any()
    known = samples.merge(world.labels, on=["symbol", "date"], how="left").merge(folds, on="fold")
    assert (known["exit_date"] <= known["train_end"]).all()
    calendar = world.regimes["date"]
    for fold in folds[folds["test_end"].notna()].itertuples():
        assert calendar[(calendar > fold.train_end) & (calendar < fold.test_start)].size == WALK.embargo


@pytest.mark.parametrize("option", ["archive", "balanced", "weighted", "reference", "hybrid"])
def test_an_event_is_used_only_once_it_is_available(world, option):
    folds, samples = draw(world, option, **ALL_HISTORY)
    available = world.events.set_index("event")["available_from"]
    used = samples[samples["source"] == "archive"].merge(folds, on="fold")
    assert len(used)
    assert (used["event"].map(available) <= used["train_end"]).all()
    late = folds.loc[folds["test_start"] < available["third"], "fold"]
    assert "third" not in set(used.loc[used["fold"].isin(late), "event"])
    assert "third" in set(used["event"])


def test_rolling_windows_roll_and_expanding_ones_do_not(world):
    folds, samples = draw(world, "none", **{"window.years": 2})
    rows = samples.merge(folds, on="fold")
    assert (rows["date"] >= rows["train_start"]).all()
    assert (folds["test_start"] - folds["train_start"]).max() <= pd.Timedelta(days=731)
    folds, _ = draw(world, "expanding")
    assert folds["train_start"].nunique() == 1


def test_the_archive_takes_its_share_by_event_weight(world):
    _, samples = draw(world, "archive", **ALL_HISTORY, **{"archive.kinds": "[configured]"})
    last = samples[samples["fold"] == samples["fold"].max()]
    counts = last.loc[last["source"] == "archive", "event"].value_counts()
    assert counts.to_dict() == {"first": 60, "second": 36, "third": 24}
    assert (last["copy"] == 0).all()


def owners(world: World) -> pd.DataFrame:
    """List every event of every row, the one under which it is shown first: named ones, then by severity."""
    rows = world.archive.merge(world.events[["event", "severity", "duplicate_of"]], on="event")
    order = {"found": True, "severity": False, "event": True}
    return rows.assign(found=rows["kind"] != "configured").sort_values(list(order), ascending=list(order.values()))


def test_a_row_in_window_and_archive_or_in_several_events_is_kept_once(world):
    kinds = ["configured", "episode", "shock"]
    folds, samples = draw(world, "hybrid", rows=20000, **{"archive.kinds": f"[{','.join(kinds)}]"})
    rows = owners(world)
    last = folds.iloc[-1]
    usable = rows[(rows["available_from"] <= last["train_end"]) & rows["duplicate_of"].isna()]
    assert world.events.loc[world.events["kind"] == "configured", "available_from"].max() <= last["train_end"]
    expected = usable.drop_duplicates(["symbol", "date"]).set_index(["symbol", "date"])["event"]
    own = samples[samples["fold"] == last["fold"]].set_index(["symbol", "date"])
    assert own.index.is_unique
    both = own.index.intersection(expected.index)
    assert own.loc[both, "source"].eq("archive").all()
    assert own.loc[both, "event"].equals(expected[both])
    assert own.loc[own.index.difference(expected.index), "source"].eq("window").all()
    assert set(expected[both].map(world.events.set_index("event")["kind"])) == set(kinds)


def test_what_is_also_named_is_drawn_under_its_name_once_that_may_be_used(world):
    twins = world.events[world.events["duplicate_of"].notna()].set_index("event")["duplicate_of"]
    available = world.events.set_index("event")["available_from"]
    assert len(twins)
    folds, named = draw(world, "archive", rows=4000, **ALL_HISTORY)
    for fold in folds.itertuples():
        shown = set(named.loc[named["fold"] == fold.fold, "event"].dropna())
        for twin, name in twins.items():
            assert not (twin in shown and available[name] <= fold.train_end)
    _, found = draw(world, "archive_detected", **ALL_HISTORY)
    assert set(twins.index) & set(found["event"].dropna())
    assert not set(world.config.events) & set(found["event"].dropna())


def test_a_twin_that_was_known_before_the_named_event_is_drawn_until_then(world):
    third = {"start": "2009-05-01", "end": "2011-06-30", "regime": "recovery", "weight": 1.0}
    twin = "crash_2009_06_10"
    config = replace(world.config, events={"third": third}, same_event_days=0)
    events = replace(world, config=config).events.set_index("event")
    assert events.loc[twin, "duplicate_of"] == "third"
    folds, samples = draw(replace(world, config=config), "archive", rows=4000, **ALL_HISTORY)
    years = folds.set_index("fold")["test_start"].dt.year
    assert set(years[samples.loc[samples["event"] == twin, "fold"].unique()]) == {2010, 2011}


@pytest.mark.parametrize("option", ["archive", "placebo"])
def test_adding_an_event_changes_no_fold_that_is_tested_before(world, option):
    first = world.config.events["first"]
    added = {"start": "2009-06-25", "end": "2009-07-20", "regime": "crash", "weight": 0.4, "known_from": "2012-03-01"}
    events = {"first": first | {"weight": 1.0}}
    before = draw(replace(world, config=replace(world.config, events=events)), option, **ALL_HISTORY)[1]
    with_it = replace(world, config=replace(world.config, events=events | {"added": added}))
    folds, after = draw(with_it, option, **ALL_HISTORY)
    past = folds.loc[folds["test_start"] < "2012-03-01", "fold"]
    kept = [table[table["fold"].isin(past)].reset_index(drop=True) for table in (before, after)]
    pd.testing.assert_frame_equal(*kept)
    if option == "archive":
        assert set(after.loc[after["event"] == "added", "fold"]) == {folds["fold"].iloc[-1]}


def test_the_least_severe_events_are_left_out_where_the_cap_is_reached(world):
    folds, samples = draw(world, "archive_detected", **{"archive.max_rows": 900})
    episodes = world.events[world.events["kind"] == "episode"]
    events = episodes.sort_values(["severity", "event"], ascending=[False, True])
    for fold in folds.itertuples():
        known = events[events["available_from"] <= fold.train_end]
        kept = set(known.loc[known["rows"].cumsum() <= 900, "event"])
        assert set(samples.loc[samples["fold"] == fold.fold, "event"].dropna()) <= kept
    assert len(kept) < len(known)


@pytest.mark.parametrize("retired_on", ["2010-06-01", "2010-12-31", "2030-01-01"])
def test_a_retired_event_is_drawn_in_tests_that_begin_up_to_the_day_and_not_in_service(world, retired_on):
    events = world.config.events | {"first": world.config.events["first"] | {"retired_on": retired_on}}
    folds, samples = draw(replace(world, config=replace(world.config, events=events)), "archive", **ALL_HISTORY)
    available = folds["test_start"].dt.year >= 2006
    expected = folds[available & folds["test_end"].notna() & (folds["test_start"] <= retired_on)]
    assert set(samples.loc[samples["event"] == "first", "fold"]) == set(expected["fold"])


def test_an_event_that_somebody_added_is_unknown_before_that_day(world):
    first = world.config.events["first"]
    second, third = (world.config.events[name] | {"weight": 0.5} for name in ("second", "third"))
    events = {"first": first | {"known_from": "2011-06-01"}, "second": second, "third": third}
    added = replace(world, config=replace(world.config, events=events))
    folds, samples = draw(added, "archive", **ALL_HISTORY, **{"archive.kinds": "[configured]"})
    using = set(samples.loc[samples["event"] == "first", "fold"])
    assert using == set(folds.loc[folds["test_start"].dt.year >= 2012, "fold"])


def test_the_placebo_draws_as_many_rows_outside_any_event(world):
    folds, archive = draw(world, "archive", **{"window.years": 2})
    _, placebo = draw(world, "placebo", **{"window.years": 2})
    sizes = [table[table["source"] == "archive"].groupby("fold").size() for table in (archive, placebo)]
    assert sizes[0].equals(sizes[1])
    drawn = placebo[placebo["source"] == "archive"].merge(folds, on="fold")
    events = world.events[world.events["kind"] != "shock"]
    for event in events.itertuples():
        own = drawn[drawn["train_end"] >= event.available_from]
        assert not own["date"].between(event.start, event.end).any()
    assert len(drawn)


@pytest.mark.parametrize("option", ["archive", "archive_detected", "placebo", "balanced", "weighted", "reference"])
def test_beside_a_rolling_window_the_archive_is_from_before_it(world, option):
    folds, samples = draw(world, option, **{"window.years": 2})
    rows = samples.merge(folds, on="fold")
    old = rows["date"] < rows["train_start"]
    assert old.any()
    assert (rows["source"] == "archive").equals(old)


def test_balanced_counts_are_exact(world):
    _, samples = draw(world, "balanced")
    targets = compose(["memory=balanced"])["memory"]["balance"]["targets"]
    last = samples[samples["fold"] == samples["fold"].max()]
    assert last["regime"].value_counts().reindex(REGIMES).to_dict() == balanced_counts(
        dict.fromkeys(REGIMES, 10_000), targets, 600
    )
    calm = last[last["regime"].isin(["low_volatility", "normal"])]
    assert (calm["source"] == "window").all()
    assert samples["copy"].max() < 10


def test_a_balanced_thousand_weighs_1170(world):
    _, samples = draw(world, "weighted", rows=1000, **{"weights.uniqueness": "false"})
    assert samples[samples["fold"] == samples["fold"].max()]["weight"].sum() == pytest.approx(1170)


def test_weights_multiply_regime_and_uniqueness(world):
    _, samples = draw(world, "weighted")
    factors = compose(["memory=weighted"])["memory"]["weights"]["regime"]
    rows = samples.merge(world.labels, on=["symbol", "date"])
    assert rows["weight"].to_numpy() == pytest.approx(rows["regime"].map(factors).to_numpy() * rows["uniqueness"])


def test_recency_halves_a_window_row_every_half_life(world):
    folds, samples = draw(world, "recency", **{"window.half_life": 2.0})
    rows = samples[samples["fold"] == 0].merge(folds, on="fold")
    old = rows.loc[rows["date"].idxmin()]
    years = (old["train_end"] + pd.Timedelta(days=1) - old["date"]).days / 365.25
    assert old["weight"] == pytest.approx(0.5 ** (years / 2))


@pytest.mark.parametrize("option", OPTIONS)
def test_more_history_changes_no_earlier_fold(option):
    earlier, later = make_world("2012-06-29"), make_world("2014-12-31")
    folds, samples = draw(earlier, option)
    _, longer = draw(later, option)
    regular = folds.loc[folds["test_end"].notna(), "fold"]
    kept = [table[table["fold"].isin(regular)].reset_index(drop=True) for table in (samples, longer)]
    pd.testing.assert_frame_equal(*kept)


def test_seeds_differ_and_repeat(world):
    first, again, other = (draw(world, "hybrid", seed=seed)[1] for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_samples_regime_is_the_events_for_archive_rows_and_the_dates_otherwise(world):
    _, samples = draw(world, "archive")
    by_date = world.regimes.set_index("date")["regime"]
    window = samples[samples["source"] == "window"]
    assert (window["regime"].to_numpy() == by_date[window["date"]].to_numpy()).all()
    archived = samples[samples["source"] == "archive"]
    assert (archived["regime"] == archived["event"].map(world.events.set_index("event")["regime"])).all()
    assert np.array_equal(archived["weight"], np.ones(len(archived)))


def test_a_context_that_goes_on_after_the_last_bar_makes_no_empty_folds(world):
    later = make_world("2014-12-31")
    folds, samples = draw(world, "hybrid")
    longer = replace(world, regimes=later.regimes)
    for ours, theirs in zip(draw(longer, "hybrid"), (folds, samples), strict=True):
        pd.testing.assert_frame_equal(ours, theirs)
    last = world.labels["exit_date"].max()
    assert folds["test_start"].iloc[-1] == last + pd.Timedelta(days=1)


def test_what_a_fold_is_shown_is_told_by_regime(world):
    memory = build(compose(["memory=weighted", "memory.rows=600"])["memory"], "memory")
    _, samples = draw(world, "weighted")
    table = samples_by_regime(samples, memory).set_index(["fold", "regime"])
    assert len(table) == samples["fold"].nunique() * len(REGIMES)
    for (fold, regime), row in table.iterrows():
        own = samples[(samples["fold"] == fold) & (samples["regime"] == regime)]
        assert row["rows"] == len(own)
        assert row["archive"] == (own["source"] == "archive").sum()
        assert row["share"] == len(own) / 600
        assert row["target"] == memory.balance.targets[regime]
        weights = own.groupby(["symbol", "date"])["weight"].sum().to_numpy()
        assert row["distinct"] == weights.size
        assert row["effective_size"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum() if len(own) else 0)
    assert table["weight_share"].groupby("fold").sum().to_numpy() == pytest.approx(1)


def test_a_regime_that_never_was_gives_its_share_to_the_others(world):
    calm = world.regimes.assign(regime=world.regimes["regime"].replace({"recovery": "normal"}))
    calm.loc[calm["date"] < "2007-01-01", "regime"] = "normal"
    config = replace(world.config, events={"third": world.config.events["third"] | {"weight": 1.0}}, detection=None)
    _, samples = draw(replace(world, regimes=calm, config=config), "balanced")
    counts = samples[samples["fold"] == 0]["regime"].value_counts()
    assert counts.to_dict() == {"normal": 600}


def test_effective_size_counts_copies_once_and_unequal_weights_less():
    rows = pd.DataFrame(
        {"fold": [0, 0, 0, 1], "symbol": ["A", "A", "B", "A"], "date": [1, 1, 1, 1], "weight": [1.0, 1.0, 1.0, 5.0]}
    )
    assert effective_size(rows, ["fold"]).tolist() == [pytest.approx(9 / 5), 1.0]


def test_the_twins_of_a_retired_event_are_retired_with_it(world):
    twins = set(world.events.loc[world.events["duplicate_of"] == "third", "event"])
    events = world.config.events | {"third": world.config.events["third"] | {"retired_on": "2011-06-01"}}
    folds, samples = draw(replace(world, config=replace(world.config, events=events)), "archive", rows=4000)
    late = folds.loc[folds["test_start"] >= "2011-06-01", "fold"]
    assert twins
    assert not (twins | {"third"}) & set(samples.loc[samples["fold"].isin(late), "event"].dropna())


def test_an_event_added_later_takes_no_twin_from_one_of_the_list(world):
    first = {"start": "2009-06-01", "end": "2009-07-10", "regime": "crash", "weight": 1.0}
    added = first | {"start": "2009-07-15", "end": "2009-08-20", "weight": 0.1, "known_from": "2012-03-01"}
    both = replace(world.config, events={"added": added, "first": first}, same_event_days=40)
    alone = replace(world.config, events={"first": first}, same_event_days=40)
    owner = [replace(world, config=one).events.set_index("event")["duplicate_of"] for one in (both, alone)]
    twins = owner[1].index[owner[1] == "first"]
    assert len(twins)
    assert owner[0][twins].eq("first").all()


@pytest.mark.parametrize("end", ["2012-01-03", "2012-01-06", "2012-01-12", "2012-01-20"])
def test_data_that_ends_in_january_changes_no_fold_that_it_has(end):
    short, long = make_world(end), make_world("2013-12-31")
    for option in ("none", "hybrid", "placebo"):
        folds, samples = draw(short, option)
        tested = folds.loc[folds["test_end"].notna(), "fold"]
        _, more = draw(long, option)
        for fold in tested:
            assert frames_equal(samples[samples["fold"] == fold], more[more["fold"] == fold])


def frames_equal(ours: pd.DataFrame, theirs: pd.DataFrame) -> bool:
    return ours.reset_index(drop=True).equals(theirs.reset_index(drop=True))
