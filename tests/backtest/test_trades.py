"""Round trips: first in first out, with excursions and what was known when the orders were sent."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from barograph import tables
from barograph.backtest import Order, Simulation, simulate
from barograph.backtest.engine import schema

from .markets import FREE, flat, ohlc, play

RISE = ohlc(A=[(10.0, 11.0, 9.0, 10.0), (10.0, 14.0, 7.0, 12.0), (12.0, 15.0, 11.0, 13.0), *flat(16.0, 3)])


def test_first_in_first_out() -> None:
    script = {
        0: [Order("A", shares=10.0, reason="first")],
        1: [Order("A", shares=5.0, reason="second")],
        2: [Order("A", shares=-12.0, reason="out")],
        3: [Order("A", shares=-5.0, reason="turn")],
    }
    trades = play(RISE, script).trades
    assert trades["shares"].tolist() == [10.0, 2.0, 3.0, -2.0]
    assert trades["entry_price"].tolist() == [10.0, 12.0, 12.0, 16.0]
    assert trades["exit_price"].tolist() == [16.0] * 4
    assert trades["entry_reason"].tolist() == ["first", "second", "second", "turn"]
    assert trades["exit_reason"].tolist() == ["out", "out", "turn", ""]
    assert trades["bars"].tolist() == [2, 1, 2, 1]
    assert trades["pnl"].tolist() == [60.0, 8.0, 12.0, 0.0]
    assert trades["exit_date"].isna().tolist() == [False, False, False, True]


def test_excursions_count_bars_that_were_held_whole() -> None:
    trades = play(RISE, {0: [Order("A", shares=10.0)], 2: [Order("A", shares=-10.0)]}).trades
    # The entry's bar is not counted, the bar after it is, and of the exit's bar its price.
    assert trades["mae_percent"].tolist() == [0.0]
    assert trades["mfe_percent"].tolist() == pytest.approx([60.0])
    short = play(RISE, {0: [Order("A", shares=-10.0)], 2: [Order("A", shares=10.0)]}).trades
    assert short["mae_percent"].tolist() == pytest.approx([-60.0])
    assert short["mfe_percent"].tolist() == [0.0]
    assert short["pnl_percent"].tolist() == pytest.approx([-60.0])


def test_trades_tell_what_was_known_when_the_orders_were_sent() -> None:
    dates = pd.DatetimeIndex(RISE["date"])
    signals = RISE[["symbol", "date"]].assign(score=np.arange(6.0))
    context = pd.DataFrame({"vix": np.arange(10.0, 16.0), "regime": list("abcdef")}, dates)
    script = {0: [Order("A", shares=10.0)], 2: [Order("A", shares=-10.0)], 4: [Order("A", shares=1.0)]}
    trades = play(RISE, script, signals=signals, context=context).trades
    assert trades["entry_score"].tolist() == [0.0, 4.0]
    assert trades["entry_regime"].tolist() == ["a", "e"]
    assert trades["exit_vix"].iloc[0] == 12.0
    assert trades["exit_score"].isna().tolist() == [False, True]
    assert trades["exit_regime"].iloc[0] == "c"


def test_trades_of_target_weights_tell_it_too() -> None:
    bars = ohlc(A=flat(9.0, 6), B=[(10.0, 10.0, 10.0, 10.0 + t) for t in range(6)])
    dates = pd.DatetimeIndex(bars["date"].unique())
    signals = bars[["symbol", "date"]].assign(score=np.arange(12.0))
    context = pd.DataFrame({"regime": list("abcdef")}, dates)
    weights = pd.DataFrame({"B": [0.5, 0.0]}, dates[[1, 3]])
    trades = simulate(bars, weights, replace(FREE, price="next_close"), signals=signals, context=context).trades
    sent = signals.set_index(["symbol", "date"])["score"].loc["B"]
    assert trades["entry_regime"].tolist() == ["b"]
    assert trades["exit_regime"].tolist() == ["d"]
    assert trades["entry_score"].tolist() == [sent[dates[1]]]
    assert trades["exit_score"].tolist() == [sent[dates[3]]]


def test_a_short_sale_that_brought_in_nothing_gains_no_percentage() -> None:
    bars = ohlc(A=[(10.0, 20.0, 10.0, close, 100.0) for close in (10.0, 20.0, 10.0, 20.0, 10.0)])
    script = {1: [Order("A", shares=-10.0)], 3: [Order("A", shares=10.0)]}
    trades = play(bars, script, replace(FREE, impact=30.0, participation=1.0)).trades
    assert trades["entry_price"].tolist() == [0.0]
    assert trades["pnl"].tolist() == [-200.0]
    assert trades[["pnl_percent", "mae_percent", "mfe_percent"]].isna().all(axis=None)


def _numbered(result: Simulation) -> list[tuple[str, pd.DataFrame]]:
    return [("fill", result.fills), ("trade", result.trades)]


def test_the_tables_have_schemas(tmp_path: Path) -> None:
    script = {0: [Order("A", shares=10.0)], 1: [Order("A", shares=-5.0, kind="limit", limit=13.0)]}
    signals = RISE[["symbol", "date"]].assign(score=1.0)
    context = pd.DataFrame({"regime": ["normal"] * 6}, pd.DatetimeIndex(RISE["date"]))
    result = play(RISE, script, signals=signals, context=context)
    held = result.positions.rename_axis(index="date", columns="symbol").stack().rename("shares").reset_index()
    fills, trades = (frame.rename_axis(name).reset_index() for name, frame in _numbered(result))
    trades = trades.assign(contribution=0.0)
    frames = (result.orders, fills, trades, held)
    for table, rows in zip((schema.ORDERS, schema.FILLS, schema.TRADES, schema.POSITIONS), frames, strict=True):
        tables.write(table, rows.assign(portfolio="ours"), tmp_path)
        assert len(tables.read(table, tmp_path)) == len(rows)
    assert pa.types.is_date(schema.ORDERS.columns["sent"])
