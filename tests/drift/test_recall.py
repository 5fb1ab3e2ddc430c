"""Kept comparisons of features: the same tables with the cache, and more days compare the last window alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from barograph.drift import Drift, measure_drift
from barograph.drift import drift as module
from barograph.executors import ResultCache
from tests.drift.test_drift import _features, _noise, _predictions, _regimes

SETTINGS = Drift(years=None, block_days=63, permutations=99, bins=10, psi=0.2, divergence=0.04, level=0.05)
FEATURES = _features(_noise(3))
FEATURES.loc[FEATURES["date"] < "2007-06-01", "f2"] = np.nan
LAST = FEATURES["date"].max()
FOLDS = pd.DataFrame(
    {
        "fold": range(6),
        "train_end": pd.to_datetime([f"{year - 1}-12-20" for year in range(2006, 2012)]),
        "test_start": pd.to_datetime([f"{year}-01-01" for year in range(2006, 2012)]),
        "test_end": [*pd.to_datetime([f"{year}-12-31" for year in range(2006, 2011)]), pd.NaT],
    }
)
WINDOWS = 5


@pytest.fixture
def cache(tmp_path):
    return ResultCache(tmp_path / "cache", 1 << 26, "this code")


@pytest.fixture
def compared(monkeypatch):
    """Note how many comparisons are made."""
    made, compare = [], module.compare_values
    monkeypatch.setattr(module, "compare_values", lambda *given: made.append(1) or compare(*given))
    return made


def _tables(features, cache, settings=SETTINGS, seed=7, folds=FOLDS):
    given = (_regimes(), _predictions(), folds, dict.fromkeys(features.columns[2:], "family"), settings, seed)
    return {name: table.to_csv() for name, table in vars(measure_drift(features, *given, cache)).items()}


def test_the_cache_changes_no_table_and_compares_nothing_twice(cache, compared):
    expected = _tables(FEATURES, None)
    for _ in range(2):
        assert _tables(FEATURES, cache) == expected
    assert len(compared) == 2 * WINDOWS * 3


def test_with_five_days_more_the_last_window_alone_is_compared(cache, compared):
    days = np.unique(FEATURES["date"])
    _tables(FEATURES[FEATURES["date"] < days[-5]], cache)
    compared.clear()
    found = _tables(FEATURES, cache)
    assert len(compared) == 3
    assert found == _tables(FEATURES, None)


CHANGES = {
    "a value of the past": (lambda features: features.assign(f1=features["f1"].where(features.index != 9, 3.0)), 5),
    "a value of the third window": (
        lambda features: features.assign(f1=features["f1"].mask(features["date"] == "2008-05-05", 3.0)),
        3,
    ),
    "a date of the past": (lambda features: features[features["date"] != "2003-03-03"], 5),
    "a name": (lambda features: features.rename(columns={"f1": "mine"}), 5),
}


@pytest.mark.parametrize("change", CHANGES)
def test_windows_whose_rows_changed_are_compared_again(cache, compared, change):
    changed, windows = CHANGES[change]
    _tables(FEATURES, cache)
    compared.clear()
    found = _tables(changed(FEATURES), cache)
    assert len(compared) == windows * 3
    assert found == _tables(changed(FEATURES), None)


@pytest.mark.parametrize(
    "change",
    [
        {"settings": replace(SETTINGS, permutations=199)},
        {"settings": replace(SETTINGS, years=3)},
        {"seed": 8},
        {"folds": FOLDS.assign(train_end=FOLDS["train_end"] - pd.Timedelta(days=1))},
    ],
    ids=["permutations", "years", "seed", "folds"],
)
def test_other_settings_compare_everything_again(cache, compared, change):
    _tables(FEATURES, cache)
    compared.clear()
    _tables(FEATURES, cache, **change)
    assert len(compared) == WINDOWS * 3


def test_a_damaged_entry_is_compared_again(cache, compared):
    expected = _tables(FEATURES, cache)
    compared.clear()
    [*entries] = cache.folder.glob("??/*")
    entries[0].write_bytes(entries[0].read_bytes()[:-1])
    assert _tables(FEATURES, cache) == expected
    assert len(compared) == 3
