"""The event driver: it agrees with the panel driver to the bit, and shows a strategy nothing of what comes later."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.backtest import Day, Order, run, simulate
from barograph.errors import InputError

from .invariants import check
from .markets import CASH, FREE, Script, fills_of, flat, ohlc, play, random_bars, random_execution, random_trader

quick = settings(max_examples=60, deadline=None)


class Rows:
    """Trades to rows of target weights, as `simulate` does."""

    def __init__(self, weights: pd.DataFrame) -> None:
        self.weights = weights

    def on_bar(self, day: Day) -> None:
        if day.date in self.weights.index:
            day.rebalance_to_weights(self.weights.loc[day.date].to_numpy())


class Trader:
    """Sends orders of every kind."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_bar(self, day: Day) -> None:
        random_trader(self.seed)(day)


@given(seed=st.integers(0, 10**6), lots=st.booleans())
@quick
def test_both_drivers_agree_to_the_bit(seed: int, lots: bool) -> None:
    rng = np.random.default_rng(seed)
    bars = random_bars(rng, factor=True)
    execution = random_execution(rng, lot=1.0 if lots else None, commission_per_share=0.01 if lots else 0.0)
    dates, names = pd.DatetimeIndex(sorted(bars["date"].unique())), sorted(bars["symbol"].unique())
    rows = dates[rng.random(len(dates)) < 0.5]
    raw = rng.dirichlet(np.ones(len(names)), len(rows)) * rng.choice([0.0, 0.5, 1.0], (len(rows), 1))
    weights = pd.DataFrame(raw * rng.choice([-1.0, 1.0, 1.0], raw.shape), rows, names)
    whole = check(simulate(bars, weights, execution), bars, execution)
    daily = check(run(bars, Rows(weights), execution), bars, execution)
    pd.testing.assert_series_equal(whole.equity, daily.equity, check_exact=True)
    pd.testing.assert_frame_equal(whole.positions, daily.positions, check_exact=True, check_names=False)
    pd.testing.assert_frame_equal(whole.costs, daily.costs, check_exact=True)
    pd.testing.assert_frame_equal(whole.fills, daily.fills, check_exact=True)
    pd.testing.assert_frame_equal(whole.orders, daily.orders, check_exact=True)


@given(seed=st.integers(0, 10**6), lots=st.booleans())
@quick
def test_accounts_balance_whatever_is_sent(seed: int, lots: bool) -> None:
    rng = np.random.default_rng(seed)
    bars = random_bars(rng, factor=True)
    execution = random_execution(rng, lot=2.0 if lots else None, commission_per_share=0.01 if lots else 0.0)
    check(run(bars, Trader(seed), execution), bars, execution)


@given(seed=st.integers(0, 10**6))
@quick
def test_nothing_that_comes_later_reaches_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bars = random_bars(rng)
    execution = random_execution(rng)
    whole = run(bars, Trader(seed), execution)
    last = whole.equity.index[int(rng.integers(len(whole.equity)))]
    late = (bars["date"] > last).to_numpy()[:, None]
    prices = ["open", "high", "low", "close", "volume"]
    changed = bars.copy()
    changed[prices] = np.where(late, bars[prices] * rng.uniform(0.98, 1.02, (len(bars), 1)), bars[prices])
    again = run(changed, Trader(seed), execution)
    pd.testing.assert_series_equal(whole.equity[:last], again.equity[:last], check_exact=True)
    pd.testing.assert_frame_equal(whole.positions[:last], again.positions[:last], check_exact=True)
    early = [result.fills[result.fills["date"] <= last] for result in (whole, again)]
    pd.testing.assert_frame_equal(*early, check_exact=True)


def test_the_order_of_symbols_does_not_matter() -> None:
    """The basket is scaled as a whole after the sales, with costs, in a cash account."""
    bars = ohlc(A=flat(10.0, 4), B=flat(20.0, 4), C=flat(40.0, 4))
    dear = replace(CASH, commission_bps=50.0, half_spread_bps=50.0, commission_minimum=1.0)
    renamed = bars.assign(symbol=bars["symbol"].map({"A": "Z", "B": "Y", "C": "X"}))
    first, second = (
        play(
            table.sort_values(["symbol", "date"], ignore_index=True),
            {
                0: [Order(names[0], value=900.0)],
                1: [Order(names[0], weight=0.1), Order(names[1], value=700.0), Order(names[2], value=600.0)],
            },
            dear,
        )
        for table, names in ((bars, "ABC"), (renamed, "ZYX"))
    )
    np.testing.assert_allclose(first.equity, second.equity, rtol=1e-12)
    np.testing.assert_allclose(first.positions["B"], second.positions["Y"], rtol=1e-12)
    assert first.cash.iloc[2] == pytest.approx(0.0, abs=1e-9)
    wanted = np.array([700.0 / 20.0, 600.0 / 40.0])
    bought = first.positions.loc[first.equity.index[2], ["B", "C"]].to_numpy()
    assert bought[0] / wanted[0] == pytest.approx(bought[1] / wanted[1], rel=1e-12)
    assert bought[0] < wanted[0]


def test_a_strategy_that_raises_ends_in_one_line() -> None:
    bars = ohlc(A=flat(10.0, 3))

    def fail(day: Day) -> None:
        raise KeyError("x")

    with pytest.raises(InputError, match=r"^strategy Script on 2020-01-07: KeyError: 'x'$") as raised:
        run(bars, Script({1: [fail]}), FREE)
    assert isinstance(raised.value.__cause__, KeyError)


@pytest.mark.parametrize(
    ("reach", "message"),
    [
        (lambda day: day.signals["label"], "signals: no column 'label'; there are p_buy"),
        (lambda day: day.features["p_buy"], "features: no column 'p_buy'; there are none"),
        (lambda day: day.history("tomorrow"), "no table has the column 'tomorrow'"),
        (lambda day: day.history("close", -1), "bars is -1; allowed is a whole number from 1"),
        (lambda day: day.bars.next_close, "AttributeError: bars have no next_close"),
        (lambda day: day.position("B"), "symbol 'B' has no bar"),
        (lambda day: day.buy_percent("A", 150.0), "percent is 150.0; allowed is more than 0, at most 100"),
        (lambda day: day.sell_percent("A", 0.0), "percent is 0.0"),
        (lambda day: day.size_by_confidence("A", 10.0, 1.5), "confidence is 1.5; allowed is 0 to 1"),
        (lambda day: day.rebalance_to_weights({"A": float("nan")}), "A is nan; a finite weight is required"),
        (lambda day: day.rebalance_to_weights({"A": 1.5}), "sum to 1.5; at most max_leverage=1 is allowed"),
        (lambda day: day.rebalance_to_weights(np.zeros(3)), r"the shape \(3,\); \(1,\) is required"),
        (lambda day: day.send(Order("A", weight=20.0)), "the weight is 20; at most max_leverage=1"),
        (lambda day: day.cancel(7), "no order 7 works"),
        (lambda day: day.bars.close.__setitem__(0, 1.0), "ValueError: assignment destination is read-only"),
        (lambda day: day.history("close").base.__setitem__(0, 1.0), "read-only"),
    ],
)
def test_what_a_day_refuses(reach: Any, message: str) -> None:
    bars = ohlc(A=flat(10.0, 3))
    signals = bars[["symbol", "date"]].assign(p_buy=0.5)
    with pytest.raises(InputError, match=message):
        run(bars, Script({1: [reach]}), FREE, signals)


def test_a_day_that_is_over_gives_no_account() -> None:
    bars = ohlc(A=flat(10.0, 3))

    def look_back(day: Day) -> None:
        yesterday = day.memory["day"]
        assert yesterday.bars.close[0] == 10.0
        assert len(yesterday.history("close")) == 1
        _ = yesterday.cash

    def keep(day: Day) -> None:
        day.memory["day"] = day

    with pytest.raises(InputError, match=r"the day 2020-01-06 is over"):
        run(bars, Script({0: [keep], 1: [look_back]}), FREE)


@pytest.mark.parametrize("table", ["signals", "features", "context"])
def test_labels_are_refused(table: str) -> None:
    bars = ohlc(A=flat(10.0, 3))
    given = bars[["symbol", "date"]].assign(exit_return=0.5)
    with pytest.raises(InputError, match=f"{table}: the column exit_return is a label"):
        run(bars, Script({}), FREE, **{table: given})


def test_no_array_contains_a_later_value() -> None:
    closes = [10.0, 11.0, 12.0, 13.0]
    bars = ohlc(A=[(c, c, c, c, 1.0) for c in closes], B=flat(5.0, 4))
    signals = bars[["symbol", "date"]].assign(score=bars["close"])
    dates = pd.DatetimeIndex(sorted(bars["date"].unique()))
    context = pd.DataFrame({"vix": [1.0, 2.0, 3.0, 4.0], "regime": list("abcd")}, dates)
    seen = []

    class Look:
        def on_bar(self, day: Day) -> None:
            t = len(day.history("close")) - 1
            for name in ("close", "score"):
                values = day.history(name)
                assert values[:, 0].tolist() == closes[: t + 1]
                assert not np.isin(closes[t + 1 :], values.base).any()
            assert day.history("vix").tolist() == [1.0, 2.0, 3.0, 4.0][: t + 1]
            assert not set("abcd"[t + 1 :]) & set(day.history("regime").base.tolist())
            assert (day.context["vix"], day.context["regime"]) == (t + 1.0, "abcd"[t])
            assert day.bars.close.tolist() == [closes[t], 5.0]
            assert day.signals["score"].tolist() == [closes[t], 5.0]
            assert day.history("close", 2).shape == (min(t + 1, 2), 2)
            assert day.date == dates[t]
            seen.append(t)

    assert run(bars, Look(), FREE, signals, context).memory == {}
    assert seen == [0, 1, 2, 3]


def test_context_is_looked_up_as_of_the_date() -> None:
    bars = ohlc(A=flat(10.0, 3))
    context = pd.DataFrame({"date": pd.to_datetime(["2020-01-07", "2020-02-01"]), "vix": [20.0, 99.0]})
    seen: list[float] = []
    run(bars, Script({t: [lambda day: seen.append(day.context["vix"])] for t in range(3)}), FREE, context=context)
    np.testing.assert_array_equal(seen, [np.nan, 20.0, 20.0])


def test_the_strategy_is_copied() -> None:
    class Counter:
        def __init__(self) -> None:
            self.days: list[int] = []

        def on_bar(self, _day: Day) -> None:
            self.days.append(len(self.days))
            assert len(self.days) <= 3

    strategy = Counter()
    for _ in range(2):
        run(ohlc(A=flat(10.0, 3)), strategy, FREE)
    assert strategy.days == []


def test_target_weights_are_traded_by_the_panel_driver() -> None:
    bars = ohlc(A=[(10.0,) * 4, (11.0,) * 4, (12.0,) * 4])
    dates = bars["date"]

    class Pure:
        def target_weights(self, _signals: Any, _context: Any) -> pd.DataFrame:
            return pd.DataFrame({"A": [0.5]}, index=pd.DatetimeIndex(dates[:1]))

    class Old:
        def target_weights(self, _signals: Any) -> pd.DataFrame:
            return weights

    weights = Pure().target_weights(None, None)
    assert run(bars, Old(), FREE).equity.equals(run(bars, Pure(), FREE).equity)
    ours = check(run(bars, Pure(), FREE), bars, FREE)
    pd.testing.assert_frame_equal(ours.fills, simulate(bars, weights, FREE).fills, check_exact=True)


def test_the_helpers_by_hand() -> None:
    bars = ohlc(A=[(c, c, c, c, 1e6) for c in (10.0, 10.0, 20.0, 20.0, 20.0, 20.0)], B=flat(5.0, 6))
    seen: dict[str, Any] = {}

    def look(day: Day) -> None:
        seen["cash"], seen["value"], seen["position"] = day.cash, day.portfolio_value, day.position("A")
        seen["pnl"], seen["none"] = day.unrealised_pnl_percent("A"), day.unrealised_pnl_percent("B")
        seen["entry"], seen["weights"] = day.entry_price.copy(), day.weights.copy()
        assert day.sell_percent("B", 50.0) is None
        assert day.close_position("B") is None
        day.sell_percent("A", 50.0)

    result = play(
        bars,
        {
            0: [lambda day: day.buy_percent("A", 40.0)],
            2: [look],
            3: [lambda day: day.close_position("A"), lambda day: day.size_by_confidence("B", 50.0, 0.5)],
            4: [lambda day: day.rebalance_to_weights({"B": 0.1})],
        },
    )
    assert (seen["cash"], seen["value"], seen["position"], seen["pnl"], seen["none"]) == (
        600.0,
        1400.0,
        40.0,
        100.0,
        0.0,
    )
    np.testing.assert_array_equal(seen["entry"], [10.0, np.nan])
    np.testing.assert_allclose(seen["weights"], [800.0 / 1400.0, 0.0])
    assert fills_of(result) == [
        (1, "A", 40.0, 10.0),
        (3, "A", -20.0, 20.0),
        (4, "A", -20.0, 20.0),
        (4, "B", 70.0, 5.0),
        (5, "B", -42.0, 5.0),
    ]


def test_an_order_of_a_market_without_ranges_or_opens_is_refused() -> None:
    nan = float("nan")
    bars = ohlc(A=[(nan, nan, nan, 10.0)] * 3)
    closes = replace(FREE, price="next_close")
    with pytest.raises(InputError, match="the bars have no high and low; only market orders can fill"):
        run(bars, Script({0: [Order("A", shares=1.0, kind="limit", limit=9.0)]}), closes)
    with pytest.raises(InputError, match="the bars have no opens; only market orders at the close can fill"):
        run(bars, Script({0: [Order("A", shares=1.0, at="open")]}), closes)
    with pytest.raises(InputError, match="A has no open on 2020-01-06"):
        run(bars, Script({}), FREE)


def test_the_result_gives_the_memory() -> None:
    def keep(day: Day) -> None:
        day.memory["choice"] = day.date

    bars = ohlc(A=flat(10.0, 3))
    assert play(bars, {1: [keep]}).memory == {"number": 2, "choice": bars["date"][1]}


def test_ruin_names_the_strategy() -> None:
    bars = ohlc(A=[(10.0,) * 4, (10.0,) * 4, (30.0,) * 4])
    with pytest.raises(InputError, match=r"strategy Script ruins the portfolio: its equity is -1000 on 2020-01-08"):
        run(bars, Script({0: [Order("A", value=-1000.0)]}), FREE)
