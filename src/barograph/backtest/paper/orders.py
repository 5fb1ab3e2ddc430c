"""The orders that work from the next bar on: in the journal, and in the file that a trader or a program reads."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.backtest.engine import Simulation

_WORKS: Final = "end_of_data"
_KEPT: Final = (
    *("symbol", "sent", "kind", "at", "until", "shares", "value", "weight", "limit", "stop"),
    *("trail", "filled_shares", "reason"),
)
COLUMNS: Final = (
    *("order", "symbol", "kind", "at", "until", "estimated_shares", "limit", "stop", "trail", "weight", "parent"),
    "reason",
)


def names_of(orders: pd.DataFrame) -> dict[int, str]:
    """Give the name of each order by its number: the date of sending, the symbol, and a count.

    Numbers count the symbols of a row of target weights, and so change when a symbol is listed.
    """
    count = orders.groupby(["sent", "symbol"]).cumcount()
    rows = zip(orders["order"], orders["sent"], orders["symbol"], count, strict=True)
    return {-1: ""} | {int(number): f"{sent:%F}/{symbol}/{place}" for number, sent, symbol, place in rows}


def working(book: Simulation) -> list[dict[str, Any]]:
    """Give the orders that the last date of a run leaves working, with the shares that they ask for at its closes."""
    orders = book.orders
    left = orders[orders["code"] == _WORKS]
    if left.empty:
        return []
    held = book.positions.iloc[-1]
    filled, names = orders.set_index("order")["filled_shares"], names_of(orders)
    return [
        {name: _plain(order[name]) for name in _KEPT}
        | {name: names[order[name]] for name in ("order", "parent")}
        | {"filled_parent": _plain(filled.get(order["parent"], np.nan))}
        | {"held": float(held[order["symbol"]])}
        for order in left.to_dict("records")
    ]


def order_file(day: Mapping[str, Any], closes: Mapping[str, float], factors: Mapping[str, float]) -> str:
    """Give the text of a day's order file, in the units of the table of bars.

    Parameters
    ----------
    day : mapping
        An event of the journal.
    closes : mapping of str to float
        The last close of each symbol, in the journal's units.
    factors : mapping of str to float
        The journal's price over the table's, where that is not 1.
    """
    rows = []
    for order in day["orders"]:
        factor = factors.get(order["symbol"], 1.0)
        shares = _estimated(order, day["equity"], closes.get(order["symbol"]))
        prices = {name: None if order[name] is None else order[name] / factor for name in ("limit", "stop")}
        rows.append(order | prices | {"estimated_shares": None if shares is None else shares * factor})
    return pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(index=False, lineterminator="\n")


def _estimated(order: Mapping[str, Any], equity: float, close: float | None) -> float | None:
    """Give the shares that an order would trade at the last close; None where there is no close."""
    if order["shares"] is not None:
        return float(order["shares"] - order["filled_shares"])
    if order["filled_parent"] is not None:
        return float(-order["filled_parent"] - order["filled_shares"])
    if close is None:
        return None
    if order["weight"] is not None:
        return float(order["weight"] * equity / close - order["held"])
    return float(order["value"] / close - order["filled_shares"])


def last_closes(days: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Give the last close of each symbol in the journal."""
    return {
        symbol: close
        for day in days
        for symbol, close in zip(day["seen"]["bars"]["symbol"], day["seen"]["bars"]["close"], strict=True)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return f"{value:%F}"
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else float(value)
    return int(value) if isinstance(value, int | np.integer) else str(value)
