"""Which rows are explained."""

import numpy as np
import pandas as pd
import pytest

from barograph.errors import InputError
from barograph.explain import explained_rows

DATES = pd.bdate_range("2001-01-01", periods=30)


@pytest.fixture
def features():
    key = pd.MultiIndex.from_product([["A", "B", "C"], DATES], names=["symbol", "date"]).to_frame(index=False)
    return key.assign(f=np.arange(90, dtype=np.float32), g=np.float32(np.nan))


@pytest.fixture
def regimes():
    """Twenty normal days, four of crash, three of a user's regime, three without any."""
    return pd.DataFrame({"date": DATES[:27], "regime": ["normal"] * 20 + ["crash"] * 4 + ["my_panic"] * 3})


def test_as_many_rows_a_regime_as_there_are(features, regimes):
    rows = explained_rows(features, regimes, 10, 7)
    assert rows.groupby("regime", sort=False).size().to_dict() == {"normal": 10, "crash": 10, "my_panic": 9}
    assert list(rows.columns) == ["regime", "symbol", "date", "f", "g"]


def test_rows_are_of_the_table_without_repetition_and_bear_their_dates_regime(features, regimes):
    rows = explained_rows(features, regimes, 10, 7)
    joined = rows.merge(features, on=["symbol", "date", "f"]).merge(regimes, on=["date", "regime"])
    assert len(joined) == len(rows) == 29
    assert not rows.duplicated(["symbol", "date"]).any()


def test_the_seed_chooses_and_nothing_else(features, regimes):
    first, again, other = (explained_rows(features, regimes, 10, seed) for seed in (7, 7, 8))
    assert first.equals(again)
    assert not first["f"].equals(other["f"])


def test_a_regimes_rows_do_not_depend_on_the_other_regimes(features, regimes):
    without = regimes[regimes["regime"] != "normal"]
    first, second = (explained_rows(features, table, 5, 7) for table in (regimes, without))
    assert first[first["regime"] != "normal"].reset_index(drop=True).equals(second)


def test_more_rows_keep_those_of_fewer(features, regimes):
    few, many = (explained_rows(features, regimes, n, 7) for n in (5, 10))
    assert set(few["f"]) < set(many["f"])


def test_features_without_any_regime_are_refused(features, regimes):
    with pytest.raises(InputError, match=r"data/regimes\.parquet: no date"):
        explained_rows(features, regimes.assign(date=regimes["date"] + pd.DateOffset(years=9)), 10, 7)
