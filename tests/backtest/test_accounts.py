"""Accounts by hand: interest, borrow fees, margin calls, cash, commissions and delisting."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph.backtest import Order, run, simulate
from barograph.errors import InputError

from .invariants import check
from .markets import CASH, FREE, Script, fills_of, flat, ohlc, play


def test_interest_is_paid_for_calendar_days_at_the_rate_of_the_date_before() -> None:
    bars = ohlc(A=flat(10.0, 7))  # Monday to the next Tuesday
    result = play(bars, {}, replace(FREE, cash_rate=3.65))
    growth = np.cumprod([1.0, *[1 + 1e-4] * 4, 1 + 3e-4, 1 + 1e-4])
    np.testing.assert_allclose(result.equity, 1000.0 * growth, rtol=1e-14)
    assert (result.costs["interest"] <= 0.0).all()
    assert (result.cost_rate == 0.0).all()
    dates = pd.DatetimeIndex(bars["date"])
    context = pd.DataFrame({"us10y": [3.65, np.nan, 36.5]}, index=dates[[0, 2, 3]])
    named = play(bars, {}, replace(FREE, cash_rate="us10y"), context=context)
    growth = np.cumprod([1.0, 1 + 1e-4, 1 + 1e-4, 1 + 1e-4, 1 + 1e-3, 1 + 3e-3, 1 + 1e-3])
    np.testing.assert_allclose(named.equity, 1000.0 * growth, rtol=1e-14)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (None, "execution.debit_rate: the context has no column 'rate'; its columns are none"),
        (pd.DataFrame({"rate": [1.0]}, index=pd.to_datetime(["2020-01-07"])), "rate of the context has no value up to"),
    ],
)
def test_a_rate_that_is_not_known_is_refused(context: pd.DataFrame | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(ohlc(A=flat(10.0, 3)), Script({}), replace(FREE, debit_rate="rate"), context=context)


def test_debit_and_borrow_rates() -> None:
    bars = ohlc(A=flat(10.0, 3), B=flat(10.0, 3))
    execution = replace(FREE, max_leverage=2.0, debit_rate=36.5, borrow_rate=3.65)
    long = play(bars, {0: [Order("A", weight=1.5)]}, execution)
    assert long.costs["interest"].tolist() == pytest.approx([0.0, 0.0, 500.0 * 1e-3])
    short = play(bars, {0: [Order("A", weight=-0.5)]}, execution)
    assert short.costs["borrow"].tolist() == pytest.approx([0.0, 0.0, 500.0 * 1e-4])
    table = pd.DataFrame({"symbol": ["A"], "borrow_rate": [36.5]})
    dear = play(bars, {0: [Order("A", weight=-0.5), Order("B", weight=-0.5)]}, execution, shortable=table)
    assert dear.costs["borrow"].tolist() == pytest.approx([0.0, 0.0, 500.0 * 1e-3])
    assert dear.rejections.to_dict() == {"nothing_to_borrow": 1}


def test_a_margin_call_reduces_every_position_by_one_factor() -> None:
    falls = [(c, c, c, c) for c in (10.0, 10.0, 6.0, 6.0, 6.0)]
    bars = ohlc(A=falls, B=[(c, c, c, c) for c in (10.0, 10.0, 9.0, 9.0, 9.0)])
    execution = replace(FREE, max_leverage=2.0, maintenance_margin=0.4)
    result = play(bars, {0: [Order("A", weight=1.0), Order("B", weight=1.0)]}, execution)
    # Equity 1000 - 400 - 100 = 500 against 600 + 900: below 0.4 of 1,500. Twice 500 are two thirds of it.
    assert [fill[:3] for fill in fills_of(result)[2:]] == [
        (3, "A", pytest.approx(-100.0 / 3)),
        (3, "B", pytest.approx(-100.0 / 3)),
    ]
    assert result.fills["reason"].tolist()[2:] == ["margin_call"] * 2
    gross = 6.0 * result.positions["A"].iloc[3] + 9.0 * result.positions["B"].iloc[3]
    assert gross == pytest.approx(2.0 * result.equity.iloc[3])


def test_a_call_cancels_what_would_open_and_keeps_what_closes() -> None:
    bars = ohlc(A=[(c, c, c, c) for c in (10.0, 10.0, 6.0, 6.0, 6.0)])
    execution = replace(FREE, max_leverage=2.0, maintenance_margin=0.5)
    more = Order("A", shares=1.0, kind="limit", limit=5.0, until="cancelled")
    less = Order("A", shares=-1.0, kind="limit", limit=20.0, until="cancelled")
    result = play(bars, {0: [Order("A", weight=2.0)], 1: [more, less]}, execution)
    orders = result.orders.set_index("order")
    assert orders.loc[1, "code"] == "margin_call"
    assert orders.loc[2, "code"] == "end_of_data"


def test_the_margin_call_of_rows_of_targets() -> None:
    """The panel driver makes room for the orders of calls as it goes."""
    rng = np.random.default_rng(0)
    closes = 10.0 * np.exp(np.cumsum(0.08 * rng.standard_normal((60, 4)), axis=0))
    bars = ohlc(**{f"S{n}": [(c, c, c, c) for c in closes[:, n]] for n in range(4)})
    dates = pd.DatetimeIndex(sorted(bars["date"].unique()))
    rows = pd.DataFrame(0.5, dates[::3], sorted(bars["symbol"].unique()))
    execution = replace(FREE, max_leverage=2.0, maintenance_margin=0.5)
    result = check(simulate(bars, rows, execution), bars, execution)
    assert (result.fills["reason"] == "margin_call").sum() > 8


def test_a_cash_account_pays_costs_out_of_cash() -> None:
    bars = ohlc(A=flat(10.0, 3), B=flat(20.0, 3))
    dear = replace(CASH, commission_bps=100.0, half_spread_bps=100.0)
    result = play(bars, {0: [lambda day: day.rebalance_to_weights({"A": 0.5, "B": 0.5})]}, dear)
    assert result.cash.iloc[1] == pytest.approx(0.0, abs=1e-9)
    factor = 1.0 / (1.01 * 1.01)
    assert result.positions.iloc[1].tolist() == pytest.approx([50.0 * factor, 25.0 * factor])
    assert result.orders["code"].tolist() == ["no_cash"] * 2


@pytest.mark.parametrize("minimum", [0.0, 3.0, 40.0])
def test_minimum_fees_are_part_of_what_cash_must_pay(minimum: float) -> None:
    bars = ohlc(A=flat(10.0, 3), B=flat(20.0, 3), C=flat(5.0, 3))
    dear = replace(CASH, commission_bps=50.0, commission_minimum=minimum, commission_per_order=1.0)
    weights = {"A": 0.7, "B": 0.2, "C": 0.1}
    result = play(bars, {0: [lambda day: day.rebalance_to_weights(weights)]}, dear)
    assert result.cash.iloc[1] == pytest.approx(0.0, abs=1e-9)
    value = result.positions.iloc[1] * [10.0, 20.0, 5.0]
    assert (value / value.sum()).tolist() == pytest.approx([0.7, 0.2, 0.1])
    fees = sum(max(minimum, 0.005 * v) + 1.0 for v in value)
    assert result.costs["commission"].iloc[1] == pytest.approx(fees)


@pytest.mark.parametrize(("bought", "code"), [(99.8, "no_cash"), (99.0, "")])
def test_a_sale_that_is_not_worth_its_fee_is_made_only_if_cash_pays_the_rest(bought: float, code: str) -> None:
    bars = ohlc(A=flat(10.0, 4))
    script = {0: [Order("A", shares=bought)], 1: [Order("A", shares=-0.1)]}
    result = play(bars, script, replace(CASH, commission_minimum=2.0))
    assert result.orders["code"].tolist() == ["", code]


def test_commissions_by_hand() -> None:
    bars = ohlc(A=[(10.0, 10.0, 10.0, 10.0, 1e6, 0.5)] * 4)
    execution = replace(FREE, commission_bps=10.0, commission_per_share=0.02, commission_minimum=1.0)
    execution = replace(execution, commission_per_order=0.25)
    result = play(bars, {0: [Order("A", shares=80.0)], 1: [Order("A", shares=-10.0)]}, execution)
    assert result.fills["commission"].tolist() == pytest.approx([0.8 + 0.02 * 40 + 0.25, 1.0 + 0.25])


def test_a_delisted_position_loses_the_haircut() -> None:
    bars = ohlc(A=[*flat(10.0, 3), *[None] * 3], B=flat(5.0, 6))
    execution = replace(FREE, delisting_days=2, delisting_haircut=0.3, commission_per_order=1.0)
    for shares in (10.0, -10.0):
        result = play(bars, {0: [Order("A", shares=shares)]}, execution)
        assert fills_of(result)[1] == (4, "A", -shares, 7.0)
        assert result.fills.iloc[1][["order", "reason", "commission"]].tolist() == [-1, "delisting", 0.0]
        assert result.equity.iloc[-1] == pytest.approx(999.0 - 3.0 * shares)


def test_participation_on_bars_without_volume_is_refused() -> None:
    bars = ohlc(A=[(10.0, 10.0, 10.0, 10.0)] * 3)
    for call in (lambda e: run(bars, Script({}), e), lambda e: simulate(bars, pd.DataFrame(), e)):
        with pytest.raises(InputError, match="participation is set, but the bars have no volume"):
            call(replace(FREE, participation=0.1))


@pytest.mark.parametrize("columns", [{"name": ["A"]}, {"symbol": ["A", "A"]}, {"symbol": ["A"], "borrow_rate": [-1.0]}])
def test_a_wrong_table_of_shortable_names_is_refused(columns: Any) -> None:
    with pytest.raises(InputError, match=r"^shortable: "):
        run(ohlc(A=flat(10.0, 3)), Script({}), FREE, shortable=pd.DataFrame(columns))
