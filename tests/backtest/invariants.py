"""Laws of accounting that every simulated portfolio obeys; each test that runs the engine calls them."""

from typing import Any

import numpy as np
import pandas as pd

from barograph.backtest import Execution, Simulation


def check(result: Simulation, bars: pd.DataFrame, execution: Execution) -> Simulation:
    """Check a result against the bars that it was made of, and give it back."""
    scale = 1e-9 * (result.initial_cash + float(result.equity.abs().max()))
    _equity_is_cash_and_positions(result, bars, scale)
    _money_moves_by_fills_and_costs(result, scale)
    _equity_moves_by_prices_and_costs(result, bars, scale)
    _fills_are_inside_the_bar(result, bars, execution)
    _orders_explain_themselves(result)
    _trades_add_up(result, scale)
    if execution.account == "cash":
        assert (result.cash >= -scale).all()
        assert (result.positions >= 0.0).all(axis=None)
    return result


def _closes(result: Simulation, bars: pd.DataFrame) -> pd.DataFrame:
    close = bars.pivot(index="date", columns="symbol", values="close").reindex(columns=result.positions.columns)
    return close.ffill().fillna(0.0)


def _by_date(values: pd.Series, result: Simulation) -> pd.Series:
    return values.groupby(result.fills["date"]).sum().reindex(result.equity.index, fill_value=0.0)


def _equity_is_cash_and_positions(result: Simulation, bars: pd.DataFrame, scale: float) -> None:
    value = (result.positions * _closes(result, bars)).sum(axis=1)
    np.testing.assert_allclose(result.equity, result.cash + value, rtol=0, atol=scale)


def _money_moves_by_fills_and_costs(result: Simulation, scale: float) -> None:
    fills, costs = result.fills, result.costs
    flows = (
        -_by_date(fills["shares"] * fills["price"] + fills["commission"], result) - costs["interest"] - costs["borrow"]
    )
    np.testing.assert_allclose(result.cash, result.initial_cash + flows.cumsum(), rtol=0, atol=scale)
    for name in ("commission", "slippage"):
        np.testing.assert_allclose(costs[name], _by_date(fills[name], result), rtol=0, atol=scale)
    moved = fills.pivot_table(index="date", columns="symbol", values="shares", aggfunc="sum")
    moved = moved.reindex(index=result.positions.index, columns=result.positions.columns).fillna(0.0)
    size = result.positions.abs().max(axis=None) if len(result.positions.columns) else 0.0
    np.testing.assert_allclose(result.positions, moved.cumsum(), rtol=1e-9, atol=1e-9 * (1.0 + size))


def _bar_prices(fills: pd.DataFrame) -> Any:
    """Give the bar's price of each fill: the price paid without the half spread."""
    return fills["price"] - np.sign(fills["shares"]) * fills["slippage"] / fills["shares"].abs()


def _equity_moves_by_prices_and_costs(result: Simulation, bars: pd.DataFrame, scale: float) -> None:
    close, fills = _closes(result, bars), result.fills
    held = (result.positions.shift(1, fill_value=0.0) * close.diff().fillna(0.0)).sum(axis=1)
    at_close = close.stack()
    last = at_close.reindex(pd.MultiIndex.from_frame(fills[["date", "symbol"]])).to_numpy()
    new = _by_date(fills["shares"] * (last - _bar_prices(fills)), result)
    change = result.equity.diff().fillna(result.equity.iloc[0] - result.initial_cash)
    np.testing.assert_allclose(change, held + new - result.costs.sum(axis=1), rtol=0, atol=scale)


def _fills_are_inside_the_bar(result: Simulation, bars: pd.DataFrame, execution: Execution) -> None:
    """No fill without a bar of that day, and none at a price that the bar does not contain."""
    fills = result.fills[result.fills["order"] >= 0]
    found = fills.merge(bars, on=["symbol", "date"], how="left", suffixes=("", "_of_bar"))
    assert found["close"].notna().all()
    price = _bar_prices(fills).to_numpy()
    named = np.isclose(price, found["open"], rtol=1e-9) | np.isclose(price, found["close"], rtol=1e-9)
    inside = (price >= found["low"] * (1 - 1e-9)) & (price <= found["high"] * (1 + 1e-9))
    assert (named | inside).all()
    orders = result.orders.set_index("order")
    placed = orders.loc[fills["order"]]
    assert (fills["date"].to_numpy() > placed["sent"].to_numpy()).all()
    limit, bought = placed["limit"].to_numpy(), fills["shares"].to_numpy() > 0.0
    tolerance = 1e-9 * np.abs(limit)
    worse = np.where(bought, price > limit + tolerance, price < limit - tolerance)
    assert not (worse & ~np.isnan(limit)).any()
    assert (fills["slippage"].to_numpy()[~np.isnan(limit)] == 0.0).all()
    if execution.participation is not None:
        traded = found.assign(size=found["shares"].abs()).groupby(["symbol", "date"])[["size", "volume"]]
        room = traded.agg({"size": "sum", "volume": "first"})
        assert (room["size"] <= execution.participation * room["volume"] * (1 + 1e-9)).all()


def _orders_explain_themselves(result: Simulation) -> None:
    """Every order has ended, with a code unless it was filled, and its fills are those of the table of fills."""
    orders, fills = result.orders, result.fills
    assert orders["order"].is_monotonic_increasing
    assert orders["order"].is_unique
    assert orders["status"].isin(["filled", "partly_filled", "cancelled", "expired", "rejected"]).all()
    assert ((orders["code"] == "") == (orders["status"] == "filled")).all()
    some = orders["first_fill"].notna()
    assert some[orders["status"] == "partly_filled"].all()
    assert not some[orders["status"].isin(["cancelled", "expired", "rejected"])].any()
    filled = fills[fills["order"] >= 0].groupby("order")["shares"].sum()
    np.testing.assert_allclose(
        orders.set_index("order")["filled_shares"], filled.reindex(orders["order"], fill_value=0.0)
    )
    assert (orders["last_event"] >= orders["sent"]).all()
    assert int(result.rejections.sum()) == int((orders["status"] != "filled").sum())


def _trades_add_up(result: Simulation, scale: float) -> None:
    """Compare the gains of all round trips, less interest and borrow fees, with the change of equity."""
    trades = result.trades
    financing = result.costs[["interest", "borrow"]].sum(axis=None)
    gained = result.equity.iloc[-1] - result.initial_cash
    np.testing.assert_allclose(trades["pnl"].sum() - financing, gained, rtol=0, atol=100 * scale)
    still = trades[trades["exit_date"].isna()].groupby("symbol")["shares"].sum()
    last = result.positions.iloc[-1]
    size = 1.0 + result.positions.abs().max(axis=None) if len(last) else 1.0
    np.testing.assert_allclose(last, still.reindex(last.index, fill_value=0.0), rtol=1e-7, atol=1e-7 * size)
    priced = trades[trades["entry_price"] > 0.0]
    assert (priced["mae_percent"] <= 1e-9).all()
    assert (priced["mfe_percent"] >= -1e-9).all()
    closed = trades[trades["exit_date"].notna()]
    assert (closed["exit_date"] >= closed["entry_date"]).all()
