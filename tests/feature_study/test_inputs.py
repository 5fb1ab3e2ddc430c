"""The inputs of the structural baseline as features: those of the baseline, at their place, and without the future."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from barograph.ensemble.structural.inputs import INPUTS, observe
from barograph.ensemble.structural.model import _Market
from barograph.errors import InputError
from barograph.feature_study import structural_inputs
from barograph.labels import FixedBarrier
from tests.ensemble.markets import BARRIERS, small_market

MARKET = small_market(years=6)
CLOSES, INDEX = MARKET.closes.copy(), MARKET.index_close
# A late listing, an early end and a gap.
CLOSES.iloc[:300, 0] = np.nan
CLOSES.iloc[700:, 1] = np.nan
CLOSES.iloc[500:520, 2] = np.nan
LONG = CLOSES.rename_axis("date").reset_index().melt("date", var_name="symbol", value_name="close").dropna()
KEYS = LONG[["symbol", "date"]].sort_values(["symbol", "date"], ignore_index=True)
TABLE = structural_inputs(CLOSES, INDEX, BARRIERS, KEYS)


def test_it_is_laid_out_like_the_features() -> None:
    assert TABLE.columns.tolist() == ["symbol", "date", *INPUTS]
    assert set(TABLE.dtypes[list(INPUTS)].astype(str)) == {"float32"}
    pd.testing.assert_frame_equal(TABLE[["symbol", "date"]], KEYS)


def test_every_row_has_what_the_baseline_knows_of_it() -> None:
    known = _Market(CLOSES, INDEX, BARRIERS).observed.inputs
    assert len(INPUTS) == 11
    for row in range(0, len(TABLE), 37):
        place = CLOSES.index.get_loc(TABLE["date"][row]), CLOSES.columns.get_loc(TABLE["symbol"][row])
        expected = np.array([known[number][place] for number in range(11)], np.float32)
        assert np.array_equal(TABLE.loc[row, list(INPUTS)].to_numpy(np.float32), expected, equal_nan=True)
    assert TABLE[list(INPUTS)].notna().all(axis=1).sum() > 2000


def test_a_figure_by_hand() -> None:
    symbol, day = CLOSES.columns[3], CLOSES.index[400]
    logs = np.log(CLOSES[symbol].to_numpy()[380:401])
    returns = [later - earlier for earlier, later in pairwise(logs)]
    mean = sum(returns) / 20
    scale = math.sqrt(sum((value - mean) ** 2 for value in returns) / 19)
    week = math.sqrt(sum(value**2 for value in returns[-5:]) / 5)
    row = TABLE[(TABLE["symbol"] == symbol) & (TABLE["date"] == day)].iloc[0]
    assert row["rms_5"] == pytest.approx(math.log(week / scale), rel=1e-5)
    assert row["level"] == pytest.approx(math.log(scale / 0.02), rel=1e-5)


def test_rows_come_in_the_order_of_the_keys() -> None:
    order = np.random.default_rng(0).permutation(len(KEYS))
    shuffled = structural_inputs(CLOSES, INDEX, BARRIERS, KEYS.iloc[order])
    pd.testing.assert_frame_equal(shuffled, TABLE.iloc[order].reset_index(drop=True))


@pytest.mark.parametrize("cut", [60, 320, 510, 699, 900])
@pytest.mark.parametrize("barriers", [BARRIERS, FixedBarrier(80, 0.1, 0.05)], ids=["short", "long"])
def test_a_corrupted_future_changes_no_earlier_row(cut: int, barriers: object) -> None:
    rng = np.random.default_rng(cut)
    closes, index = CLOSES.copy(), INDEX.copy()
    later = np.arange(len(closes)) > cut
    closes[later] *= np.exp(rng.normal(0, 0.3, closes[later].shape))
    closes[later] = closes[later].mask(rng.random(closes[later].shape) < 0.1)
    index[later] *= np.exp(rng.normal(0, 0.3, later.sum()))
    before, after = (structural_inputs(*given, barriers, KEYS) for given in ((CLOSES, INDEX), (closes, index)))
    early = KEYS["date"] <= CLOSES.index[cut]
    pd.testing.assert_frame_equal(after[early], before[early], check_exact=True)
    assert not after[~early].equals(before[~early])


def test_more_history_changes_no_earlier_row() -> None:
    short = KEYS[KEYS["date"] <= CLOSES.index[800]].reset_index(drop=True)
    found = structural_inputs(CLOSES.iloc[:801], INDEX.iloc[:801], BARRIERS, short)
    pd.testing.assert_frame_equal(found, short.merge(TABLE, "left"), check_exact=True)


def test_a_day_without_the_index_lacks_that_input_alone() -> None:
    index = INDEX.astype(float).mask(np.arange(len(INDEX)) == 600)
    found = structural_inputs(CLOSES, index, BARRIERS, KEYS)
    day = KEYS["date"] == CLOSES.index[600]
    assert found.loc[day, "index_leverage_5"].isna().all()
    assert found.loc[KEYS["date"] == CLOSES.index[601], "index_leverage_5"].notna().all(), "its returns bridge the day"
    others = [name for name in INPUTS if name != "index_leverage_5"]
    pd.testing.assert_frame_equal(found[others], TABLE[others])
    assert np.isfinite(observe(CLOSES, INDEX, BARRIERS).inputs[7, 600]).all()


@pytest.mark.parametrize(("symbol", "day"), [("S9", CLOSES.index[400]), ("S1", pd.Timestamp("1999-12-31"))])
def test_a_row_that_is_not_among_the_closes_is_refused(symbol: str, day: pd.Timestamp) -> None:
    keys = pd.concat([KEYS.head(1), pd.DataFrame({"symbol": [symbol], "date": [day]})])
    with pytest.raises(InputError, match=rf"^structural inputs: {symbol} on {day:%F} is not among the closes$"):
        structural_inputs(CLOSES, INDEX, BARRIERS, keys)
