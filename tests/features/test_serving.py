"""The newest day's rows equal the table's to the bit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.errors import InputError
from barograph.features import FeatureSet, catalogue, feature, newest, stream
from barograph.market import MarketData

from .markets import Market, random_market, random_signals
from .test_feature_set import default

MARKET = random_market(n_symbols=6, n_days=560, late_listing=250)
MARKET = MARKET._replace(signals=random_signals(MARKET.universe["symbol"].tolist(), MARKET.context["date"]))
SYMBOLS = MARKET.universe["symbol"].tolist()


def until(market: Market, cut: pd.Timestamp) -> MarketData:
    """Cut the tables to what was known at the close of a date."""
    known_from = {"bars": "date", "context": "date", "regimes": "date", "facts": "available_from"}
    known_from |= {"signals": "available_from"}
    tables = market._asdict()
    for name, column in known_from.items():
        tables[name] = tables[name][tables[name][column] <= cut].reset_index(drop=True)
    return MarketData(**tables)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.concat(stream(MARKET.data, symbols_at_once=4), ignore_index=True)


@pytest.mark.parametrize("day", [30, 255, 400, 537, 559])
def test_the_row_is_that_of_the_table_made_later(table: pd.DataFrame, day: int) -> None:
    cut = MARKET.context["date"].iloc[day]
    row = newest(until(MARKET, cut))
    assert set(row.columns) <= set(table.columns)
    assert row.shape[1] - 2 >= len([name for name in table.columns[2:] if "signal" not in name])
    expected = table.loc[table["date"] == cut, row.columns].reset_index(drop=True)
    assert len(expected) == (6 if day >= 250 else 5)
    pd.testing.assert_frame_equal(row, expected, check_exact=True)


@settings(deadline=None, max_examples=12)
@given(
    symbols=st.lists(st.sampled_from(SYMBOLS), min_size=1, unique=True),
    names=st.lists(st.sampled_from([entry.name for entry in catalogue()]), min_size=1, max_size=8, unique=True),
)
def test_any_symbols_and_any_names(table: pd.DataFrame, symbols: list[str], names: list[str]) -> None:
    row = newest(MARKET.data, names=names, symbols=symbols)
    last = table[table["date"] == MARKET.context["date"].iloc[-1]]
    expected = last.loc[last["symbol"].isin(symbols), ["symbol", "date", *names]].reset_index(drop=True)
    pd.testing.assert_frame_equal(row, expected, check_exact=True)


@pytest.fixture
def suspended() -> pd.DataFrame:
    last = MARKET.context["date"].iloc[-11]
    return MARKET.bars[(MARKET.bars["symbol"] != "S03") | (MARKET.bars["date"] <= last)].reset_index(drop=True)


def test_a_symbol_without_a_bar_on_the_newest_date_is_left_out(suspended: pd.DataFrame) -> None:
    row = newest(MarketData(suspended), names=["ret_5", "rank_ret_5"])
    assert row["symbol"].tolist() == [symbol for symbol in SYMBOLS if symbol != "S03"]
    assert row.notna().all(axis=None)


@pytest.mark.parametrize(
    ("symbols", "message"),
    [
        (["S01", "S03"], "the last bar of 'S03' is of 2005-02-09; one of 2005-02-23, the newest, is required"),
        (["S01", "S99"], r"'S99' has no bars; there are \['S00', 'S01'"),
        (["S01", "S01"], "twice"),
    ],
)
def test_symbols_that_cannot_be_served_are_refused(suspended: pd.DataFrame, symbols: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        newest(MarketData(suspended), names=["ret_5"], symbols=symbols)


@pytest.mark.usefixtures("open_catalogue")
def test_what_was_not_asked_for_is_not_computed() -> None:
    seen: list[int] = []

    @feature(("own_shape", "own_other"), family="mine", inputs=("close",), lookback=0)
    def own_shape(close: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen.append(close.size)
        return close, close

    newest(MarketData(MARKET.bars), names=["ret_5", "rank_ret_5"], symbols=["S01"])
    assert seen == []
    newest(MarketData(MARKET.bars), names=["own_other"], symbols=["S00", "S02"])
    assert seen == [310, 560]


def test_a_feature_set_serves_what_it_streams() -> None:
    data = MARKET._replace(signals=None).data
    chosen: FeatureSet = default(families=["momentum", "cross_section", "calendar"])
    blocks = pd.concat(chosen.stream(data), ignore_index=True)
    last = blocks.groupby("symbol", as_index=False).tail(1).reset_index(drop=True)
    pd.testing.assert_frame_equal(chosen.newest(data), last, check_exact=True)
    own = chosen.newest(data, names=["rank_ret_5", "rsi_14"], symbols=["S04"])
    pd.testing.assert_frame_equal(
        own, last.loc[[4], ["symbol", "date", "rank_ret_5", "rsi_14"]].reset_index(drop=True), check_exact=True
    )


def test_a_feature_set_serves_nothing_that_was_not_chosen() -> None:
    chosen: FeatureSet = default(families=["momentum"])
    with pytest.raises(InputError, match=r"\['natr_14'\] are not among those configured"):
        chosen.newest(MarketData(MARKET.bars), names=["rsi_14", "natr_14"])
