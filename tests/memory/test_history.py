"""Memory on real markets: what is found before any named event, and that more history changes no earlier fold."""

from functools import cache
from typing import NamedTuple

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.archive import archive_tables
from barograph.config import CONF, build
from barograph.folds import WalkForward
from barograph.labels import label_bars
from barograph.market import Bundled
from barograph.memory import Memory, draw_samples
from barograph.regimes import VixPriceRegimes
from tests.conftest import ROUNDS, US57
from tests.settings import compose

from .conftest import make_world

SETTINGS = compose()
# In a calm, inside an event that is named, in one that is found too, at the end of a year, and a day before the last.
ENDS = ("2008-06-30", "2008-11-14", "2009-06-11", "2010-12-31", "2012-12-28")
OPTIONS = sorted(path.stem for path in (CONF / "memory").glob("*.yaml"))
# These draw from different pools; the others weigh, replay or mix what these draw.
POOLS = ("none", "hybrid", "archive_detected", "balanced", "placebo")
ON_REAL_STOCKS = [pytest.param(option, marks=[] if option in POOLS else pytest.mark.long) for option in OPTIONS]


class Known(NamedTuple):
    """The tables from which samples are drawn."""

    labels: pd.DataFrame
    regimes: pd.DataFrame
    events: pd.DataFrame
    archive: pd.DataFrame


def known(bars: pd.DataFrame, context: pd.DataFrame) -> Known:
    regimes = build(SETTINGS["regime"], "regime").table(context)
    labels = label_bars(bars, build(SETTINGS["label"], "label"))
    labels = labels[labels["date"].isin(regimes["date"])].reset_index(drop=True)
    return Known(
        labels,
        regimes,
        *archive_tables(labels, regimes, bars, build(SETTINGS["archive"], "archive"), VixPriceRegimes()),
    )


@cache
def settings_of(option: str, *overrides: str) -> tuple[Memory, WalkForward]:
    composed = compose([f"memory={option}", *overrides])
    return build(composed["memory"], "memory"), build(composed["folds"], "folds")


def drawn(tables: Known, option: str, *overrides: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    memory, walk = settings_of(option, *overrides)
    laid_out = walk.over(tables.labels, tables.regimes)
    folds, samples = draw_samples(*tables, memory=memory, folds=laid_out, seed=7)
    return folds, pd.concat(samples, ignore_index=True)


@pytest.fixture(scope="module")
def bundled() -> Known:
    data = Bundled(calendar="XNYS", start=None, end=None).load()
    return known(data.bars, data.context)


def test_the_crises_before_the_first_named_event_are_found_without_being_named(bundled):
    first = min(event["start"] for event in SETTINGS["archive"]["events"].values())
    found = bundled.events[(bundled.events["kind"] == "episode") & (bundled.events["start"] < first)]
    crashes = found[found["regime"] == "crash"]
    assert {1998, 2001, 2002} <= set(crashes["start"].dt.year)
    assert (found["recognised_on"] > found["start"]).all()
    assert (found["available_from"] >= found["closed_on"]).all()
    assert found["duplicate_of"].isna().all()


@pytest.mark.parametrize("year", [2007, 2008])
def test_folds_before_the_first_named_event_remember_found_ones(bundled, year):
    folds, samples = drawn(bundled, "hybrid")
    fold = folds[folds["test_start"].dt.year == year].iloc[0]
    own = samples[(samples["fold"] == fold["fold"]) & (samples["source"] == "archive")]
    used = own[["event"]].merge(bundled.events, on="event", how="left")
    assert len(own) == round(SETTINGS["memory"]["archive"]["share"] * SETTINGS["memory"]["rows"])
    assert set(used["kind"]) == {"episode"}
    assert {1998, 2001, 2002} <= set(used.loc[used["regime"] == "crash", "start"].dt.year)
    assert (used["available_from"] <= fold["train_end"]).all()


def same_earlier_folds(short: Known, long: Known, option: str, *overrides: str) -> int:
    """Demand the same rows of every fold that the shorter history tests, and count those folds."""
    folds, earlier = drawn(short, option, *overrides)
    _, later = drawn(long, option, *overrides)
    tested = folds.loc[folds["test_end"].notna(), "fold"]
    kept = [table[table["fold"].isin(tested)].reset_index(drop=True) for table in (earlier, later)]
    pd.testing.assert_frame_equal(*kept, check_exact=True)
    return len(tested)


@cache
def small(end: str) -> Known:
    world = make_world(end)
    return Known(world.labels, world.regimes, *world.tables)


@pytest.mark.parametrize("examples", ROUNDS)
@given(option=st.sampled_from(OPTIONS), end=st.sampled_from(ENDS))
@settings(max_examples=10, deadline=None)
def test_another_year_changes_no_earlier_fold_wherever_the_data_ended(examples, option, end):
    longer = f"{pd.Timestamp(end) + pd.DateOffset(years=1):%F}"
    assert same_earlier_folds(small(end), small(longer), option, "memory.rows=600", "folds.first_year=null") > 1


@pytest.fixture(scope="module")
def us57() -> tuple[Known, Known]:
    """57 real stocks up to the middle of 2019 and, with the crash of 2020, a year longer."""
    if not (US57 / "bars.parquet").is_file():
        pytest.skip(f"no real market data at {US57}")
    frames = [pd.read_parquet(US57 / f"{name}.parquet") for name in ("bars", "context")]
    bars, context = (frame.assign(date=pd.to_datetime(frame["date"]).astype("datetime64[us]")) for frame in frames)
    ends = "2019-06-28", "2020-06-30"
    return tuple(
        known(*(frame[frame["date"] <= end].reset_index(drop=True) for frame in (bars, context))) for end in ends
    )


@pytest.mark.parametrize("option", ON_REAL_STOCKS)
def test_the_year_of_the_covid_crash_changes_no_earlier_fold_of_57_real_stocks(us57, option):
    short, long = us57
    assert len(long.events) > len(short.events)
    assert same_earlier_folds(short, long, option) == 13
