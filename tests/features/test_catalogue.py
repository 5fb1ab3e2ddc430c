"""The catalogue and the decorator that fills it."""

import re
import subprocess
import sys

import numpy as np
import pytest

from barograph.errors import InputError
from barograph.features import Feature, available, catalogue, compute, feature
from barograph.market import MarketData

from .markets import Market, close_only


def test_closes_alone_give_more_than_fifty_features(market: Market) -> None:
    names, left_out = available(close_only(market).data)
    assert len(names) >= 50
    assert left_out["natr_14"] == ["high", "low"]
    assert left_out["mfi_14"] == ["high", "low", "volume"]
    assert left_out["rank_volume_trend_5_63"] == ["volume"]
    assert left_out["term_slope"] == ["us10y", "us2y"]
    assert set(names) | set(left_out) == {entry.name for entry in catalogue()}


def test_full_bars_give_more_than_eighty_features_and_leave_nothing_out(market: Market) -> None:
    names, left_out = available(market.data)
    assert len(names) >= 80
    assert not left_out


def test_bars_alone_leave_out_what_needs_the_other_tables(market: Market) -> None:
    names, left_out = available(MarketData(market.bars))
    assert left_out["vix_level"] == ["vix"]
    assert left_out["beta_63"] == ["index_close"]
    assert left_out["sector_ret_21"] == ["gics_sector"]
    assert left_out["regime_age"] == ["regime"]
    assert {"ret_5", "natr_14", "rank_ret_21", "weekday_sin"} <= set(names)
    assert list(compute(market.bars).columns[2:]) == names


def test_every_entry_says_what_it_is() -> None:
    entries = catalogue()
    assert len({entry.name for entry in entries}) == len(entries)
    for entry in entries:
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", entry.name)
        assert entry.formula
        assert "{" not in entry.formula + "".join(entry.inputs)
        assert entry.range[0] < entry.range[1]
        assert entry.lookback >= 0


def test_families_come_in_order_and_hold_together() -> None:
    order = list(dict.fromkeys(entry.family for entry in catalogue()))
    assert order[:7] == ["trend", "momentum", "volatility", "volume", "cross_section", "context", "calendar"]
    assert [entry.family for entry in catalogue()] == sorted((e.family for e in catalogue()), key=order.index)


@pytest.mark.parametrize("first", ["sentiment", "volume"])
def test_the_order_is_the_same_whatever_is_imported_first(first: str) -> None:
    code = (
        f"from barograph.features import {first}, catalogue, feature\n"
        "feature('mine_1', family='mine', inputs=('close',), lookback=0)(lambda close: close)\n"
        "print(*[entry.name for entry in catalogue()])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert found == [*(entry.name for entry in catalogue()), "mine_1"]


@pytest.mark.usefixtures("open_catalogue")
def test_the_decorator_registers_one_feature_a_window_and_part() -> None:
    @feature(
        ("a_{window}_low", "a_{window}_high"), family="mine", inputs=("close",), lookback=lambda w: w, windows=(2, 3)
    )
    def pair(close: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
        """{window} bars of {input}."""
        return close, close

    mine = [entry for entry in catalogue() if entry.family == "mine"]
    assert [entry.name for entry in mine] == ["a_2_low", "a_2_high", "a_3_low", "a_3_high"]
    assert mine[-1] == Feature("a_3_high", "mine", "3 bars of close", ("close",), 3, (-np.inf, np.inf), "", "symbol", 3)


@pytest.mark.usefixtures("open_catalogue")
def test_the_decorator_refuses_names_that_are_taken_and_unknown_scopes() -> None:
    def copy(close: np.ndarray) -> np.ndarray:
        return close

    for name in ("ret_5", "vix", "close", "log_return"):
        with pytest.raises(InputError, match="another name"):
            feature(name, family="mine", inputs=("close",), lookback=0)(copy)
    with pytest.raises(InputError, match="allowed are"):
        feature("mine", family="mine", inputs=("close",), lookback=0, scope="galaxy")  # type: ignore[arg-type]


@pytest.mark.usefixtures("open_catalogue")
def test_defining_a_feature_again_replaces_it(market: Market) -> None:
    for factor in (1.0, 2.0):

        @feature("twice", family="mine", inputs=("close",), lookback=0)
        def scaled(close: np.ndarray, factor: float = factor) -> np.ndarray:
            return np.full(close.size, factor)

    assert (compute(market.bars, names=["twice"])["twice"] == 2.0).all()
