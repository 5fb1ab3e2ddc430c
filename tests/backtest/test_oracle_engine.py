"""The engine against a slow one in plain Python that shares no code with it, and both against answers by hand."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.backtest import Execution, Order, Simulation, run, simulate
from barograph.errors import InputError

from .invariants import check
from .known_answers import CASES as ORDERS
from .known_answers import RULES, Case
from .known_executions import CASES as EXECUTIONS
from .oracle_engine import Engine, Quote, RuinError, round_trips
from .random_markets import random_case, random_row

Key = tuple[Any, ...]
CASES = ORDERS | EXECUTIONS
CASES_PER_BLOCK = {0: 10, 1: 250, 2: 250}
BLOCKS = [(block, number) for number in CASES_PER_BLOCK for block in range(16)]
CODES = {
    *("", "no_bar", "no_cash", "over_leverage", "nothing_to_borrow", "short_in_cash_account", "no_volume", "delisted"),
    *("not_listed_yet", "below_a_lot", "participation", "day_over", "replaced", "cancelled_by_strategy"),
    *("other_side_filled", "position_closed", "margin_call", "end_of_data"),
}


class Scripted:
    """Sends given orders on given dates."""

    def __init__(self, script: dict[pd.Timestamp, list[tuple[str, Any]]]) -> None:
        self.script = script
        self.numbers: list[int] = []

    def on_bar(self, day: Any) -> None:
        for action, what in self.script.get(day.date, []):
            if action == "order":
                self.numbers.append(day.send(Order(**what, reason=f"#{len(self.numbers)}")))
            elif action == "row":
                day.rebalance_to_weights(what)
            elif self.numbers[what] in {order.number for order in day.open_orders}:
                day.cancel(self.numbers[what])


def dates_of(case: Case) -> pd.DatetimeIndex:
    return pd.date_range("2020-01-06", periods=len(next(iter(case.bars.values()))), freq="B", unit="us", name="date")


def dated_script(case: Case) -> dict[pd.Timestamp, list[tuple[str, Any]]]:
    return {dates_of(case)[t]: actions for t, actions in case.script.items()}


def market_of(case: Case) -> dict[pd.Timestamp, dict[str, Quote]]:
    return {
        date: {name: Quote(*series[t]) for name, series in case.bars.items() if (series[t]) is not None}
        for t, date in enumerate(dates_of(case))
    }


def oracle_of(case: Case) -> Engine:
    market = market_of(case)
    context = {date: {k: column[t] for k, column in (case.context or {}).items()} for t, date in enumerate(market)}
    rules = SimpleNamespace(**RULES | case.rules)
    return Engine(market, dated_script(case), rules, context, case.shortable).play()


def inputs_of(case: Case) -> dict[str, Any]:
    """Give the arguments of `run` and `simulate` but for what is traded."""
    rows = [
        (name, date, *Quote(*bar))
        for name, series in case.bars.items()
        for date, bar in zip(dates_of(case), series, strict=True)
        if bar is not None
    ]
    context, short = case.context, case.shortable
    return {
        "bars": pd.DataFrame(rows, columns=["symbol", "date", *Quote._fields]),
        "execution": Execution(**RULES | case.rules),
        "context": None if context is None else pd.DataFrame({"date": dates_of(case)} | context),
        "shortable": None if short is None else pd.DataFrame({"symbol": list(short), "borrow_rate": short.values()}),
    }


def engine_of(case: Case) -> Simulation:
    return run(strategy=Scripted(dated_script(case)), **inputs_of(case))


def keys_of(orders: pd.DataFrame) -> dict[int, Key]:
    """Name the orders of the engine as those of the oracle are named."""
    keys: dict[int, Key] = {-1: ("payout",)}
    for order in orders.to_dict("records"):
        if order["parent"] >= 0:
            key: Key = (*keys[order["parent"]], order["kind"])
        elif str(order["reason"]).startswith("#"):
            key = ("sent", int(order["reason"][1:]))
        else:
            key = ("margin call" if np.isnan(order["weight"]) else "row", order["sent"], order["symbol"])
        keys[order["order"]] = key
    return keys


def key_of(oracle: Engine, order: Any) -> Key:
    if order is None:
        return ("payout",)
    if order.entry:
        return (*key_of(oracle, order.entry), order.kind)
    if order.is_row or order.is_margin_call:
        return ("row" if order.is_row else "margin call", oracle.dates[order.sent], order.symbol)
    return ("sent", next(number for number, sent in enumerate(oracle.scripted) if sent is order))


def ends_of(simulation: Simulation) -> dict[Key, tuple[str, str]]:
    orders, keys = simulation.orders, keys_of(simulation.orders)
    return {keys[o]: (s, c) for o, s, c in zip(orders["order"], orders["status"], orders["code"], strict=True)}


def compare(simulation: Simulation, oracle: Engine) -> None:
    """Compare all that both engines report."""
    names = [*map(str, simulation.positions.columns)]
    expected = {key_of(oracle, order): order for order in oracle.tickets}
    assert ends_of(simulation) == {key: (order.status, order.code) for key, order in expected.items()}
    keys = keys_of(simulation.orders)
    filled = {keys[o]: shares for o, shares in simulation.orders.set_index("order")["filled_shares"].items()}
    columns = ("shares", "price", "commission", "slippage")
    theirs = {(f["date"], f["symbol"], keys[f["order"]]): f for f in simulation.fills.to_dict("records")}
    ours = {(f["date"], f["symbol"], key_of(oracle, f["order"])): f for f in oracle.fills}
    assert len(simulation.fills) == len(oracle.fills)
    assert theirs.keys() == ours.keys()
    close = {"rtol": 1e-9, "atol": 1e-9}
    for key, order in expected.items():
        np.testing.assert_allclose(filled[key], order.filled, **close, err_msg=str(key))
    for key, fill in ours.items():
        np.testing.assert_allclose(
            [theirs[key][c] for c in columns], [fill[c] for c in columns], **close, err_msg=str(key)
        )
    scale = {"rtol": 1e-9, "atol": 1e-9 * simulation.initial_cash}
    np.testing.assert_allclose(simulation.equity, [day["equity"] for day in oracle.closes], **scale)
    np.testing.assert_allclose(simulation.cash, [day["cash"] for day in oracle.closes], **scale)
    positions = [[day["shares"][name] for name in names] for day in oracle.closes]
    np.testing.assert_allclose(simulation.positions, positions, **close)
    costs = pd.DataFrame(oracle.costs)
    np.testing.assert_allclose(simulation.costs[costs.columns], costs, **scale)
    assert simulation.ambiguous_bars == oracle.ambiguous_bars


def check_laws(simulation: Simulation, case: Case) -> None:
    """Check the laws of accounting, and compare the round trips with those that plain Python finds in the fills."""
    inputs = inputs_of(case)
    check(simulation, inputs["bars"], inputs["execution"])
    trips, found = round_trips(simulation.fills.to_dict("records"), market_of(case)), simulation.trades
    assert len(trips) == len(found)
    if trips:
        key = ["symbol", "entry_date", "exit_date", "entry_price", "shares"]
        expected = pd.DataFrame(trips).astype({"exit_date": found["exit_date"].dtype})
        found = found[expected.columns].sort_values(key, ignore_index=True)
        expected = expected.sort_values(key, ignore_index=True)
        pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_oracle_gives_the_answers_by_hand(case: Case) -> None:
    oracle = oracle_of(case)
    assert [(order.status, order.code) for order in oracle.tickets] == case.ends
    check_answers(case, oracle.dates, oracle.fills, oracle.closes[-1])
    assert oracle.ambiguous_bars == case.ambiguous


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_engine_gives_the_answers_by_hand(case: Case) -> None:
    result = engine_of(case)
    assert sorted(ends_of(result).values()) == sorted(case.ends)
    last = {"cash": result.cash.iloc[-1], "equity": result.equity.iloc[-1]}
    check_answers(case, list(result.equity.index), result.fills.to_dict("records"), last)
    assert result.ambiguous_bars == case.ambiguous
    compare(result, oracle_of(case))
    check_laws(result, case)


def check_answers(case: Case, dates: list[Any], fills: list[dict[Any, Any]], last: dict[str, float]) -> None:
    found = sorted((dates.index(f["date"]), f["symbol"], f["shares"], f["price"]) for f in fills)
    assert [fill[:2] for fill in found] == [fill[:2] for fill in sorted(case.fills)]
    for fill, expected in zip(found, sorted(case.fills), strict=True):
        assert fill[2:] == pytest.approx(expected[2:], rel=1e-12)
    assert case.cash is None or last["cash"] == pytest.approx(case.cash, rel=1e-12, abs=1e-9)
    assert case.equity is None or last["equity"] == pytest.approx(case.equity, rel=1e-12)


def test_the_answers_by_hand_contain_every_code() -> None:
    assert {code for case in CASES.values() for _, code in case.ends} == CODES


def played(seed: int, case: Case, play: Any) -> Simulation | None:
    """Play a random case with both engines and compare them; None where the portfolio is ruined, by both."""
    try:
        oracle = oracle_of(case)
    except RuinError as error:
        with pytest.raises(InputError, match=f"equity is .* on {error.args[0]:%Y-%m-%d}"):
            play(case)
        return None
    try:
        simulation: Simulation = play(case)
        compare(simulation, oracle)
        if seed % 4 == 0:  # they take longer than the two engines
            check_laws(simulation, case)
    except Exception as error:
        error.add_note(f"seed {seed}")
        raise
    return simulation


def seeds_of(block: int, number: int) -> range:
    first = 1_000_000 * number + block * CASES_PER_BLOCK[number]
    return range(first, first + CASES_PER_BLOCK[number])


def in_rounds(test: Any) -> Any:
    """Run a test on blocks of seeds, those after the first round as a long test."""
    later = [pytest.param(*pair, marks=pytest.mark.long) for pair in BLOCKS if pair[1] > 0]
    return pytest.mark.parametrize(("block", "number"), [*(pair for pair in BLOCKS if pair[1] == 0), *later])(test)


@in_rounds
def test_random_orders(block: int, number: int) -> None:
    for seed in seeds_of(block, number):
        case = random_case(seed)
        simulation = played(seed, case, engine_of)
        if simulation is not None and simulation.ambiguous_bars:
            check_other_order(simulation, case)


def check_other_order(simulation: Simulation, case: Case) -> None:
    first = (RULES | case.rules)["first"]
    other = replace(case, rules=case.rules | {"first": "target" if first == "stop" else "stop"})
    try:
        expected = oracle_of(other)
    except RuinError:
        return
    assert simulation.other_order is not None
    compare(simulation.other_order, expected)


class Rows:
    """Gives the rows of target weights whole."""

    def __init__(self, weights: pd.DataFrame) -> None:
        self.weights = weights

    def target_weights(self, *_: Any) -> pd.DataFrame:
        return self.weights


@in_rounds
def test_random_rows_through_both_drivers(block: int, number: int) -> None:
    for seed in seeds_of(block, number):
        case = random_case(seed)
        rng, names = np.random.default_rng(seed), sorted(case.bars)
        script = {t: [random_row(rng, names, case.rules)] for t in range(len(dates_of(case))) if rng.random() < 0.5}
        case = replace(case, script=script)
        rows = [{name: actions[0][1].get(name, 0.0) for name in names} for actions in script.values()]
        weights = pd.DataFrame(rows, dates_of(case)[list(script)], names, dtype=float)
        inputs = inputs_of(case)
        panel = played(seed, case, lambda _, w=weights, i=inputs: simulate(target_weights=w, **i))
        if panel is None:
            continue
        for result in (engine_of(case), run(strategy=Rows(weights), **inputs)):
            for name in ("equity", "cash", "positions", "costs", "fills", "orders"):
                found, expected = getattr(result, name), getattr(panel, name)
                check = pd.testing.assert_series_equal if found.ndim == 1 else pd.testing.assert_frame_equal
                check(found, expected, check_exact=True)


def test_the_names_and_order_of_symbols_do_not_matter() -> None:
    for seed in range(20):
        case = random_case(seed)
        turned = dict(zip(case.bars, reversed(case.bars), strict=True))
        script = {t: [(kind, _renamed(what, turned)) for kind, what in row] for t, row in case.script.items()}
        other = replace(
            case,
            bars={turned[name]: bars for name, bars in case.bars.items()},
            script=script,
            shortable=case.shortable and {turned[name]: rate for name, rate in case.shortable.items()},
        )
        np.testing.assert_allclose(engine_of(case).equity, engine_of(other).equity, rtol=1e-9)


def _renamed(what: Any, names: dict[str, str]) -> Any:
    if isinstance(what, int):
        return what
    if "symbol" in what:
        return what | {"symbol": names[what["symbol"]]}
    return {names[name]: weight for name, weight in what.items()}
