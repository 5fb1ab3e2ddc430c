"""The order book: no share is lost, the book is never crossed, and priority is by price and then by time."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.backtest.orderbook import (
    Flow,
    OrderBook,
    Trade,
    Traders,
    impact_exponent,
    impact_of_sizes,
    schedule_costs,
    shortfall,
)
from barograph.errors import InputError
from barograph.randomness import generator

EXAMPLE = Path(__file__).parents[2] / "examples/one_order.py"
PAGE = Path(__file__).parents[2] / "docs/execution.md"
sides = st.sampled_from([1, -1])
sizes = st.integers(1, 9)
actions = st.one_of(
    st.tuples(st.just("limit"), sides, st.integers(95, 105), sizes),
    st.tuples(st.just("market"), sides, st.just(0), sizes),
    st.tuples(st.just("cancel"), st.just(1), st.integers(0, 40), st.just(1)),
)


class Plain:
    """A book as a list of [number, side, price, size], searched from end to end."""

    def __init__(self) -> None:
        self.orders: list[list[int]] = []
        self.arrived = 0

    def send(self, side: int, price: int | None, size: int) -> list[Trade]:
        number, trades = self.arrived, []
        self.arrived += 1
        while size:
            others = [o for o in self.orders if o[1] == -side and (price is None or side * (price - o[2]) >= 0)]
            if not others:
                break
            best = min(others, key=lambda order: (side * order[2], order[0]))
            traded = min(size, best[3])
            trades.append(Trade(best[0], number, best[2], traded))
            size -= traded
            best[3] -= traded
            self.orders = [order for order in self.orders if order[3]]
        if size and price is not None:
            self.orders.append([number, side, price, size])
        return trades

    def depth(self, side: int) -> list[tuple[int, int]]:
        prices = sorted({order[2] for order in self.orders if order[1] == side}, key=lambda price: -side * price)
        return [(p, sum(order[3] for order in self.orders if order[1:3] == [side, p])) for p in prices]


@settings(max_examples=150, deadline=None)
@given(st.lists(actions, max_size=60))
def test_a_book_by_the_plain_rules(script: list[tuple[str, int, int, int]]) -> None:
    book, plain = OrderBook(), Plain()
    sent = filled = withdrawn = 0
    for kind, side, price, size in script:
        if kind == "cancel":
            if price in book.resting:
                withdrawn += book.cancel(price)
                plain.orders = [order for order in plain.orders if order[0] != price]
            else:
                with pytest.raises(InputError, match=f"no order {price} rests"):
                    book.cancel(price)
            continue
        _, trades = book.limit(side, price, size) if kind == "limit" else book.market(side, size)
        assert trades == plain.send(side, price if kind == "limit" else None, size)
        traded = sum(trade.size for trade in trades)
        sent += size if kind == "limit" else traded
        filled += 2 * traded
        assert book.depth(1) == plain.depth(1)
        assert book.depth(-1) == plain.depth(-1)
        bid, ask = book.best(1), book.best(-1)
        assert bid is None or ask is None or bid < ask
    rests = sum(size for side in (1, -1) for _, size in book.depth(side))
    assert sent == filled + withdrawn + rests
    assert book.resting == [order[0] for order in plain.orders]
    assert len(book) == len(plain.orders)


def test_priority_by_price_then_time() -> None:
    book = OrderBook()
    for price, size in ((11, 5), (10, 3), (10, 4)):
        book.limit(-1, price, size)
    assert book.limit(1, 11, 9) == (3, [Trade(1, 3, 10, 3), Trade(2, 3, 10, 4), Trade(0, 3, 11, 2)])
    assert book.depth(-1) == [(11, 3)]
    # A partial fill keeps its place before a newer order at the price.
    book.limit(-1, 11, 7)
    assert book.market(1, 4)[1] == [Trade(0, 5, 11, 3), Trade(4, 5, 11, 1)]


@pytest.mark.parametrize(("side", "size"), [(0, 1), (1, 0), (-1, -3)])
def test_impossible_orders_are_refused(side: int, size: int) -> None:
    with pytest.raises(InputError, match=f"side {side}, size {size}; allowed are"):
        OrderBook().limit(side, 10, size)


def test_random_traders_keep_the_book_whole_and_repeat_by_seed() -> None:
    flows = [Flow.begin(Traders(), generator(seed, "test")) for seed in (1, 1, 2)]
    for flow in flows:
        flow.play(20.0)
        bid, ask = flow.book.best(1), flow.book.best(-1)
        assert bid is not None
        assert ask is not None
        assert bid < ask
        assert flow.volume > 0
    assert flows[0].book.depth(1) == flows[1].book.depth(1)
    assert flows[0].book.depth(1) != flows[2].book.depth(1)


class Still(Flow):
    """A book in which nobody else trades."""

    def play(self, time: float) -> None:
        """Do nothing."""


def still() -> Still:
    book = OrderBook()
    for tick in range(1, 6):
        book.limit(1, 100 - tick, 10)
        book.limit(-1, 100 + tick, 10)
    return Still(book, Traders(), generator(0))


@pytest.mark.parametrize("side", [1, -1])
def test_the_cost_of_an_order_by_hand(side: int) -> None:
    # 10 shares 1 tick away, 10 at 2, 5 at 3; the best price left is 3 ticks away, that of the other side 1.
    assert shortfall(still(), side, [15, 0, 10], [1.0, 1.0, 1.0]) == (pytest.approx(45 / 25), 1.0)
    with pytest.raises(InputError, match="50 of 51 shares were filled"):
        shortfall(still(), side, [51], [1.0])


def test_the_exponent_of_known_impacts() -> None:
    runs = np.repeat(np.arange(30), 3)
    size = np.tile([100, 200, 400], 30)
    table = pd.DataFrame({"run": runs, "size": size, "impact": 3.0 * size**0.5})
    exact = impact_exponent(table, 7)
    assert (exact.value, exact.low, exact.high) == pytest.approx((0.5, 0.5, 0.5))
    noise = 1.0 + 0.01 * generator(2, "noise").standard_normal(90)
    found = impact_exponent(table.assign(impact=table["impact"] * noise), 7)
    assert found.low < 0.5 < found.high
    assert found.high - found.low < 0.02
    with pytest.raises(InputError, match="a positive mean impact of each"):
        impact_exponent(table.assign(impact=-1.0), 7)


def test_larger_orders_have_more_impact() -> None:
    impacts = impact_of_sizes((100, 800), 4, 5.0, Traders(), 4, 7).groupby("size")["impact"].mean()
    assert 0.0 < impacts[100] < impacts[800]


def test_the_example_compares_four_schedules() -> None:
    one_order = SimpleNamespace(**runpy.run_path(str(EXAMPLE)))
    parts = one_order.schedules()
    assert len(parts) == 4
    assert {sum(shares) for shares in parts.values()} == {one_order.SHARES}
    assert sorted(parts["Almgren-Chriss"], reverse=True) == parts["Almgren-Chriss"]
    table = schedule_costs(parts, one_order.TIMES, Traders(), 3, 7).set_index("schedule")
    assert table.loc["at once", "cost"] > table.loc["equal parts", "cost"]
    means, found = one_order.exponent(2)
    text = one_order.text(parts, table.reset_index(), means, found)
    assert text.count("\n") == 7


@pytest.mark.long
def test_the_page_shows_what_the_example_prints(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    assert capsys.readouterr().out.strip() in PAGE.read_text()
