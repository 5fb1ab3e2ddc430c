"""Each convention of docs/backtest.md, on bars small enough to follow by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.backtest import Day, Order, run, simulate
from barograph.errors import InputError

from .invariants import check
from .markets import CASH, FREE, Script, fills_of, flat, last_order, ohlc, play

SPREAD = replace(FREE, half_spread_bps=100.0)


def test_nothing_sent_at_a_close_fills_on_that_date() -> None:
    result = play(
        ohlc(A=[(10.0, 12.0, 8.0, 11.0)] * 3), {0: [Order("A", shares=1.0, at="close"), Order("A", shares=2.0)]}
    )
    assert fills_of(result) == [(1, "A", 2.0, 10.0), (1, "A", 1.0, 11.0)]
    assert result.orders["sent"].tolist() == [result.equity.index[0]] * 2


@pytest.mark.parametrize(
    ("side", "bar", "price"),
    [
        (-1.0, (9.0, 9.5, 8.0, 9.2), 9.0),  # gapped through: the open
        (-1.0, (10.0, 10.0, 9.0, 9.2), 9.5),  # inside the bar: the trigger
        (-1.0, (10.0, 10.5, 9.5, 10.0), 9.5),  # a touch triggers a stop
        (1.0, (11.0, 11.5, 10.8, 11.0), 11.0),
        (1.0, (10.0, 11.0, 9.9, 10.2), 10.5),
    ],
)
def test_a_stop_fills_at_the_open_if_gapped_else_at_its_trigger(side: float, bar: Any, price: float) -> None:
    bars = ohlc(A=[*flat(10.0, 2), bar])
    stop = Order("A", shares=side * 5.0, kind="stop", stop=10.0 + 0.5 * side, until="cancelled")
    result = play(bars, {0: [Order("A", shares=10.0), stop]})
    assert fills_of(result)[1] == (2, "A", side * 5.0, price)
    paid = play(bars, {0: [Order("A", shares=10.0), stop]}, SPREAD)
    assert fills_of(paid)[1][3] == pytest.approx(price * (1.0 + 0.01 * side), rel=1e-14)


@pytest.mark.parametrize(
    ("bar", "filled", "touched"),
    [
        ((10.0, 10.5, 9.0, 10.0), 9.5, 9.5),  # through the limit: at the limit
        ((10.0, 10.5, 9.5, 10.0), None, 9.5),  # a touch
        ((9.2, 10.5, 9.0, 10.0), 9.2, 9.2),  # open below the limit: at the open
        ((9.5, 10.5, 9.5, 10.0), 9.5, 9.5),  # open at the limit
        ((10.0, 10.5, 9.6, 10.0), None, None),
    ],
)
def test_a_limit_fills_at_its_limit_or_better(bar: Any, filled: float | None, touched: float | None) -> None:
    for execution, price in ((SPREAD, filled), (replace(SPREAD, limit_touch=True), touched)):
        result = play(ohlc(A=[*flat(10.0, 1), bar]), {0: [Order("A", shares=5.0, kind="limit", limit=9.5)]}, execution)
        assert [fill[3] for fill in fills_of(result)] == ([] if price is None else [price])
        assert result.costs["slippage"].sum() == 0.0
        assert last_order(result) == (("expired", "day_over") if price is None else ("filled", ""))


def test_a_limit_of_zero_is_a_limit() -> None:
    bars = ohlc(A=flat(10.0, 3))
    buy = play(bars, {0: [Order("A", shares=1.0, kind="limit", limit=0.0)]})
    assert last_order(buy) == ("expired", "day_over")
    sell = play(bars, {0: [Order("A", shares=1.0)], 1: [Order("A", shares=-1.0, kind="limit", limit=0.0)]})
    assert fills_of(sell)[1] == (2, "A", -1.0, 10.0)


@pytest.mark.parametrize(
    ("bar", "fills"),
    [
        ((9.4, 10.0, 9.0, 9.6), [(1, 9.4)]),  # gapped, marketable at the open
        ((9.2, 10.0, 9.0, 9.6), [(1, 9.3)]),  # gapped below the limit: it rests from the open on
        ((10.0, 10.0, 9.0, 9.6), [(2, 10.0)]),  # triggered inside the bar: a limit from the next bar
    ],
)
def test_a_stop_limit_becomes_a_limit(bar: Any, fills: list[tuple[int, float]]) -> None:
    order = Order("A", shares=-5.0, kind="stop_limit", stop=9.5, limit=9.3, until="cancelled")
    result = play(ohlc(A=[*flat(10.0, 1), bar, *flat(10.0, 1)]), {0: [order]})
    assert [(day, price) for day, _, _, price in fills_of(result)] == fills


def test_a_trailing_stop_follows_highs_of_bars_before_today() -> None:
    bars = ohlc(
        A=[*flat(10.0, 2), (10.0, 20.0, 9.5, 19.0), (18.5, 19.0, 18.2, 18.5), (18.5, 18.6, 17.0, 17.5), *flat(17.0, 1)]
    )
    order = Order("A", shares=-5.0, kind="trailing_stop", trail=0.1, until="cancelled")
    result = play(bars, {0: [Order("A", shares=5.0)], 1: [order]})
    # The bar with the high of 20 has a low of 9.5, above 9: that high counts from the next bar on, at 18.
    assert fills_of(result)[1] == (4, "A", -5.0, pytest.approx(18.0))
    down = [*flat(10.0, 1), (10.0, 10.5, 8.0, 8.5), (8.5, 8.7, 8.4, 8.6), (8.6, 8.9, 8.5, 8.8), *flat(8.8, 1)]
    buy = Order("A", shares=5.0, kind="trailing_stop", trail=0.1, until="cancelled")
    assert fills_of(play(ohlc(A=down), {0: [buy]})) == [(3, "A", 5.0, pytest.approx(8.8))]


BRACKET = Order("A", shares=10.0, take_profit=12.0, stop_loss=9.0)


def test_a_bracket_works_from_the_bar_after_the_entry() -> None:
    wild = (10.0, 13.0, 8.0, 10.0)
    result = play(ohlc(A=[*flat(10.0, 1), wild, *flat(10.0, 1), (12.5, 13.0, 12.0, 12.5)]), {0: [BRACKET]})
    assert fills_of(result) == [(1, "A", 10.0, 10.0), (3, "A", -10.0, 12.5)]
    assert last_order(result, 1) == ("filled", "")
    assert last_order(result, 2) == ("cancelled", "other_side_filled")
    assert result.orders["reason"].tolist() == ["market", "take_profit", "stop_loss"]
    assert result.orders["parent"].tolist() == [-1, 0, 0]
    assert result.ambiguous_bars == 0
    assert result.other_order is None


def test_stop_first_where_a_bar_contains_both() -> None:
    bars = ohlc(A=[*flat(10.0, 2), (10.0, 13.0, 8.0, 10.0), *flat(10.0, 1)])
    result = play(bars, {0: [BRACKET]})
    assert fills_of(result)[1] == (2, "A", -10.0, 9.0)
    assert result.ambiguous_bars == 1
    other = result.other_order
    assert other is not None
    assert fills_of(check(other, bars, FREE))[1] == (2, "A", -10.0, 12.0)
    assert result.equity.iloc[-1] == 990.0
    assert other.equity.iloc[-1] == 1020.0
    kind = play(bars, {0: [BRACKET]}, replace(FREE, first="target"))
    assert fills_of(kind)[1] == (2, "A", -10.0, 12.0)
    assert kind.other_order is not None
    assert fills_of(kind.other_order)[1] == (2, "A", -10.0, 9.0)


def test_a_time_stop_closes_after_so_many_bars_of_the_symbol() -> None:
    bars = ohlc(A=[*flat(10.0, 3), None, *flat(11.0, 3)], B=flat(5.0, 7))
    result = play(bars, {0: [Order("A", shares=10.0, max_bars=2)]})
    # The entry is on day 1; its bars after that are days 2 and 4; the order is sent at the close of day 4.
    assert fills_of(result) == [(1, "A", 10.0, 10.0), (5, "A", -10.0, 11.0)]
    assert result.trades["exit_reason"].tolist() == ["time_stop"]
    assert result.trades["bars"].tolist() == [3]


def test_day_orders_and_orders_until_cancelled() -> None:
    bars = ohlc(A=[*flat(10.0, 2), (10.0, 10.0, 8.0, 9.0)])
    for until, ends in (("day", ("expired", "day_over")), ("cancelled", ("filled", ""))):
        order = Order("A", shares=1.0, kind="limit", limit=9.0, until=until)  # type: ignore[arg-type]
        assert last_order(play(bars, {0: [order]})) == ends


def test_no_fill_without_a_bar_of_that_day() -> None:
    bars = ohlc(A=[*flat(10.0, 1), None, *flat(12.0, 2)], B=flat(5.0, 4))
    day = play(bars, {0: [Order("A", shares=1.0)]})
    assert last_order(day) == ("rejected", "no_bar")
    assert fills_of(day) == []
    waits = play(bars, {0: [Order("A", shares=1.0, until="cancelled")]})
    assert fills_of(waits) == [(2, "A", 1.0, 12.0)]


def test_a_nan_price_fills_nothing() -> None:
    nan = float("nan")
    bars = ohlc(A=[*flat(10.0, 1), (nan, 10.0, 9.0, 10.0), *flat(10.0, 1)])
    closes = replace(FREE, price="next_close")
    assert fills_of(play(bars, {0: [Order("A", shares=1.0, at="open")]}, closes)) == []
    bars = ohlc(A=[*flat(10.0, 1), (10.0, nan, nan, 10.0), *flat(10.0, 1)])
    limit = Order("A", shares=1.0, kind="limit", limit=9.5)
    assert last_order(play(bars, {0: [limit]})) == ("expired", "day_over")


def test_the_open_does_not_depend_on_that_days_close() -> None:
    bars = ohlc(A=[(10.0, 10.0, 10.0, 10.0), (10.0, 30.0, 5.0, 20.0)], B=[(10.0,) * 4, (10.0, 30.0, 1.0, 2.0)])
    calm = ohlc(A=flat(10.0, 2), B=flat(10.0, 2))
    orders = {0: [Order("A", weight=0.5), Order("B", weight=-0.5), Order("A", value=200.0)]}
    wild, quiet = (play(table, orders, replace(FREE, max_leverage=1.1)) for table in (bars, calm))
    pd.testing.assert_frame_equal(wild.fills, quiet.fills)
    pd.testing.assert_frame_equal(wild.orders, quiet.orders)


def test_orders_share_the_volume_of_one_bar() -> None:
    bars = ohlc(A=[(10.0, 11.0, 8.0, 10.0, 100.0)] * 3)
    limit = Order("A", shares=20.0, kind="limit", limit=9.0)
    result = play(
        bars, {0: [Order("A", shares=20.0), Order("A", shares=20.0), limit]}, replace(FREE, participation=0.3)
    )
    assert fills_of(result) == [(1, "A", 20.0, 10.0), (1, "A", 10.0, 10.0)]
    assert [last_order(result, k) for k in range(3)] == [
        ("filled", ""),
        ("partly_filled", "participation"),
        ("rejected", "participation"),
    ]


def test_what_participation_cuts_is_carried_or_cancelled() -> None:
    bars = ohlc(A=[(10.0, 10.0, 10.0, 10.0, 100.0)] * 4)
    cut = replace(FREE, participation=0.3)
    order = Order("A", shares=70.0, until="cancelled")
    assert fills_of(play(bars, {0: [order]}, cut)) == [(1, "A", 30.0, 10.0)]
    carried = play(bars, {0: [order]}, replace(cut, remainder="carry"))
    assert fills_of(carried) == [(1, "A", 30.0, 10.0), (2, "A", 30.0, 10.0), (3, "A", 10.0, 10.0)]
    assert last_order(carried) == ("filled", "")
    today = play(bars, {0: [replace(order, until="day")]}, replace(cut, remainder="carry"))
    assert fills_of(today) == fills_of(carried)
    rows = pd.DataFrame({"A": [0.7]}, index=[bars["date"][0]])
    target = check(simulate(bars, rows, replace(cut, remainder="carry")), bars, cut)
    assert target.positions["A"].tolist() == [0.0, 30.0, 60.0, 70.0]


def test_shares_are_rounded_to_real_lots() -> None:
    bars = ohlc(A=[(10.0, 10.0, 10.0, 10.0, 1e6, 0.5)] * 4)
    lots = replace(FREE, lot=10.0)
    result = play(
        bars, {0: [Order("A", shares=57.0)], 1: [Order("A", shares=-23.0)], 2: [Order("A", weight=0.0)]}, lots
    )
    # 57 adjusted shares are 28.5 real ones: two lots, 40 adjusted. The last sale closes what is there.
    assert fills_of(result) == [(1, "A", 40.0, 10.0), (2, "A", -20.0, 10.0), (3, "A", -20.0, 10.0)]
    assert result.orders["status"].tolist() == ["filled"] * 3
    odd = ohlc(A=[(10.0, 10.0, 10.0, 10.0, 1e6, f) for f in (0.5, 0.5, 0.7, 0.7)])
    closed = play(odd, {0: [Order("A", shares=57.0)], 1: [Order("A", weight=0.0)]}, lots)
    assert closed.positions["A"].tolist() == [0.0, 40.0, 0.0, 0.0]


@pytest.mark.parametrize("settings", [{"lot": 1.0}, {"commission_per_share": 0.01}])
def test_lots_and_fees_per_share_need_a_factor(settings: dict[str, Any]) -> None:
    bars = ohlc(A=flat(10.0, 3))
    with pytest.raises(InputError, match="the column factor"):
        run(bars, Script({}), replace(FREE, **settings))
    with pytest.raises(InputError, match="factor is missing or not positive"):
        run(bars.assign(factor=-1.0), Script({}), replace(FREE, **settings))


@pytest.mark.parametrize("account", ["cash", "margin"])
def test_the_same_target_twice_trades_nothing(account: Any) -> None:
    bars = ohlc(A=flat(10.0, 5), B=flat(7.0, 5))
    execution = replace(FREE, account=account)
    rows: list[Any] = [lambda day: day.rebalance_to_weights({"A": 0.3, "B": 0.3}), Order("A", weight=0.3)]
    result = play(bars, dict.fromkeys(range(4), rows), execution)
    assert len(result.fills) == 2
    assert set(result.orders["status"][:-3]) == {"filled"}


def test_closing_parts_come_before_opening_parts() -> None:
    bars = ohlc(A=flat(10.0, 4), B=flat(10.0, 4))
    swap = [Order("B", shares=100.0), Order("A", shares=-100.0)]
    for execution in (FREE, CASH):
        result = play(bars, {0: [Order("A", shares=100.0)], 1: swap}, execution)
        assert result.positions.iloc[-1].tolist() == [0.0, 100.0]


def test_a_position_closed_otherwise_ends_the_bracket() -> None:
    result = play(ohlc(A=flat(10.0, 5)), {0: [BRACKET], 2: [lambda day: day.close_position("A")]})
    assert [last_order(result, k) for k in (1, 2)] == [("cancelled", "position_closed")] * 2


def test_the_bracket_of_a_short_position() -> None:
    bars = ohlc(A=[*flat(10.0, 2), (10.0, 10.5, 7.5, 8.0), *flat(8.0, 1)])
    result = play(bars, {0: [Order("A", shares=-10.0, take_profit=8.0, stop_loss=11.0)]})
    assert fills_of(result) == [(1, "A", -10.0, 10.0), (2, "A", 10.0, 8.0)]
    assert result.trades["pnl"].tolist() == [20.0]


def test_prices_are_positive() -> None:
    bars = ohlc(A=[*flat(10.0, 1), (-1.0, 10.0, 9.0, 10.0)])
    with pytest.raises(InputError, match="bars: A has the open -1 on 2020-01-07; a positive price is required"):
        run(bars, Script({}), FREE)


def test_knowing_tomorrow_earns_nothing_by_the_next_bar_rule() -> None:
    """A strategy that buys before each rise, by tomorrow's close, buys after it."""
    closes = [10.0, 10.0, 20.0, 20.0, 20.0]
    bars = ohlc(A=[(c, c, c, c) for c in closes])
    rise = {date: later > now for date, now, later in zip(bars["date"], closes, [*closes[1:], 20.0], strict=True)}

    def foresee(day: Day) -> None:
        day.rebalance_to_weights({"A": float(rise[day.date])})

    result = play(bars, {t: [foresee] for t in range(5)}, replace(FREE, price="next_close"))
    assert result.equity.iloc[-1] == 1000.0


def test_costs_only_lower_equity() -> None:
    bars = ohlc(A=[(c, c, c, c) for c in (10.0, 11.0, 9.0, 12.0, 13.0)])
    script = {0: [Order("A", shares=10.0)], 2: [Order("A", shares=-10.0)]}
    free, dear = (play(bars, script, execution) for execution in (FREE, replace(SPREAD, commission_per_order=1.0)))
    assert (dear.equity <= free.equity).all()
    np.testing.assert_allclose(free.equity - dear.equity, dear.costs.sum(axis=1).cumsum())
