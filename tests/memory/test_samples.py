"""What a fold is shown: budgets, shares, weights, and that nothing comes too early."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.config import build, compose
from barograph.folds import WalkForward
from barograph.memory import archive_rows, balanced_counts, draw_samples
from barograph.tables import REGIMES

from .conftest import World, make_world

OPTIONS = ("none", "expanding", "recency", "archive", "placebo", "balanced", "weighted", "reference", "hybrid")
WALK = WalkForward(min_years=3, embargo=5)


def draw(world: World, option: str, seed: int = 7, **changes: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    overrides = [f"memory={option}", "memory.rows=600", *(f"memory.{key}={value}" for key, value in changes.items())]
    memory = build(compose(overrides)["memory"], "memory")
    archive = archive_rows(world.labels, world.config)
    folds, samples = draw_samples(world.labels, world.regimes, archive, memory=memory, walk=WALK, seed=seed)
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
    folds, samples = draw(world, option)
    available = archive_rows(world.labels, world.config).groupby("event")["available_from"].first()
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
    _, samples = draw(world, "archive")
    last = samples[samples["fold"] == samples["fold"].max()]
    counts = last.loc[last["source"] == "archive", "event"].value_counts()
    assert counts.to_dict() == {"first": 60, "second": 36, "third": 24}
    assert (last["copy"] == 0).all()


def test_a_row_in_window_and_archive_is_kept_once_as_archive(world):
    _, samples = draw(world, "hybrid", rows=5000)
    rows = archive_rows(world.labels, world.config)[["symbol", "date", "event"]]
    last = samples[samples["fold"] == samples["fold"].max()].merge(rows, on=["symbol", "date"], suffixes=("", "_of"))
    assert len(last)
    assert (last["source"] == "archive").all()
    assert (last["event"] == last["event_of"]).all()


def test_the_placebo_draws_as_many_rows_outside_any_event(world):
    _, archive = draw(world, "archive")
    _, placebo = draw(world, "placebo")
    sizes = [table[table["source"] == "archive"].groupby("fold").size() for table in (archive, placebo)]
    assert sizes[0].equals(sizes[1])
    dates = archive_rows(world.labels, world.config)["date"]
    assert not placebo.loc[placebo["source"] == "archive", "date"].isin(dates).any()
    old = placebo.merge(draw(world, "none")[0], on="fold")
    outside = old[(old["source"] == "archive") & (old["date"] < old["train_start"])]
    assert len(outside), "the placebo must reach beyond the window, as the archive does"


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
    assert (archived["regime"] == archived["event"].map({k: v["regime"] for k, v in world.config.events.items()})).all()
    assert np.array_equal(archived["weight"], np.ones(len(archived)))


def test_a_context_that_goes_on_after_the_last_bar_makes_no_empty_folds(world):
    later = make_world("2014-12-31")
    folds, samples = draw(world, "hybrid")
    longer = World(world.labels, later.regimes, world.config)
    for ours, theirs in zip(draw(longer, "hybrid"), (folds, samples), strict=True):
        pd.testing.assert_frame_equal(ours, theirs)
    last = world.labels["exit_date"].max()
    assert folds["test_start"].iloc[-1] == last + pd.Timedelta(days=1)
