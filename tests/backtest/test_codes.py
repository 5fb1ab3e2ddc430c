"""Every code that an order can end with is reached, and the table of orders says why."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from barograph.backtest import Day, Execution, Order, simulate
from barograph.backtest.engine.orders import CODES

from .invariants import check
from .markets import CASH, FREE, flat, last_order, ohlc, play

LOTS = replace(FREE, lot=10.0)
VOLUME = replace(FREE, participation=0.5)


def _cancel(day: Day) -> None:
    day.cancel(day.open_orders[0].number)


def _sink(day: Day) -> None:
    day.send(Order("A", shares=-5.0, kind="limit", limit=99.0, until="cancelled"))


GAP = [*flat(10.0, 2), None, None, None, *flat(10.0, 1)]
CASES: list[tuple[str, str, Any, dict[int, Any], Execution, int]] = [
    ("filled", "", {"A": flat(10.0, 3)}, {0: [Order("A", shares=1.0)]}, FREE, 0),
    ("rejected", "no_bar", {"A": GAP, "B": flat(5.0, 6)}, {1: [Order("A", shares=1.0)]}, FREE, 0),
    ("partly_filled", "no_cash", {"A": flat(10.0, 3)}, {0: [Order("A", value=2000.0)]}, CASH, 0),
    (
        *("rejected", "no_cash", {"A": flat(10.0, 4)}),
        *({0: [Order("A", value=1000.0)], 1: [Order("A", value=10.0)]}, CASH, 1),
    ),
    ("partly_filled", "over_leverage", {"A": flat(10.0, 3)}, {0: [Order("A", value=2000.0)]}, FREE, 0),
    ("rejected", "nothing_to_borrow", {"A": flat(10.0, 3)}, {0: [Order("A", shares=-1.0)]}, FREE, 0),
    ("rejected", "short_in_cash_account", {"A": flat(10.0, 3)}, {0: [Order("A", shares=-1.0)]}, CASH, 0),
    (
        *("rejected", "no_volume", {"A": [(10.0, 10.0, 10.0, 10.0)] * 3, "B": flat(5.0, 3)}),
        *({0: [Order("A", shares=1.0)]}, VOLUME, 0),
    ),
    (
        *("rejected", "not_listed_yet", {"A": [None, *flat(10.0, 2)], "B": flat(5.0, 3)}),
        *({0: [Order("A", shares=1.0, until="cancelled")]}, FREE, 0),
    ),
    (
        *("cancelled", "delisted", {"A": GAP, "B": flat(5.0, 6)}),
        *({1: [Order("A", shares=1.0, until="cancelled")]}, replace(FREE, delisting_days=2), 0),
    ),
    (
        *("rejected", "delisted", {"A": GAP, "B": flat(5.0, 6)}),
        *({4: [Order("A", shares=1.0, until="cancelled")]}, replace(FREE, delisting_days=2), 0),
    ),
    (
        *("rejected", "below_a_lot", {"A": [(10.0, 10.0, 10.0, 10.0, 1.0, 1.0)] * 3}),
        *({0: [Order("A", shares=9.0)]}, LOTS, 0),
    ),
    ("partly_filled", "participation", {"A": [(10.0,) * 5] * 3}, {0: [Order("A", shares=9.0)]}, VOLUME, 0),
    (*("expired", "day_over", {"A": flat(10.0, 3)}), *({0: [Order("A", shares=1.0, kind="stop", stop=11.0)]}, FREE, 0)),
    (
        *("cancelled", "replaced", {"A": GAP, "B": flat(5.0, 6)}),
        *({t: [lambda day: day.rebalance_to_weights({"A": 0.5})] for t in (1, 2)}, FREE, 0),
    ),
    (
        *("cancelled", "cancelled_by_strategy", {"A": flat(10.0, 3)}),
        *({0: [Order("A", shares=1.0, kind="limit", limit=1.0, until="cancelled")], 1: [_cancel]}, FREE, 0),
    ),
    (
        *("cancelled", "other_side_filled", {"A": [*flat(10.0, 2), (12.0,) * 4]}),
        *({0: [Order("A", shares=1.0, take_profit=11.0, stop_loss=9.0)]}, FREE, 2),
    ),
    (
        *("cancelled", "position_closed", {"A": flat(10.0, 4)}),
        *({0: [Order("A", shares=1.0, take_profit=11.0)], 1: [Order("A", shares=-1.0)]}, FREE, 2),
    ),
    (
        *("cancelled", "margin_call", {"A": [*flat(10.0, 2), (16.0,) * 4, *flat(16.0, 1)]}),
        *({0: [Order("A", value=-1000.0)], 1: [_sink]}, replace(FREE, maintenance_margin=1.0), 1),
    ),
    ("cancelled", "end_of_data", {"A": flat(10.0, 2)}, {1: [Order("A", shares=1.0)]}, FREE, 0),
]


@pytest.mark.parametrize(("status", "code", "market", "script", "execution", "order"), CASES)
def test_an_order_says_why_it_was_not_filled(
    status: str, code: str, market: Any, script: dict[int, Any], execution: Execution, order: int
) -> None:
    bars = ohlc(**market)
    tables = {"shortable": pd.DataFrame({"symbol": ["B"]})} if code == "nothing_to_borrow" else {}
    result = play(bars, script, execution, **tables)
    number = int(result.orders["order"].iloc[order]) if code == "position_closed" else order
    found = result.orders.set_index("order")
    if code == "position_closed":
        number = int(found.index[found["reason"] == "take_profit"][0])
    assert last_order(result, number) == (status, code)
    if code:
        assert result.rejections[code] >= 1


def test_every_code_is_reached() -> None:
    # The code of the emergency stop is reached in test_brakes.py.
    assert {case[1] for case in CASES} | {"emergency_stop"} == set(CODES)


def test_a_row_of_targets_ends_with_a_code_as_well() -> None:
    bars = ohlc(A=flat(10.0, 3), B=[*flat(5.0, 1), None, *flat(5.0, 1)])
    rows = pd.DataFrame({"A": [0.5, 0.5], "B": [-0.5, 0.5]}, index=bars["date"][:2].to_numpy())
    result = check(simulate(bars, rows, CASH), bars, CASH)
    ends = result.orders[["symbol", "status", "code"]].to_numpy().tolist()
    assert ends == [["A", "filled", ""], ["B", "cancelled", "replaced"], ["A", "filled", ""], ["B", "filled", ""]]
