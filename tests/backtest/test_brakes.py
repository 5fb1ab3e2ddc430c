"""Brakes: what they allow by the account's record, in both drivers; the emergency stop in crashes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from barograph.backtest import Management, Order, TopK, managed, run, simulate
from barograph.backtest.risk import DrawdownBrake, EmergencyStop, SingleNameLimit, VolatilityBrake
from barograph.backtest.sizing import EqualWeights
from barograph.errors import InputError

from .desks import FREE, OVERLAYS, SECTORS, Decides, bars_of, dates_of, market
from .invariants import check
from .markets import Script

STOP = EmergencyStop(drawdown=0.2, daily_loss=0.15, released=[])
BRAKES: dict[str, Any] = {
    "volatility": VolatilityBrake(level=0.03, half_life=10.0, days=5, most=1.5),
    "drawdown": DrawdownBrake(start=0.001, full=0.05, least=0.2, most=0.6),
    "stop": EmergencyStop(drawdown=0.12, daily_loss=0.05, released=["2019-03-02"]),
}


def _once(bars: pd.DataFrame, *weights: float) -> pd.DataFrame:
    names = sorted(bars["symbol"].unique())
    return pd.DataFrame([weights], dates_of(bars)[:1], names)


def _daily(bars: pd.DataFrame, weights: Any) -> pd.DataFrame:
    dates = dates_of(bars)
    return pd.DataFrame(
        np.broadcast_to(weights, (len(dates), bars["symbol"].nunique())), dates, sorted(set(bars["symbol"]))
    )


def _gross(result: Any, bars: pd.DataFrame) -> pd.Series:
    closes = bars.pivot(index="date", columns="symbol", values="close").ffill()
    return (result.positions.abs() * closes).sum(axis=1) / result.equity


def crash_2008(rng: np.random.Generator) -> np.ndarray:
    """Give closes that lose about half in half a year, in steps of up to 9 % a day, with rallies in between."""
    calm = 0.008 * rng.standard_normal(60)
    fall = -0.006 + 0.03 * rng.standard_normal(125)
    fall[[20, 43, 61]] = -0.09
    rally = 0.004 + 0.025 * rng.standard_normal(80)
    return 100.0 * np.exp(np.cumsum(np.concatenate([calm, fall, rally])))


def crash_2020(rng: np.random.Generator) -> np.ndarray:
    """Give closes that lose a third in 23 days, once 12 % on a day, and rise again at once."""
    calm = 0.006 * rng.standard_normal(60)
    fall = np.full(23, -0.013) + 0.02 * rng.standard_normal(23)
    fall[16] = -0.12
    rally = 0.008 + 0.015 * rng.standard_normal(60)
    return 100.0 * np.exp(np.cumsum(np.concatenate([calm, fall, rally])))


@pytest.mark.parametrize("price", ["next_close", "next_open"])
@pytest.mark.parametrize("driver", ["panel", "events"])
@pytest.mark.parametrize("crash", [crash_2008, crash_2020])
@pytest.mark.parametrize("seed", [0, 1])
def test_in_a_crash_the_stop_flattens_at_the_next_bar_and_stays_flat(crash, driver, price, seed):
    rng = np.random.default_rng(seed)
    closes = np.column_stack([crash(rng), crash(np.random.default_rng(seed + 10))])
    bars, execution = bars_of(closes), replace(FREE, price=price, max_leverage=1.0)
    overlays = {"stop": STOP}
    if driver == "panel":
        result = simulate(bars, _daily(bars, [0.5, 0.5]), execution, management=Management(overlays=overlays))
    else:
        result = run(bars, managed(Decides(lambda _: [0.5, 0.5]), overlays=overlays), execution)
    check(result, bars, execution)
    fallen = 1.0 - result.equity / result.equity.cummax()
    lost = -result.equity.pct_change()
    hit = np.flatnonzero((fallen >= 0.2) | (lost >= 0.15))
    assert len(hit), "the crash is deep enough"
    after = result.positions.iloc[hit[0] + 1 :]
    assert len(after) > 20
    assert (after == 0.0).all(axis=None)
    assert (result.positions.iloc[hit[0]] != 0.0).all()
    first = result.caps.iloc[0]
    assert (first["date"], first["overlay"], first["limit"]) == (result.equity.index[hit[0]], "stop", 0.0)
    assert (result.trades["exit_reason"] == "stop").any()


def test_a_release_starts_again_from_that_equity_and_counts_at_the_next_date():
    closes = np.array([[100.0, 100, 70, 70, 70, 60, 60, 50, 50, 40, 40]]).T
    bars = bars_of(closes)
    dates = bars["date"].dt.strftime("%Y-%m-%d").tolist()
    saturday = str((pd.Timestamp(dates[4]) - pd.Timedelta(days=1)).date())  # date 4 is a Monday
    assert pd.Timestamp(dates[4]).day_name() == "Monday"
    stop = EmergencyStop(drawdown=0.25, daily_loss=0.9, released=[saturday])
    result = simulate(bars, _daily(bars, [1.0]), FREE, management=Management(overlays={"stop": stop}))
    held = (result.positions["S0"] != 0.0).tolist()
    # Down 30 % at date 2: out at 3. Released at date 4: in at 5. 50 against 60: no stop; 40 is one: out at 10.
    assert held == [False, True, True, False, False, True, True, True, True, True, False]


def test_the_stop_cancels_orders_and_what_is_sent_while_it_holds():
    closes = np.array([[100.0, 100, 60, 60, 60, 60]]).T
    bars = bars_of(closes)
    resting = Order("S0", shares=10.0, kind="limit", limit=1.0, until="cancelled")
    script = Script({0: [Order("S0", value=1e6), resting], 3: [Order("S0", shares=5.0)]})
    stop = EmergencyStop(drawdown=0.9, daily_loss=0.3, released=[])
    result = check(run(bars, managed(script, overlays={"stop": stop}), FREE), bars, FREE)
    codes = result.orders.set_index("order")["code"]
    assert codes.iloc[1] == "emergency_stop"
    assert (result.orders["code"] == "emergency_stop").sum() == 2
    assert (result.positions["S0"].iloc[3:] == 0.0).all()


def test_a_name_without_a_bar_is_sold_at_its_next_one():
    closes = np.array([[100.0, 100, 50, np.nan, 50, 50], [100.0, 100, 100, 100, 100, 100]]).T
    bars = bars_of(closes)
    result = simulate(bars, _once(bars, 0.6, 0.4), FREE, management=Management(overlays={"stop": STOP}))
    assert (result.positions["S0"] != 0.0).tolist() == [False, True, True, True, False, False]
    assert (result.positions["S1"] != 0.0).tolist() == [False, True, True, False, False, False]


def test_a_drawdown_brake_reduces_without_a_decision_and_lets_go_with_one():
    closes = np.array([[100.0, 100, 90, 90, 100, 100, 100]]).T
    bars = bars_of(closes)
    brake = DrawdownBrake(start=0.05, full=0.15, least=0.2, most=1.0)
    dates = dates_of(bars)
    weights = pd.DataFrame([[1.0], [1.0]], dates[[0, 5]], ["S0"])
    result = simulate(bars, weights, FREE, management=Management(overlays={"brake": brake}))
    gross = _gross(result, bars).to_numpy()
    # Down 10 %, half of the way from 5 to 15 %: the limit is half of the way from 1 to 0.2.
    np.testing.assert_allclose(gross[[2, 3]], [1.0, 0.6])
    equity = 900_000.0 * (1.0 + 0.6 / 9.0)
    np.testing.assert_allclose(result.equity.iloc[4], equity)
    np.testing.assert_allclose(gross[6], 1.0 - 0.8 * (0.04 - 0.05) / 0.1 if equity < 950_000.0 else 1.0)
    assert result.orders["reason"].tolist() == ["rebalance", "brake", "rebalance"]
    np.testing.assert_allclose(result.caps.loc[0, ["exposure", "limit"]].astype(float), [1.0, 0.6])


def test_a_volatility_brake_is_the_level_over_volatility_per_exposure():
    rng = np.random.default_rng(2)
    closes = 100.0 * np.exp(np.cumsum(0.02 * rng.standard_normal((40, 1)), axis=0))
    bars = bars_of(closes)
    brake = VolatilityBrake(level=0.15, half_life=8.0, days=10, most=1.0)
    result = simulate(bars, _daily(bars, [0.9]), FREE, management=Management(overlays={"v": brake}))
    gross, equity = _gross(result, bars).to_numpy(), result.equity.to_numpy()
    decay, variance, seen, limits = 0.5 ** (1.0 / 8.0), 0.0, 0, []
    for t in range(1, 40):
        if gross[t - 1] > 0.0:
            earned = (equity[t] / equity[t - 1] - 1.0) / gross[t - 1]
            variance = earned**2 if seen == 0 else decay * variance + (1.0 - decay) * earned**2
            seen += 1
        limits.append(0.15 / np.sqrt(252.0 * variance) if seen >= 10 else np.inf)
    caps = result.caps.set_index("date")["limit"].reindex(result.equity.index[1:]).to_numpy()
    bound = np.isfinite(caps)
    assert bound.sum() > 15
    np.testing.assert_allclose(caps[bound], np.array(limits)[bound])
    assert (np.array(limits)[~bound] >= 0.9).all()


@pytest.mark.parametrize("name", BRAKES)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_decisions_are_never_larger_than_a_brake_allows(name, seed):
    bars = bars_of(market(50, 3, seed)["close"])
    rng = np.random.default_rng(seed)
    weights = _daily(bars, rng.uniform(-0.6, 0.6, (bars["date"].nunique(), 3)))
    result = simulate(bars, weights, FREE, management=Management(overlays={name: BRAKES[name]}))
    check(result, bars, FREE)
    sent = result.orders.assign(size=result.orders["weight"].abs()).groupby("sent")["size"].sum()
    wanted = weights.abs().sum(axis=1)
    assert (sent <= wanted.reindex(sent.index) + 1e-12).all()
    limits = result.caps.set_index("date")["limit"]
    # While the stop keeps the account flat, nothing is sent.
    np.testing.assert_allclose(sent.reindex(limits.index, fill_value=0.0), limits, rtol=1e-9, atol=1e-12)


def _universe() -> pd.DataFrame:
    return pd.DataFrame({"symbol": [f"S{n}" for n in range(6)], "gics_sector": SECTORS})


@pytest.mark.parametrize("sizing", [None, EqualWeights()])
def test_both_drivers_trade_the_same_to_the_bit(sizing):
    tables = market(60, 6, 8)
    bars = bars_of(tables["close"]).assign(volume=15_000.0)
    rng = np.random.default_rng(4)
    rows = [rng.uniform(-0.3, 0.3, 6) if t % 3 == 0 else None for t in range(60)]
    dates = dates_of(bars)[::3]
    weights = pd.DataFrame([row for row in rows if row is not None], dates, [f"S{n}" for n in range(6)])
    context = pd.DataFrame({"date": dates_of(bars), "index_close": tables["index_close"]})
    overlays = OVERLAYS | BRAKES
    management = Management(sizing, overlays, _universe(), "mine")
    panel = simulate(bars, weights, FREE, context=context, management=management)
    strategy = managed(Decides(rows.__getitem__), sizing, overlays, _universe(), "mine")
    events = run(bars, strategy, FREE, context=context)
    pd.testing.assert_series_equal(panel.equity, events.equity, check_exact=True)
    pd.testing.assert_frame_equal(panel.positions, events.positions, check_exact=True, check_names=False)
    pd.testing.assert_frame_equal(panel.caps, events.caps, check_exact=True)
    assert set(panel.caps["overlay"]) >= {"liquidity", "sector", "net", "gross", "volatility"}


def test_a_strategy_of_scores_is_managed_by_the_panel():
    tables = market(30, 4, 1)
    bars = bars_of(tables["close"])
    signals = bars[["symbol", "date"]].assign(score=np.random.default_rng(0).random(len(bars)))
    strategy = managed(TopK(k=2, rebalance_days=1), overlays={"name": SingleNameLimit(most=0.3)})
    result = run(bars, strategy, FREE, signals)
    assert result.orders["weight"].max() == 0.3
    assert managed(TopK(k=2, rebalance_days=1)) == TopK(k=2, rebalance_days=1)


def test_a_strategy_that_sends_orders_has_brakes_only():
    script = Script({})
    with pytest.raises(InputError, match=r"^name: Script sends orders; only brakes go with it, others need a method"):
        managed(script, overlays={"name": SingleNameLimit(most=0.3)})
    with pytest.raises(InputError, match=r"^sizing: Script sends orders"):
        managed(script, EqualWeights())
    with pytest.raises(InputError, match="there are two emergency stops; one is allowed"):
        managed(script, overlays={"a": STOP, "b": STOP})


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: EmergencyStop(drawdown=0.2, daily_loss=0.1, released=["1 June"]),
        lambda: EmergencyStop(drawdown=1.2, daily_loss=0.1, released=[]),
        lambda: DrawdownBrake(start=0.2, full=0.1, least=0.1, most=1.0),
        lambda: VolatilityBrake(level=0.0, half_life=3.0, days=5, most=1.0),
    ],
)
def test_brakes_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValidationError):
        wrong()
