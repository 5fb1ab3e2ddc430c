"""The panel against a lookup in the bars."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.market import MarketData, to_panel
from barograph.testing import simulate

COLUMNS = ("open", "high", "low", "close", "volume")


@pytest.fixture(scope="module")
def market() -> MarketData:
    return simulate(symbols=3, years=2)


@settings(max_examples=40, deadline=None)
@given(st.sets(st.tuples(st.sampled_from(["AA", "B", "CCC"]), st.integers(0, 6)), min_size=1), st.randoms())
def test_every_bar_is_in_its_cell_and_nothing_else(keys: set[tuple[str, int]], random: object) -> None:
    rows = sorted(keys)
    random.shuffle(rows)  # type: ignore[attr-defined]
    days = pd.date_range("2020-01-06", periods=7).as_unit("us")
    bars = pd.DataFrame({"symbol": [s for s, _ in rows], "date": [days[d] for _, d in rows]})
    for number, column in enumerate(COLUMNS):
        bars[column] = np.arange(len(rows)) + 100.0 * number
    panel = to_panel(bars)
    assert panel.symbols.tolist() == sorted({s for s, _ in rows})
    assert panel.dates.tolist() == sorted({days[d].to_pydatetime() for _, d in rows})
    position = {key: number for number, key in enumerate(rows)}
    for number, column in enumerate(COLUMNS):
        grid = getattr(panel, column)
        assert grid.shape == (len(panel.dates), len(panel.symbols))
        for t, date in enumerate(pd.DatetimeIndex(panel.dates)):
            for n, symbol in enumerate(panel.symbols):
                place = position.get((symbol, int((date - days[0]).days)))
                np.testing.assert_equal(grid[t, n], np.nan if place is None else place + 100.0 * number)


def test_arrays_are_time_major_float64(market: MarketData) -> None:
    panel = to_panel(market.bars)
    assert panel.dates.dtype == np.dtype("datetime64[us]")
    for column in COLUMNS:
        grid = getattr(panel, column)
        assert grid.dtype == np.float64
        assert grid.flags.c_contiguous


def test_it_goes_back_to_the_bars(market: MarketData) -> None:
    panel = to_panel(market.bars)
    for n, symbol in enumerate(panel.symbols):
        own = market.bars[market.bars["symbol"] == symbol]
        np.testing.assert_array_equal(panel.close[:, n], own["close"])


def test_a_second_bar_of_one_day_is_refused(market: MarketData) -> None:
    with pytest.raises(ValueError, match="two rows of one symbol and date"):
        to_panel(pd.concat([market.bars, market.bars.iloc[[7]]]))


@pytest.mark.parametrize("damage", ["none", "shuffled", "a row less", "symbols turned", "dates turned", "object"])
def test_complete_sorted_bars_give_the_panel_of_any_others(market: MarketData, damage: str) -> None:
    """The path without a search gives the values of the one with it."""
    bars = market.bars
    given = {
        "none": bars,
        "shuffled": bars.sample(frac=1.0, random_state=0),
        "a row less": bars.drop(index=[5]),
        "symbols turned": bars.sort_values(["symbol", "date"], ascending=[False, True]),
        "dates turned": bars.sort_values(["symbol", "date"], ascending=[True, False]),
        "object": bars.astype({"symbol": object}),
    }[damage]
    panel = to_panel(given)
    for name in COLUMNS:
        wide = given.pivot(index="date", columns="symbol", values=name)
        np.testing.assert_array_equal(getattr(panel, name), wide.to_numpy())
    assert panel.symbols.tolist() == wide.columns.tolist()
    assert panel.dates.tolist() == wide.index.to_numpy().astype("datetime64[us]").tolist()
