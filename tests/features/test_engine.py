"""The engine: rows, gaps, joins, release lags and refusals."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.errors import InputError
from barograph.features import catalogue, compute, feature

from .markets import Market, everything, random_market


def values(frame: pd.DataFrame) -> np.ndarray:
    return frame.iloc[:, 2:].to_numpy()


def test_the_rows_are_those_of_the_bars(market: Market, features: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(features[["symbol", "date"]], market.bars[["symbol", "date"]])
    assert (features.dtypes.iloc[2:] == np.float64).all()


def test_lookback_is_the_number_of_bars_before_the_first_value(features: pd.DataFrame) -> None:
    first = features[features["symbol"] == "S00"].reset_index(drop=True)
    for entry in catalogue():
        assert first[entry.name].first_valid_index() == entry.lookback, entry.name


@pytest.mark.parametrize("factor", [731.9, 0.0137])
def test_the_unit_of_the_price_does_not_matter(market: Market, features: pd.DataFrame, factor: float) -> None:
    prices = ["open", "high", "low", "close"]
    bars = market.bars.copy()
    bars.loc[bars["symbol"] == "S01", prices] *= factor
    again = everything(market._replace(bars=bars))
    for name in features.columns[2:]:
        np.testing.assert_allclose(again[name], features[name], rtol=1e-6, atol=1e-9, err_msg=name)


def test_the_unit_of_the_volume_does_not_matter(market: Market, features: pd.DataFrame) -> None:
    bars = market.bars.assign(volume=market.bars["volume"] * 50)
    again = everything(market._replace(bars=bars))
    for name in features.columns[2:]:
        np.testing.assert_allclose(again[name], features[name], rtol=1e-6, atol=1e-9, err_msg=name)


def test_longer_history_changes_no_bit_of_the_past(features: pd.DataFrame) -> None:
    full = random_market(late_listing=380)
    keep = [table["date"] <= full.context["date"].iloc[410] for table in (full.bars, full.context, full.regimes)]
    bars, context, regimes = full.bars[keep[0]].reset_index(drop=True), full.context[keep[1]], full.regimes[keep[2]]
    early = everything(full._replace(bars=bars, context=context, regimes=regimes))
    late = everything(full)
    for name in early.columns[2:]:
        np.testing.assert_array_equal(early[name], late.loc[keep[0], name], err_msg=name)


def test_a_symbol_listed_later_changes_no_bit_of_the_dates_before() -> None:
    full = random_market(n_symbols=12, late_listing=380)
    listed = full.bars["symbol"] != "S00"
    before = (full.bars["date"] < full.bars.loc[~listed, "date"].min())[listed].to_numpy()
    alone = everything(full._replace(bars=full.bars[listed].reset_index(drop=True)))
    joined = everything(full)[listed]
    np.testing.assert_array_equal(values(alone)[before], values(joined)[before])


def test_windows_recover_after_a_gap(market: Market, features: pd.DataFrame) -> None:
    bars = market.bars.copy()
    bars.loc[100, ["open", "high", "low", "close", "volume"]] = np.nan
    broken = everything(market._replace(bars=bars))
    for entry in catalogue():
        column = broken.loc[broken["symbol"] == "S00", entry.name].reset_index(drop=True)
        if entry.scope == "symbol" and entry.family not in {"fundamentals", "sentiment"}:
            assert np.isnan(column[100]), entry.name
            assert column[101 + entry.lookback :].notna().all(), entry.name
            np.testing.assert_array_equal(column[:100], features[entry.name][:100], err_msg=entry.name)


def test_a_symbol_without_volume_has_no_volume_features_and_the_others_do(market: Market) -> None:
    bars = market.bars.copy()
    bars.loc[bars["symbol"] == "S02", "volume"] = np.nan
    mfi = compute(bars, names=["mfi_14"])
    assert mfi.groupby("symbol")["mfi_14"].count().to_dict() == dict.fromkeys(["S00", "S01", "S03", "S04"], 586) | {
        "S02": 0
    }


def test_columns_come_in_the_order_asked_for(market: Market, features: pd.DataFrame) -> None:
    some = compute(market.bars, names=["rank_ret_21", "ret_21", "macd_12_26_9_hist_pct"])
    assert list(some.columns) == ["symbol", "date", "rank_ret_21", "ret_21", "macd_12_26_9_hist_pct"]
    pd.testing.assert_frame_equal(some, features[some.columns])
    alone = compute(market.bars, names=["rank_ret_21"])
    np.testing.assert_array_equal(alone["rank_ret_21"], some["rank_ret_21"])


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda bars: bars.iloc[::-1], "row 1 .* out of order"),
        (lambda bars: pd.concat([bars.iloc[:3], bars.iloc[2:]]), "row 3 .* out of order"),
        (lambda bars: bars.iloc[:0], "empty"),
    ],
)
def test_bars_out_of_order_are_refused(
    market: Market, alter: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        compute(alter(market.bars).reset_index(drop=True))


def test_a_context_out_of_order_is_refused(market: Market) -> None:
    with pytest.raises(InputError, match="context: row 1 "):
        compute(market.bars, market.context.iloc[::-1])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["ret_5", "rte_5"], "'rte_5' is unknown.*'ret_5'"),
        (["vix_level"], r"'vix_level' cannot be computed.*\['vix'\]"),
        (["ret_5", "ret_5"], "twice"),
    ],
)
def test_names_that_cannot_be_computed_are_refused(market: Market, names: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compute(market.bars, names=names)


@pytest.mark.usefixtures("open_catalogue")
@settings(deadline=None, max_examples=15)
@given(st.integers(0, 20))
def test_a_context_value_is_used_from_its_release_on(lag: int) -> None:
    feature("observed", family="mine", inputs=("us10y",), lookback=0, scope="date")(_same)
    market = random_market(n_symbols=1, n_days=60)
    got = compute(market.bars, market.context, names=["observed"], release_lag={"us10y": lag})["observed"]
    for row, date in enumerate(market.context["date"]):
        known = market.context.loc[market.context["date"] + pd.Timedelta(days=lag) <= date, "us10y"]
        assert (np.isnan(got[row]) and known.empty) or got[row] == known.iloc[-1]


def test_yields_and_the_dollar_are_late_unless_told_otherwise(market: Market) -> None:
    context = market.context
    default = compute(market.bars, context, names=["term_slope", "usd_ret_21"])[: len(context)]
    slope = (context["us10y"] - context["us2y"]).shift(1)
    np.testing.assert_allclose(default["term_slope"], slope)
    dollar = context["usd_broad"].shift(5)
    np.testing.assert_allclose(default["usd_ret_21"], dollar / dollar.shift(21) - 1.0, atol=1e-12)


def test_a_missing_vix_is_carried_forward_but_not_for_ever(market: Market) -> None:
    vix = market.context["vix"].copy()
    vix[200:203] = np.nan
    vix[400:] = np.nan
    level = compute(market.bars, market.context.assign(vix=vix), names=["vix_level"])["vix_level"][: len(vix)]
    assert (level[200:203] == vix[199] / 100.0).all()
    assert level[400:460].notna().all()
    assert level[480:].isna().all()


def test_a_bar_on_a_date_that_the_context_lacks_has_no_context(market: Market) -> None:
    context = market.context.drop(index=300).reset_index(drop=True)
    frame = compute(market.bars, context, names=["vix_level", "ret_5", "weekday_sin"])
    assert np.isnan(frame["vix_level"][300])
    assert frame["vix_level"].notna().sum() == len(frame) - 5
    assert frame.loc[300, ["ret_5", "weekday_sin"]].notna().all()


def test_history_of_the_context_before_the_first_bar_fills_the_windows(market: Market) -> None:
    bars = market.bars[market.bars["date"] >= market.context["date"].iloc[300]].reset_index(drop=True)
    frame = compute(bars, market.context, names=["vix_rank_252", "ret_5"])
    assert frame["vix_rank_252"].notna().all()
    assert np.isnan(frame["ret_5"][0])


@pytest.mark.usefixtures("open_catalogue")
def test_custom_features_of_every_scope_see_what_is_promised(market: Market) -> None:
    seen: dict[str, tuple[Any, ...]] = {}

    @feature("own_symbol", family="mine", inputs=("close", "date"), lookback=0)
    def own_symbol(close: np.ndarray, date: np.ndarray) -> np.ndarray:
        seen["symbol"] = (close.shape, date.dtype)
        return close / 0.0

    @feature("own_panel", family="mine", inputs=("ret_5", "gics_sector", "date"), lookback=5, scope="panel")
    def own_panel(returns: np.ndarray, sector: np.ndarray, date: np.ndarray) -> np.ndarray:
        seen["panel"] = (returns.shape, sector.tolist(), date.shape)
        return np.where(np.isnan(returns), np.nan, sector)

    @feature("own_smooth", family="mine", inputs=("rank_ret_5",), lookback=6)
    def own_smooth(rank: np.ndarray) -> np.ndarray:
        return np.append(np.nan, rank[1:] - rank[:-1])

    own = ["own_symbol", "own_panel", "own_smooth"]
    frame = compute(market.bars, None, market.universe, own)
    assert frame["own_symbol"].isna().all()
    assert seen["symbol"] == ((600,), np.dtype("datetime64[D]"))
    assert seen["panel"] == ((600, 5), [0, 1, 0, 1, 0], (600,))
    assert frame.groupby("symbol")["own_panel"].max().tolist() == [0, 1, 0, 1, 0]
    assert frame["own_smooth"].notna().sum() == 5 * (600 - 6)


def test_the_tables_are_left_as_they_were(market: Market) -> None:
    tables = [table for table in market if table is not None]
    before = [table.copy() for table in tables]
    everything(market)
    for table, kept in zip(tables, before, strict=True):
        pd.testing.assert_frame_equal(table, kept)


def _same(series: np.ndarray) -> np.ndarray:
    return series
