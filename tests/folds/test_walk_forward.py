"""Walk-forward folds: calendar anchors, embargo, purge, extension."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph import tables
from barograph.errors import InputError
from barograph.folds import WalkForward, tabulate_folds, tabulated_folds
from barograph.folds.schema import TEST_WINDOWS

CALENDAR = pd.bdate_range("2001-01-01", "2010-06-30").to_numpy("datetime64[D]")


def _rows(rng: np.random.Generator, n: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    start = rng.integers(0, CALENDAR.size - 15, n)
    return CALENDAR[start], CALENDAR[start + rng.integers(1, 15, n)]


def test_years_from_the_first_that_has_enough_history():
    folds = WalkForward(min_years=3).folds(CALENDAR, CALENDAR[0])
    assert [str(fold.test_start) for fold in folds[:-1]] == [f"{year}-01-01" for year in range(2004, 2011)]
    assert str(folds[-2].test_end) == "2010-12-31"
    assert folds[-1].final
    assert folds[-1].test_start == CALENDAR[-1] + 1


def test_first_year_moves_the_start_but_never_before_enough_history():
    assert WalkForward(first_year=2008).folds(CALENDAR, CALENDAR[0])[0].test_start == np.datetime64("2008-01-01")
    assert WalkForward(first_year=2002).folds(CALENDAR, CALENDAR[0])[0].test_start == np.datetime64("2004-01-01")


def test_embargo_counts_trading_days():
    fold = WalkForward(embargo=5).folds(CALENDAR, CALENDAR[0])[0]
    between = CALENDAR[(fold.cutoff <= CALENDAR) & (fold.test_start > CALENDAR)]
    assert between.size == 5


@given(seed=st.integers(0, 2**32 - 1), embargo=st.integers(0, 30))
@settings(max_examples=25, deadline=None)
def test_no_training_row_is_known_too_late(seed, embargo):
    dates, exits = _rows(np.random.default_rng(seed))
    for train, test in WalkForward(embargo=embargo).split(dates, exits, calendar=CALENDAR):
        first = dates[test].min()
        start = np.datetime64(f"{str(first)[:4]}-01-01")
        gap = ((exits[train].max() < CALENDAR) & (start > CALENDAR)).sum()
        assert gap >= embargo
        assert not set(train) & set(test)


def test_every_day_from_the_first_of_a_year_on_is_tested_once():
    days = np.arange("2000-01-01", "2006-01-01", dtype="datetime64[D]")
    splits = WalkForward(min_years=3).split(days, days + 1, calendar=days)
    tested = np.concatenate([test for _, test in splits])
    assert str(days[tested[0]]) == "2003-01-01"
    assert tested.tolist() == list(range(tested[0], days.size))


def test_unlabelled_rows_are_tested_and_never_trained_on():
    dates, exits = _rows(np.random.default_rng(0))
    exits[::3] = np.datetime64("NaT")
    splits = list(WalkForward().split(dates, exits, calendar=CALENDAR))
    assert all(not np.isnat(exits[train]).any() for train, _ in splits)
    assert any(np.isnat(exits[test]).any() for _, test in splits)


def test_more_history_keeps_the_earlier_folds():
    shorter = WalkForward().folds(CALENDAR[np.datetime64("2009-03-01") > CALENDAR], CALENDAR[0])
    longer = WalkForward().folds(CALENDAR, CALENDAR[0])
    assert longer[: len(shorter) - 1] == shorter[:-1]


def test_too_short_a_history_is_one_clear_line():
    with pytest.raises(InputError, match="leaves no year to test"):
        WalkForward(min_years=20).folds(CALENDAR, CALENDAR[0])


def test_a_year_is_tested_once_the_labels_reach_its_cutoff():
    calendar = pd.bdate_range("2010-01-01", "2013-01-15").astype("datetime64[us]")
    labels = pd.DataFrame({"date": calendar[:-20], "exit_date": calendar[20:]})
    regimes = pd.DataFrame({"date": calendar})
    with pytest.raises(InputError, match="labels end on 2012-12-18, before 2012-12-25, which leaves no year to test"):
        WalkForward(min_years=3).over(labels, regimes)
    first, second, final = WalkForward(min_years=1).over(labels, regimes)
    assert [fold.number for fold in (first, second, final)] == [0, 1, 2]
    assert str(second.test_start) == "2012-01-01"
    assert final.final


@pytest.mark.parametrize("embargo", [0, 5])
def test_the_written_table_gives_the_folds_back(tmp_path, embargo):
    folds = WalkForward(embargo=embargo).folds(CALENDAR, CALENDAR[0])
    tables.write(TEST_WINDOWS, tabulate_folds(folds), tmp_path)
    again = tabulated_folds(tables.read(TEST_WINDOWS, tmp_path))
    assert again[:-1] == folds[:-1]
    assert again[-1][:3] == folds[-1][:3]
    assert again[-1].final
