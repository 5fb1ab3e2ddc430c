"""The portfolio simulation: against an exact ledger, against known answers, and against its own accounting."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from barograph.backtest import Execution, Simulation
from barograph.backtest import simulate as simulated
from barograph.errors import InputError
from barograph.market.panel import to_panel

from .invariants import check
from .oracle import replay

FREE = Execution(
    price="next_close",
    commission_bps=0.0,
    half_spread_bps=0.0,
    initial_cash=1000.0,
    max_leverage=1.0,
    delisting_days=21,
)
DEAR = replace(FREE, commission_bps=10.0, half_spread_bps=20.0)
REAL = Path(__file__).parents[2] / "../shared/data/us57/bars.parquet"


def simulate(bars: Any, weights: pd.DataFrame, execution: Execution) -> Simulation:
    """Simulate, and check the accounts."""
    result = simulated(bars, weights, execution)
    return check(result, bars, execution) if isinstance(bars, pd.DataFrame) else result


quick = settings(max_examples=60, deadline=None)


def make_bars(closes: dict[str, list[float]], opens: dict[str, list[float]] | None = None) -> pd.DataFrame:
    """Lay quotes out as bars; NaN leaves a bar out, and without opens the source is close-only."""
    dates = pd.date_range("2020-01-06", periods=len(next(iter(closes.values()))), freq="B", unit="us")
    rows = [
        {"symbol": name, "date": date, "open": opens[name][t] if opens else np.nan, "close": close}
        for name, series in closes.items()
        for t, (date, close) in enumerate(zip(dates, series, strict=True))
        if not np.isnan(close)
    ]
    frame = pd.DataFrame(rows).assign(high=np.nan, low=np.nan, volume=np.nan)
    ordered = frame[["symbol", "date", "open", "high", "low", "close", "volume"]]
    return ordered.sort_values(["symbol", "date"], ignore_index=True)


def make_weights(bars: pd.DataFrame, rows: dict[int, list[float]], names: list[str] | None = None) -> pd.DataFrame:
    dates = pd.DatetimeIndex(sorted(bars["date"].unique()))
    columns = names or sorted(bars["symbol"].unique())
    return pd.DataFrame(list(rows.values()), index=dates[list(rows)], columns=columns, dtype=float)


def random_market(seed: int, gaps: float = 0.2) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw bars with gaps, and long and short weights on some dates."""
    rng = np.random.default_rng(seed)
    days, count = int(rng.integers(3, 25)), int(rng.integers(1, 6))
    names = [f"S{n}" for n in range(count)]
    closes = 100.0 * np.exp(np.cumsum(0.03 * rng.standard_normal((days, count)), axis=0))
    opens = closes * np.exp(0.01 * rng.standard_normal((days, count)))
    closes[rng.random((days, count)) < gaps] = np.nan
    closes[rng.integers(days)] = 100.0
    bars = make_bars(dict(zip(names, closes.T.tolist(), strict=True)), dict(zip(names, opens.T.tolist(), strict=True)))
    dates = pd.DatetimeIndex(sorted(bars["date"].unique()))
    traded = sorted(bars["symbol"].unique())
    chosen = np.flatnonzero(rng.random(len(dates)) < 0.4)
    raw = rng.dirichlet(np.ones(len(traded)), len(chosen)) * rng.choice([0.0, 0.5, 1.0], (len(chosen), 1))
    signs = rng.choice([-1.0, 0.0, 1.0, 1.0], raw.shape)
    return bars, pd.DataFrame(raw * signs, index=dates[chosen], columns=traded)


@pytest.mark.parametrize("price", ["next_close", "next_open"])
@given(
    seed=st.integers(0, 10**6),
    commission=st.sampled_from([0.0, 7.0]),
    spread=st.sampled_from([0.0, 30.0]),
    delisting=st.sampled_from([1, 2, 21]),
)
@quick
def test_agrees_with_the_ledger(price: Any, seed: int, commission: float, spread: float, delisting: int) -> None:
    bars, weights = random_market(seed)
    execution = replace(FREE, price=price, commission_bps=commission, half_spread_bps=spread, delisting_days=delisting)
    result = simulate(bars, weights, execution)
    market: dict[Any, dict[str, tuple[float, float]]] = {}
    for row in bars.itertuples():
        market.setdefault(row.date, {})[str(row.symbol)] = (float(row.open), float(row.close))  # type: ignore[arg-type]
    decisions = {date: row.to_dict() for date, row in weights.iterrows()}
    broker, equity, held = replay(
        market,
        decisions,  # type: ignore[arg-type]
        at_open=price == "next_open",
        commission_bps=commission,
        half_spread_bps=spread,
        cash=1000.0,
        delisting_days=delisting,
    )
    np.testing.assert_allclose(result.equity, [float(value) for value in equity.values()], rtol=1e-11)
    expected = pd.DataFrame(
        [{name: float(held[d].get(str(name), 0)) for name in weights} for d in equity], index=list(equity)
    )
    np.testing.assert_allclose(result.positions, expected, rtol=1e-10, atol=1e-11)
    trades = pd.DataFrame(broker.trades, columns=result.fills.columns)
    trades = trades.sort_values(["date", "symbol"], ignore_index=True)
    assert trades["symbol"].tolist() == result.fills["symbol"].tolist()
    assert trades["date"].tolist() == result.fills["date"].tolist()
    for column in ("shares", "price", "commission", "slippage"):
        np.testing.assert_allclose(result.fills[column], trades[column].astype(float), rtol=1e-9, atol=1e-10)


@given(seed=st.integers(0, 10**6), price=st.sampled_from(["next_close", "next_open"]))
@quick
def test_no_money_appears(seed: int, price: Any) -> None:
    bars, weights = random_market(seed)
    execution = replace(DEAR, price=price)
    assert len(simulate(bars, weights, execution).equity)


@given(seed=st.integers(0, 10**6))
@quick
def test_fills_only_follow_rows(seed: int) -> None:
    bars, weights = random_market(seed)
    result = simulate(bars, weights, DEAR)
    for symbol, fills in result.fills.groupby("symbol"):
        days = bars.loc[bars["symbol"] == symbol, "date"].to_numpy()
        allowed = {days[days > row].min() for row in weights.index.to_numpy() if (days > row).any()}
        later = bars.loc[bars["date"] > days.max(), "date"].to_numpy()
        assert set(fills["date"].to_numpy()) <= allowed | set(np.sort(later)[:1])


@given(seed=st.integers(0, 10**6), low=st.floats(0, 50), more=st.floats(1, 100))
@quick
def test_dearer_trading_never_pays(seed: int, low: float, more: float) -> None:
    bars, weights = random_market(seed, gaps=0.0)
    once = weights.iloc[:1].abs()
    cheap = simulate(bars, once, replace(FREE, commission_bps=low, half_spread_bps=low))
    dear = simulate(bars, once, replace(FREE, commission_bps=low + more, half_spread_bps=low + more))
    assert (dear.equity <= cheap.equity + 1e-9).all()
    assert (dear.costs.sum(axis=1) >= cheap.costs.sum(axis=1)).all()


@given(st.lists(st.floats(1.0, 500.0), min_size=3, max_size=20))
@quick
def test_buy_and_hold_without_costs_is_the_price_ratio(closes: list[float]) -> None:
    bars = make_bars({"A": closes})
    result = simulate(bars, make_weights(bars, {0: [1.0]}), FREE)
    np.testing.assert_allclose(result.equity[1:], 1000.0 * np.array(closes[1:]) / closes[1], rtol=1e-12)
    assert result.equity.iloc[0] == 1000.0
    assert len(result.fills) == 1


def test_a_rebalance_by_hand() -> None:
    bars = make_bars({"A": [10.0, 20.0, 40.0, 30.0], "B": [5.0, 10.0, 10.0, 20.0]})
    result = simulate(bars, make_weights(bars, {0: [0.5, 0.5], 1: [0.5, 0.5], 2: [0.0, 0.25]}), FREE)
    assert result.positions["A"].tolist() == [0.0, 25.0, 18.75, 0.0]
    assert result.positions["B"].tolist() == [0.0, 50.0, 75.0, 2062.5 / 4 / 20]
    assert result.equity.tolist() == [1000.0, 1000.0, 1500.0, 2062.5]
    np.testing.assert_allclose(result.returns, [0.0, 0.0, 0.5, 0.375])
    np.testing.assert_allclose(result.turnover, [0.0, 0.5, 0.25, 0.5 * (562.5 + 1500 - 515.625) / 1500])


def test_costs_by_hand() -> None:
    bars = make_bars({"A": [10.0, 20.0, 25.0]})
    result = simulate(bars, make_weights(bars, {0: [1.0], 1: [0.0]}), DEAR)
    buy, sell = result.fills.to_dict("records")
    assert (buy["shares"], sell["shares"]) == (50.0, -50.0)
    assert buy["price"] == pytest.approx(20.04, rel=1e-15)
    assert sell["price"] == pytest.approx(24.95, rel=1e-15)
    assert buy["commission"] == pytest.approx(50 * 20.04 * 0.001, rel=1e-14)
    assert sell["commission"] == pytest.approx(50 * 24.95 * 0.001, rel=1e-14)
    assert buy["slippage"] == pytest.approx(2.0, rel=1e-14)
    assert sell["slippage"] == pytest.approx(2.5, rel=1e-14)
    assert result.cash.iloc[1] == pytest.approx(-2.0 - 1.002, rel=1e-12)
    assert result.equity.iloc[2] == pytest.approx(1000 - 1002 - 1.002 + 1247.5 - 1.2475, rel=1e-14)
    np.testing.assert_allclose(result.cost_rate, [0.0, 3.002e-3, 3.7475 / 996.998], rtol=1e-12)


def test_unpaid_costs_never_exceed_the_last_fills() -> None:
    bars = make_bars({"A": [10.0] * 30, "B": [10.0] * 30})
    turns = {t: [1.0, 0.0] if t % 2 else [0.0, 1.0] for t in range(29)}
    result = simulate(bars, make_weights(bars, turns), DEAR)
    np.testing.assert_allclose(result.cash[1:], -result.costs.sum(axis=1)[1:], rtol=1e-9)


def test_opens_fill_at_the_next_open() -> None:
    bars = make_bars({"A": [10.0, 30.0, 50.0]}, {"A": [9.0, 20.0, 40.0]})
    result = simulate(bars, make_weights(bars, {0: [0.5], 1: [1.0]}), replace(FREE, price="next_open"))
    assert result.positions["A"].tolist() == [0.0, 25.0, 1500.0 / 40.0]
    assert result.equity.tolist() == [1000.0, 1250.0, 1500.0 / 40.0 * 50.0]


def test_a_short_gains_when_prices_fall() -> None:
    bars = make_bars({"A": [10.0, 10.0, 8.0]})
    result = simulate(bars, make_weights(bars, {0: [-1.0]}), FREE)
    assert result.positions["A"].tolist() == [0.0, -100.0, -100.0]
    assert result.equity.iloc[-1] == 1200.0


def test_an_order_waits_for_the_symbols_next_bar() -> None:
    gap = float("nan")
    bars = make_bars({"A": [10.0, gap, 20.0, 20.0], "B": [10.0, 10.0, 8.0, 8.0]})
    result = simulate(bars, make_weights(bars, {0: [0.5, 0.5]}), FREE)
    assert result.positions["B"].tolist() == [0.0, 50.0, 50.0, 50.0]
    assert result.positions["A"].tolist() == [0.0, 0.0, 0.5 * 900.0 / 20.0, 0.5 * 900.0 / 20.0]


def test_a_late_order_is_cut_to_the_leverage_that_is_left() -> None:
    gap = float("nan")
    bars = make_bars({"A": [10.0, gap, 20.0, 20.0], "B": [10.0, 10.0, 20.0, 20.0]})
    result = simulate(bars, make_weights(bars, {0: [0.5, 0.5]}), FREE)
    assert result.positions["A"].tolist() == [0.0, 0.0, 500.0 / 20.0, 500.0 / 20.0]
    assert result.cash.iloc[-1] == 0.0


def test_a_newer_row_replaces_a_waiting_order() -> None:
    gap = float("nan")
    bars = make_bars({"A": [10.0, gap, 10.0, 10.0], "B": [10.0, 10.0, 10.0, 10.0]})
    result = simulate(bars, make_weights(bars, {0: [0.5, 0.5], 1: [0.0, 0.5]}), FREE)
    assert (result.positions["A"] == 0.0).all()
    kept = simulate(bars, make_weights(bars, {0: [0.5, 0.5], 2: [0.25, 0.5]}), FREE)
    assert kept.positions["A"].tolist() == [0.0, 0.0, 50.0, 25.0]


def test_a_position_without_bars_keeps_its_last_close_and_its_share_of_the_leverage() -> None:
    gap = float("nan")
    bars = make_bars({"A": [10.0, 10.0, 20.0, gap, 20.0], "B": [10.0, 10.0, 10.0, 10.0, 20.0]})
    result = simulate(bars, make_weights(bars, {0: [0.5, 0.0], 2: [0.0, 1.0]}), FREE)
    assert result.positions["A"].tolist() == [0.0, 50.0, 50.0, 50.0, 0.0]
    assert result.positions["B"].tolist() == [0.0, 0.0, 0.0, 50.0, 50.0]
    assert result.equity.tolist() == [1000.0, 1000.0, 1500.0, 1500.0, 2000.0]


@given(seed=st.integers(0, 10**6))
@quick
def test_gross_exposure_stays_within_the_leverage_at_the_fills(seed: int) -> None:
    bars, weights = random_market(seed, gaps=0.4)
    result = simulate(bars, weights, FREE)
    close = bars.pivot(index="date", columns="symbol", values="close").ffill().fillna(0.0)
    gross = (result.positions * close[result.positions.columns]).abs().sum(axis=1)
    opened = result.positions.abs().diff().max(axis=1) > 1e-9
    assert (gross[opened] <= result.equity[opened] * (1 + 1e-8)).all()


def test_the_price_of_the_decision_is_never_paid() -> None:
    bars, weights = random_market(4, gaps=0.0)
    decision = weights.index[1]
    result = simulate(bars, weights.iloc[1:2], DEAR)
    after = bars["date"] == decision
    corrupted = bars.assign(close=bars["close"].where(~after, bars["close"] * 3.0))
    again = simulate(corrupted, weights.iloc[1:2], DEAR)
    pd.testing.assert_frame_equal(result.fills, again.fills)
    assert (result.fills["date"] > decision).all()
    assert len(result.fills)


@pytest.mark.parametrize("price", ["next_close", "next_open"])
@given(seed=st.integers(0, 10**6), cut=st.integers(1, 20))
@quick
def test_the_future_does_not_reach_back(price: Any, seed: int, cut: int) -> None:
    bars, weights = random_market(seed)
    execution = replace(DEAR, price=price)
    whole = simulate(bars, weights, execution)
    dates = whole.equity.index
    last = dates[min(cut, len(dates) - 1)]
    noise = np.random.default_rng(seed).uniform(0.9, 1.1, (len(bars), 2))
    late = (bars["date"] > last).to_numpy()[:, None]
    changed = bars.copy()
    changed[["open", "close"]] = np.where(late, bars[["open", "close"]] * noise, bars[["open", "close"]])
    again = simulate(changed, weights.mul(np.where(weights.index > last, 0.5, 1.0), axis=0), execution)
    pd.testing.assert_series_equal(whole.equity[:last], again.equity[:last], check_exact=True)
    pd.testing.assert_frame_equal(whole.positions[:last], again.positions[:last], check_exact=True)


@given(seed=st.integers(0, 10**6), cut=st.integers(1, 20))
@quick
def test_the_end_of_history_does_not_reach_back(seed: int, cut: int) -> None:
    bars, weights = random_market(seed, gaps=0.4)
    execution = replace(DEAR, delisting_days=2)
    whole = simulate(bars, weights, execution)
    last = whole.equity.index[min(cut, len(whole.equity) - 1)]
    known, decided = bars[bars["date"] <= last], weights[weights.index <= last]
    kept = [name for name in weights if name in set(known["symbol"])]
    again = simulate(known, decided[kept], execution)
    pd.testing.assert_series_equal(whole.equity[:last], again.equity, check_exact=True, check_freq=False)
    pd.testing.assert_frame_equal(whole.positions.loc[:last, kept], again.positions, check_exact=True)


def test_no_row_trades_nothing() -> None:
    bars = make_bars({"A": [10.0, 20.0], "B": [1.0, 2.0]})
    result = simulate(bars, make_weights(bars, {}), DEAR)
    assert result.fills.empty
    assert (result.equity == 1000.0).all()
    assert (result.costs == 0.0).all(axis=None)
    assert result.turnover.tolist() == [0.0, 0.0]


def test_a_target_that_is_held_is_not_traded() -> None:
    closes = np.random.default_rng(0).uniform(1.0, 9.0, 200).tolist()
    bars = make_bars({"A": closes})
    result = simulate(bars, make_weights(bars, {t: [1.0] for t in range(200)}), FREE)
    assert len(result.fills) == 1


def test_the_order_and_choice_of_symbols_do_not_matter() -> None:
    bars, weights = random_market(3)
    straight = simulate(bars, weights, DEAR)
    turned = simulate(to_panel(bars), weights[weights.columns[::-1]], DEAR)
    np.testing.assert_allclose(straight.equity, turned.equity, rtol=1e-12)
    extra = bars[bars["symbol"] == "S0"].assign(symbol="Z")
    more = simulate(pd.concat([bars, extra], ignore_index=True), weights, DEAR)
    pd.testing.assert_series_equal(straight.equity, more.equity, check_exact=True)


def test_refuses_what_it_cannot_mean() -> None:
    bars = make_bars({"A": [10.0, 20.0, 30.0], "B": [10.0, 20.0, 30.0]})
    good = make_weights(bars, {0: [0.5, 0.5], 1: [0.5, 0.5]})
    cases: list[tuple[pd.DataFrame, Execution, str]] = [
        (make_weights(bars, {0: [0.5, 0.5], 1: [0.5, np.nan]}), FREE, "B on 2020-01-07 is nan"),
        (make_weights(bars, {1: [np.inf, 0.0]}), FREE, "A on 2020-01-07 is inf"),
        (make_weights(bars, {0: [0.6, -0.6]}), FREE, "2020-01-06 the absolute weights sum to 1.2; at most max_lev"),
        (good.rename(columns={"B": "C"}), FREE, "symbol C has no bar"),
        (good.rename(columns={"B": "A"}), FREE, "symbol A occurs more than once"),
        (good.set_axis(good.index + pd.Timedelta(days=300)), FREE, "date 2020-11-01 has no bar"),
        (good.iloc[[0, 0]], FREE, "occurs more than once"),
        (good.iloc[::-1], FREE, "not in order"),
        (good.reset_index(drop=True), FREE, "must consist of dates"),
        (good, replace(FREE, price="next_open"), "next_open, but A has no open on 2020-01-06"),
    ]
    for weights, execution, message in cases:
        with pytest.raises(InputError, match=message):
            simulate(bars, weights, execution)


def test_leverage_is_a_setting() -> None:
    bars = make_bars({"A": [10.0, 10.0, 11.0]})
    result = simulate(bars, make_weights(bars, {0: [2.0]}), replace(FREE, max_leverage=2.0))
    assert result.equity.iloc[-1] == pytest.approx(1200.0)


def test_ruin_is_refused() -> None:
    bars = make_bars({"A": [10.0, 10.0, 30.0]})
    with pytest.raises(InputError, match=r"ruin the portfolio: its equity is -1000 on 2020-01-08"):
        simulate(bars, make_weights(bars, {0: [-1.0]}), FREE)


@pytest.mark.parametrize(
    "wrong",
    [
        *(
            {"price": "close"},
            {"commission_bps": -1.0},
            {"half_spread_bps": 10_000.0},
            {"max_leverage": 0.0},
            {"delisting_days": 0},
        ),
        *({"half_spread_bps": float("nan")}, {"initial_cash": 0.0}, {"initial_cash": "1000"}),
    ],
)
def test_execution_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        replace(FREE, **wrong)


@pytest.mark.skipif(not REAL.is_file(), reason="the real bars of 57 US stocks are not there")
def test_real_bars_equal_weight_is_the_mean_return() -> None:
    bars = pd.read_parquet(REAL)
    bars["date"] = pd.to_datetime(bars["date"]).astype("datetime64[us]")
    close = bars.pivot(index="date", columns="symbol", values="close").astype(float)
    assert close.notna().all(axis=None)
    weights = pd.DataFrame(1.0 / close.shape[1], index=close.index, columns=close.columns)
    result = simulate(bars, weights, FREE)
    means: npt.NDArray[np.float64] = close.pct_change().mean(axis=1).to_numpy()
    np.testing.assert_allclose(result.returns.to_numpy()[2:], means[2:], rtol=0, atol=1e-12)


def test_a_symbol_is_held_at_its_last_close_until_it_counts_as_delisted() -> None:
    gap = float("nan")
    bars = make_bars({"A": [50.0] * 10 + [gap] * 20, "B": [20.0] * 30})
    weights = make_weights(bars, {0: [0.5, 0.5], 20: [0.0, 1.0]})
    result = simulate(bars, weights, replace(DEAR, delisting_days=5))
    assert result.positions["A"].tolist() == [0.0] + [10.0] * 13 + [0.0] * 16
    assert result.positions["B"].iloc[-1] > 49.0
    payout = result.fills.query("symbol == 'A'").iloc[-1]
    assert payout["date"] == result.equity.index[14]
    assert payout[["price", "commission", "slippage"]].tolist() == [50.0, 0.0, 0.0]


def test_a_symbol_that_trades_again_can_be_bought_again() -> None:
    gap = float("nan")
    bars = make_bars({"A": [50.0, 50.0, gap, gap, 40.0, 40.0, 40.0], "B": [20.0] * 7})
    weights = make_weights(bars, {0: [0.5, 0.0], 4: [0.4, 0.0]})
    result = simulate(bars, weights, replace(FREE, delisting_days=2))
    assert result.positions["A"].tolist() == [0.0, 10.0, 10.0, 0.0, 0.0, 10.0, 10.0]
    assert (result.equity == 1000.0).all()


def test_an_order_of_a_delisted_symbol_is_void() -> None:
    gap = float("nan")
    bars = make_bars({"A": [50.0, gap, gap, 50.0, 50.0], "B": [20.0] * 5})
    late = simulate(bars, make_weights(bars, {0: [1.0, 0.0]}), replace(FREE, delisting_days=3))
    void = simulate(bars, make_weights(bars, {0: [1.0, 0.0]}), replace(FREE, delisting_days=2))
    assert late.positions["A"].tolist() == [0.0, 0.0, 0.0, 20.0, 20.0]
    assert (void.positions["A"] == 0.0).all()


def test_an_order_before_the_first_bar_waits_for_it() -> None:
    gap = float("nan")
    bars = make_bars({"A": [gap] * 4 + [50.0, 50.0], "B": [20.0] * 6})
    result = simulate(bars, make_weights(bars, {0: [1.0, 0.0]}), replace(FREE, delisting_days=2))
    assert result.positions["A"].tolist() == [0.0] * 4 + [20.0, 20.0]
