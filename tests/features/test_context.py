"""The context, and a symbol beside the index: pandas, regressions by least squares, and planted answers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.features import available, catalogue, compute

from .markets import Market, close_only, random_market

BESIDE_THE_INDEX = ["beta_252", "idio_vol_252", "index_corr_252", "down_beta_252", "residual_mom_252_21"]

PANDAS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "index_ret_126": lambda c: c["index_close"].pct_change(126),
    "index_ret_252": lambda c: c["index_close"].pct_change(252),
    "index_vol_5": lambda c: _r(c["index_close"]).rolling(5).std() * np.sqrt(252),
    "index_vol_63": lambda c: _r(c["index_close"]).rolling(63).std() * np.sqrt(252),
    "index_cross_50_200": lambda c: np.log(c["index_close"].rolling(50).mean() / c["index_close"].rolling(200).mean()),
    "index_slope_63": lambda c: np.log(c["index_close"]).rolling(63).apply(lambda y: _line(y)[0]),
    "index_r2_63": lambda c: np.log(c["index_close"]).rolling(63).apply(lambda y: _line(y)[1]),
    "vix_change_1": lambda c: _r(c["vix"]),
    "vix_change_21": lambda c: np.log(c["vix"] / c["vix"].shift(21)),
    "vix_vol_21": lambda c: _r(c["vix"]).rolling(21).std() * np.sqrt(252),
    "vix_range": lambda c: np.log(c["vix_high"] / c["vix_low"]),
    "vix_term": lambda c: np.log(c["vix"] / c["vix3m"]),
    "vix_term_short": lambda c: np.log(c["vix9d"] / c["vix"]),
    "index_vix_corr_63": lambda c: _r(c["index_close"]).rolling(63).corr(_r(c["vix"])),
    "us10y_level": lambda c: c["us10y"],
    "us10y_change_5": lambda c: c["us10y"].diff(5),
    "us10y_change_63": lambda c: c["us10y"].diff(63),
    "stock_bond_corr_126": lambda c: _r(c["index_close"], 5).rolling(126).corr(c["us10y"].diff(5)),
    "usd_ret_63": lambda c: c["usd_broad"].pct_change(63),
    "usd_index_ret_21": lambda c: c["usd_index"].pct_change(21),
    "usd_index_ret_63": lambda c: c["usd_index"].pct_change(63),
    "wti_ret_21": lambda c: c["wti"].pct_change(21),
    "wti_ret_63": lambda c: c["wti"].pct_change(63),
}


@pytest.mark.parametrize("name", PANDAS)
def test_the_context_agrees_with_pandas(market: Market, features: pd.DataFrame, name: str) -> None:
    mine = features.loc[features["symbol"] == "S00", name].reset_index(drop=True)
    assert mine.notna().sum() > 300
    np.testing.assert_allclose(mine, PANDAS[name](market.context), rtol=1e-7, atol=1e-9)


def regressions(close: np.ndarray, index_close: np.ndarray) -> dict[str, float]:
    """Give the last values of what stands beside the index, each by a least-squares fit."""
    r, m = np.diff(np.log(close)), np.diff(np.log(index_close))
    own, market = r[-252:], m[-252:]
    (slope, _), (residual, *_), *_ = np.polyfit(market, own, 1, full=True)
    fell = market < 0.0
    past, steps = np.column_stack([np.ones(504), m[-504:]]), r[-504:]
    errors = steps - past @ np.linalg.lstsq(past, steps, rcond=None)[0]
    year = errors[-252:-21]
    return {
        "beta_252": slope,
        "idio_vol_252": np.sqrt(residual / 250.0 * 252.0),
        "index_corr_252": np.corrcoef(own, market)[0, 1],
        "down_beta_252": np.polyfit(market[fell], own[fell], 1)[0],
        "residual_mom_252_21": year.mean() / year.std(ddof=1),
    }


@pytest.mark.parametrize("last", [505, 599])
def test_regressions_on_the_index_agree_with_least_squares(market: Market, features: pd.DataFrame, last: int) -> None:
    for symbol in ("S00", "S03"):
        close = market.bars.loc[market.bars["symbol"] == symbol, "close"].to_numpy()[: last + 1]
        row = features[features["symbol"] == symbol].iloc[last]
        expected = regressions(close, market.context["index_close"].to_numpy()[: last + 1])
        assert row[BESIDE_THE_INDEX].to_dict() == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_stocks_and_bonds_that_move_together_are_told_from_those_that_do_not(sign: float) -> None:
    market = random_market(n_symbols=1)
    yields = 4.0 + sign * 3.0 * np.log(market.context["index_close"] / 1000.0)
    context = market.context.assign(us10y=yields)
    same_day = compute(market.bars, context, names=["stock_bond_corr_126"], release_lag={})["stock_bond_corr_126"]
    assert same_day.iloc[200:].to_numpy() == pytest.approx(sign)
    late = compute(market.bars, context, names=["stock_bond_corr_126"], release_lag={"us10y": 1})["stock_bond_corr_126"]
    assert late.iloc[200:].mean() == pytest.approx(0.8 * sign, abs=0.1)


def test_returns_of_oil_leave_a_negative_price_out() -> None:
    market = random_market(n_symbols=1, n_days=120)
    wti = market.context["wti"].copy()
    wti[50] = -36.98
    oil = compute(market.bars, market.context.assign(wti=wti), names=["wti_ret_21"])["wti_ret_21"]
    assert oil.index[oil.isna()].tolist() == [*range(21), 50, 71]


def test_an_index_that_does_not_move_has_no_beta() -> None:
    market = random_market(n_symbols=1, n_days=300)
    frame = compute(market.bars, market.context.assign(index_close=1000.0), names=BESIDE_THE_INDEX[:4])
    assert frame[BESIDE_THE_INDEX[:4]].isna().all(axis=None)
    still = compute(
        market.bars.assign(close=50.0), market.context, names=["beta_252", "idio_vol_252", "index_corr_252"]
    )
    assert still["beta_252"].iloc[-1] == pytest.approx(0.0, abs=1e-12)
    assert still["idio_vol_252"].iloc[-1] == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(still["index_corr_252"].iloc[-1])


def test_columns_that_a_source_may_lack_are_named(market: Market) -> None:
    _, left_out = available(close_only(market).data)
    assert left_out["vix_term"] == ["vix3m"]
    assert left_out["vix_term_short"] == ["vix9d"]
    assert left_out["vix_range"] == ["vix_high", "vix_low"]
    assert left_out["wti_ret_21"] == ["wti"]
    assert left_out["usd_index_ret_21"] == left_out["usd_index_ret_63"] == ["usd_index"]
    assert left_out["stock_bond_corr_126"] == ["us10y"]
    assert set(PANDAS) | set(BESIDE_THE_INDEX) <= {entry.name for entry in catalogue()}


def _r(series: pd.Series, steps: int = 1) -> Any:
    return np.log(series).diff(steps)


def _line(y: pd.Series) -> tuple[float, float]:
    x = np.arange(len(y))
    return np.polyfit(x, y, 1)[0], np.corrcoef(x, y)[0, 1] ** 2
