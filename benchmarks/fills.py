"""Fills of the engine and of vectorbt, from the same decisions."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import peers

from barograph.backtest import Day, Execution, Order, run, simulate

COLUMNS = ("shares", "price", "commission")
EVERY = 5
SEED = 7
TOLERANCE = 1e-9


class Targets:
    """Sends a row of target weights through the event driver."""

    def __init__(self, weights: pd.DataFrame) -> None:
        self.rows = {date: row.to_numpy() for date, row in weights.iterrows()}

    def on_bar(self, day: Day) -> None:
        """Send the row of the date."""
        if day.date in self.rows:
            day.rebalance_to_weights(self.rows[day.date])


class Shares:
    """Sends market orders in shares."""

    def __init__(self, shares: pd.DataFrame) -> None:
        self.rows = {date: row[row != 0.0] for date, row in shares.iterrows()}

    def on_bar(self, day: Day) -> None:
        """Send the orders of the date."""
        for symbol, shares in self.rows[day.date].items():
            day.send(Order(str(symbol), shares=float(shares)))


@dataclass(frozen=True)
class Case:
    """A backtest that both conventions describe: decided at a close, filled at the next one; cash is never short."""

    name: str
    wanted: pd.DataFrame
    costs: bool
    driver: str


def _cases(close: pd.DataFrame) -> list[Case]:
    """Give weights, and shares, that are wanted only where the next date has a bar; a part of them is zero."""
    random, listed = np.random.default_rng(SEED), close.shift(-1).notna().to_numpy()
    shape = close.shape

    def frame(values: Any) -> pd.DataFrame:
        return pd.DataFrame(values, close.index, close.columns)

    raw = np.where(listed & (random.random(shape) < 0.7), random.random(shape), 0.0)
    gross = np.maximum(raw.sum(axis=1, keepdims=True), 1e-9)
    signs = np.where(random.random(shape) < 0.5, -1.0, 1.0)
    shares = np.where(listed & (random.random(shape) < 0.02), np.round(random.normal(0.0, 100.0, shape)), 0.0)
    return [
        Case("all of equity, daily, no costs", frame(raw / gross), False, "simulate"),
        Case("0.9 of equity, daily, costs", frame(0.9 * raw / gross), True, "simulate"),
        Case("0.9 of equity, daily, costs", frame(0.9 * raw / gross), True, "run"),
        Case("long and short, weekly, costs", frame(0.8 * signs * raw / gross).iloc[::EVERY], True, "simulate"),
        Case("orders in shares, costs", frame(shares), True, "run"),
    ]


def _our_fills(bars: pd.DataFrame, case: Case, execution: Execution) -> pd.DataFrame:
    if case.driver == "simulate":
        return simulate(bars, case.wanted, execution).fills
    strategy = Shares(case.wanted) if "shares" in case.name else Targets(case.wanted)
    return run(bars, strategy, execution).fills


def _their_fills(close: pd.DataFrame, case: Case, execution: Execution) -> pd.DataFrame:
    amount = "shares" in case.name
    size = case.wanted.reindex(close.index).shift(1)
    kind: peers.SizeType = "amount" if amount else "targetpercent"
    traded = peers.vectorbt(close, size.fillna(0.0) if amount else size, execution, size_type=kind)
    records = traded.orders.records
    return pd.DataFrame(
        {
            "date": close.index[records["idx"]],
            "symbol": close.columns[records["col"]],
            "shares": np.where(records["side"] == 0, records["size"], -records["size"]),
            "price": records["price"],
            "commission": records["fees"],
        }
    )


def _compared(name: str, ours: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, float]:
    """Give the number of fills and the largest relative differences; refuse fills that only one engine makes."""
    ours, theirs = (table.set_index(["date", "symbol"]).sort_index() for table in (ours, theirs))
    single = ours.index.symmetric_difference(theirs.index)
    if len(single):
        raise SystemExit(
            f"{name}: of {len(ours)} fills and {len(theirs)} of vectorbt, {len(single)} differ: {single[:3]}"
        )
    found = {}
    for column in COLUMNS:
        mine, other = ours[column].to_numpy(), theirs[column].to_numpy()
        found[column] = float(np.max(np.abs(mine - other) / np.where(other == 0.0, 1.0, np.abs(other))))
    after = theirs.groupby("symbol")["shares"].cumsum()
    held = np.maximum(np.abs(after), np.abs(after - theirs["shares"]))
    found["position"] = float(np.max(np.abs(ours["shares"] - theirs["shares"]) / held))
    if found["price"] or max(found.values()) > TOLERANCE:
        raise SystemExit(f"{name}: fills differ from those of vectorbt: {found}")
    return found | {"fills": len(ours)}


def compare(bars: pd.DataFrame, execution: Execution) -> list[dict[str, Any]]:
    """Trade every case by both engines; give of each its name, driver, number of fills and differences."""
    close = bars.pivot(index="date", columns="symbol", values="close")
    done = []
    for case in _cases(close):
        settings = execution if case.costs else replace(execution, commission_bps=0.0, half_spread_bps=0.0)
        found = _compared(case.name, _our_fills(bars, case, settings), _their_fills(close, case, settings))
        done.append({"name": case.name, "driver": case.driver} | found)
    return done
