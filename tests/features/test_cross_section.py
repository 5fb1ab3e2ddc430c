"""The cross-section: panels worked by hand, and plain loops on a market with gaps, a late listing and a lone sector."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from barograph.features import compute
from barograph.features import cross_section as cs

from .markets import Market, random_market

NAN = np.nan
SECTORS = np.array([0, 0, 1, 0, 2, -1])
OF_SECTORS = ["absorption_252", "absorption_shift", "turbulence_252"]


@pytest.fixture(autouse=True)
def as_in_the_engine() -> Iterator[None]:
    with np.errstate(divide="ignore", invalid="ignore"):
        yield


@pytest.fixture(scope="module")
def ragged() -> Market:
    """Nine symbols in four sectors, one of them with a single symbol; one is listed late, one is suspended."""
    market = random_market(n_symbols=9, n_days=640, seed=3, late_listing=100)
    market.universe["gics_sector"] = ["Energy", "Utilities", "Materials"] * 2 + ["Energy", "Utilities", "Financials"]
    suspended = (market.bars["symbol"] == "S04") & market.bars["date"].between("2004-02-02", "2004-02-13")
    return market._replace(bars=market.bars[~suspended].reset_index(drop=True))


@pytest.fixture(scope="module")
def frame(ragged: Market) -> pd.DataFrame:
    frame = compute(ragged.bars, ragged.context, ragged.universe)
    frame["sector"] = frame["symbol"].map(ragged.universe.set_index("symbol")["gics_sector"])
    return frame


def wide(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return frame.pivot_table(index="date", columns="symbol", values=name, dropna=False)


def sector_returns(market: Market) -> pd.DataFrame:
    close = market.bars.assign(r=market.bars.groupby("symbol")["close"].transform(lambda c: np.log(c / c.shift(1))))
    sector = close["symbol"].map(market.universe.set_index("symbol")["gics_sector"])
    return close.groupby(["date", sector])["r"].mean().unstack()


def test_ranks_within_a_sector_worked_by_hand() -> None:
    values = np.array([[3.0, 1.0, 9.0, 3.0, 2.0, 5.0], [1.0, NAN, NAN, 0.0, NAN, 2.0]])
    expected = [[2 / 3, 1 / 6, 0.5, 2 / 3, 0.5, NAN], [0.75, NAN, NAN, 0.25, NAN, NAN]]
    np.testing.assert_allclose(cs.sector_rank(values, SECTORS), expected)
    np.testing.assert_allclose(
        cs.rank(values), [[6 / 12, 1 / 12, 11 / 12, 6 / 12, 3 / 12, 9 / 12], [0.5, NAN, NAN, 1 / 6, NAN, 5 / 6]]
    )


def test_advances_highs_and_dispersion_worked_by_hand() -> None:
    returns = np.array([[0.1, -0.1, 0.0, 0.2, NAN], [NAN] * 5, [0.1, 0.1, 0.1, -0.5, 0.2]])
    np.testing.assert_allclose(cs.advances(returns, 1), [0.25, NAN, 0.6])
    np.testing.assert_allclose(cs.advances(returns[[0, 2]], 2), [NAN, 0.425])
    below, above = np.array([[0.0, -0.1, -0.2, 0.0, NAN]]), np.array([[0.3, 0.2, 0.0, 0.0, NAN]])
    assert cs.new_highs(below, above) == pytest.approx([0.0])  # two at their high, two at their low, one of them both
    assert cs.new_highs(below[:, :3], above[:, :3]) == pytest.approx([0.0])
    assert cs.new_highs(below[:, :2], above[:, :2]) == pytest.approx([0.5])
    assert cs.dispersion(returns[:1]) == pytest.approx([np.std([0.1, -0.1, 0.0, 0.2], ddof=1)])
    spread = cs.sector_dispersion(np.array([[0.1, 0.4, 0.7, 0.1, 0.2, 0.3]]), SECTORS)
    np.testing.assert_allclose(spread, [[np.sqrt(0.03)] * 2 + [NAN, np.sqrt(0.03), NAN, NAN]])


@pytest.mark.parametrize("name", ["ret_21", "ret_63", "mom_252_21", "vol_21"])
def test_ranks_agree_with_pandas(frame: pd.DataFrame, name: str) -> None:
    for prefix, groups in (("rank", ["date"]), ("sector_rank", ["date", "sector"])):
        group = frame.groupby(groups)[name]
        expected = (group.rank() - 0.5) / group.transform("count").where(frame[name].notna())
        np.testing.assert_allclose(frame[f"{prefix}_{name}"], expected, err_msg=prefix)


def test_shares_spreads_and_sector_returns_agree_with_pandas(frame: pd.DataFrame) -> None:
    dates = frame.groupby("date")
    sectors = frame.groupby(["date", "sector"])
    for window in (21, 63, 126):
        own = sectors[f"ret_{window}"].transform("mean") - dates[f"ret_{window}"].transform("mean")
        np.testing.assert_allclose(frame[f"sector_ret_{window}"], own, atol=1e-13)
    above = frame["sma_dist_20"].gt(0).astype(float).where(frame["sma_dist_20"].notna())
    np.testing.assert_allclose(frame["breadth_20"], above.groupby(frame["date"]).transform("mean"))
    net = np.sign(frame["ret_1"]).groupby(frame["date"]).mean()
    np.testing.assert_allclose(frame["advances_1"], frame["date"].map(net))
    np.testing.assert_allclose(frame["advances_10"], frame["date"].map(net.rolling(10).mean()), atol=1e-13)
    np.testing.assert_allclose(frame["dispersion_1"], dates["ret_1"].transform("std"))
    within = sectors["ret_21"].transform("std")
    np.testing.assert_allclose(frame["sector_dispersion_21"], within, atol=1e-12)
    close = frame.assign(high=frame["high_dist_252"].eq(0), low=frame["low_dist_252"].eq(0))
    close = close[frame["high_dist_252"].notna()]
    share = close.groupby("date")["high"].mean() - close.groupby("date")["low"].mean()
    np.testing.assert_allclose(frame["new_highs_252"], frame["date"].map(share), atol=1e-15)


def test_the_correlation_with_the_sector_leaves_the_symbol_itself_out(ragged: Market, frame: pd.DataFrame) -> None:
    returns = wide(ragged.bars.assign(close=np.log(ragged.bars["close"])), "close")
    gaps = returns.diff().where(returns.notna() & returns.shift().notna())
    gaps.loc["2004-02-16", "S04"] = returns.loc["2004-02-16", "S04"] - returns.loc["2004-01-30", "S04"]
    mine = wide(frame, "sector_corr_63")
    for sector, members in ragged.universe.groupby("gics_sector")["symbol"]:
        for symbol in members:
            others = gaps[[other for other in members if other != symbol]].mean(axis=1)
            expected = gaps[symbol].rolling(63).corr(others)
            np.testing.assert_allclose(mine[symbol], expected, atol=1e-9, err_msg=f"{sector} {symbol}")
    assert mine["S08"].isna().all()
    assert mine["S04"].notna().sum() == 640 - 63 - (63 + 10 - 1)


def test_absorption_and_turbulence_agree_with_a_plain_loop(ragged: Market, frame: pd.DataFrame) -> None:
    returns = sector_returns(ragged)
    absorption, turbulence = [], []
    for row in range(len(returns)):
        window = returns.iloc[max(row - 251, 0) : row + 1]
        absorption.append(NAN)
        if row >= 252:
            variances = np.linalg.svd(window - window.mean(), compute_uv=False) ** 2
            absorption[-1] = variances[0] / variances.sum()
        before = returns.iloc[max(row - 252, 0) : row]
        turbulence.append(NAN)
        if row >= 253:
            surprise = (returns.iloc[row] - before.mean()).to_numpy()
            turbulence[-1] = surprise @ np.linalg.solve(np.cov(before.T, ddof=0), surprise) / 4.0
    mine = frame.groupby("date")[OF_SECTORS].first()
    np.testing.assert_allclose(mine["absorption_252"], absorption, rtol=1e-9)
    np.testing.assert_allclose(mine["turbulence_252"], turbulence, rtol=1e-7)
    share = pd.Series(absorption)
    shift = (share.rolling(15).mean() - share.rolling(252).mean()) / share.rolling(252).std()
    np.testing.assert_allclose(mine["absorption_shift"], shift, rtol=1e-6)


def test_a_fifth_of_the_sectors_eigenvectors_is_taken() -> None:
    random = np.random.default_rng(0)
    scales = np.sqrt(np.array([5.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]))
    independent = random.normal(size=(4000, 8)) * 0.01 * scales
    share = cs.absorption_ratio(independent, np.arange(8))
    assert np.nanmean(share) == pytest.approx(8 / 14, abs=0.05)  # the first two of eight
    one_factor = random.normal(size=(300, 1)) * 0.01 * np.ones(8)
    assert cs.absorption_ratio(one_factor, np.arange(8))[-1] == pytest.approx(1.0)
    assert np.isnan(cs.absorption_ratio(independent, np.zeros(8, np.intp))).all()
    assert np.isnan(cs.absorption_ratio(independent, np.full(8, -1))).all()


def test_a_sector_that_does_not_move_is_no_obstacle() -> None:
    returns = np.random.default_rng(2).normal(size=(300, 3)) * 0.01
    with_flat = np.column_stack([returns, np.zeros(300)])
    flat = cs.turbulence(with_flat, np.arange(4))
    np.testing.assert_allclose(flat, cs.turbulence(returns, np.arange(3)), rtol=1e-9)
    assert np.isfinite(cs.absorption_ratio(with_flat, np.arange(4))[-1])
    assert np.isnan(cs.turbulence(np.zeros((300, 3)), np.arange(3))).all()


@pytest.mark.parametrize("sector", ["Banks", "Utilities"])
def test_the_first_symbol_listed_last_changes_no_bit_of_the_dates_before(ragged: Market, sector: str) -> None:
    before = ragged.context["date"].iloc[560]
    late = ragged.bars.loc[ragged.bars["symbol"].eq("S01") & (ragged.bars["date"] > before)].assign(symbol="A0")
    universe = pd.concat([ragged.universe, pd.DataFrame([{"symbol": "A0", "name": "A0", "gics_sector": sector}])])
    joined = compute(pd.concat([late, ragged.bars], ignore_index=True), universe=universe, names=OF_SECTORS)
    alone = compute(ragged.bars, universe=ragged.universe, names=OF_SECTORS)
    for name in OF_SECTORS:
        past = joined[joined["symbol"].ne("A0") & (joined["date"] <= before)].reset_index()
        assert past[name].notna().sum() > 50
        np.testing.assert_array_equal(past[name], alone.loc[alone["date"] <= before, name], err_msg=name)


def test_the_number_of_threads_changes_no_bit() -> None:
    returns = np.random.default_rng(4).normal(size=(300, 150)) * 0.01
    results = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            results += [(cs.absorption_ratio(returns, np.arange(150)), cs.turbulence(returns, np.arange(150)))]
    np.testing.assert_array_equal(results[0], results[1])
