"""Round trips: first in first out, with excursions and what was known when the orders were sent."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from barograph import tables
from barograph.backtest import Order, Simulation
from barograph.backtest.engine import schema

from .markets import flat, ohlc, play

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
