"""Round trips: each exit is paired with the earliest entries that are still open."""

from typing import Any

import numpy as np
import pandas as pd
from numba import njit

from barograph.backtest.engine.ledger import Fills, Ledger, fills_of, origins
from barograph.backtest.engine.market import chosen
from barograph.typing import Floats, Ints

_DUST = 1e-9


def trades_table(ledger: Ledger) -> pd.DataFrame:
    """Give one row per round trip; see :attr:`Simulation.trades`."""
    fills = fills_of(ledger)
    entry, leave, size = _pair(fills.symbol, fills.shares, len(ledger.symbols))
    order = np.lexsort((leave, fills.symbol[entry], entry))
    entry, leave, size = entry[order], leave[order], size[order]
    closed = leave >= 0
    sent, words = origins(ledger, fills)
    symbol, side = fills.symbol[entry], np.sign(fills.shares[entry])
    last = chosen(pd.DataFrame(ledger.panel.close).ffill().to_numpy()[-1:], ledger.columns)[0]
    exit_price = np.where(closed, fills.price[leave], last[symbol]) if len(fills.price) else np.zeros(0)
    price, costs = fills.price[entry], _costs(fills, entry, leave, size)
    percent_of = np.where(price > 0.0, price, np.nan)
    commission = costs[0]
    pnl = side * size * (exit_price - price) - commission
    days = fills.day[entry], np.where(closed, fills.day[leave], len(ledger.panel.dates)) if len(entry) else entry
    high, low, close = (chosen(getattr(ledger.panel, name), ledger.columns) for name in ("high", "low", "close"))
    bars, worst, best = _excursions(*days, symbol, side, percent_of, exit_price, high, low, close)
    dates = ledger.dates.to_numpy()
    leaving = dates[np.minimum(days[1], len(dates) - 1)]
    leaving[~closed] = np.datetime64("NaT")
    table = {
        "symbol": ledger.symbols[symbol],
        "shares": side * size,
        "entry_date": dates[days[0]],
        "entry_price": price,
        "entry_reason": pd.array(words[entry], dtype="str"),
        "exit_date": leaving,
        "exit_price": exit_price,
        "exit_reason": pd.array(np.where(closed, words[leave], ""), dtype="str"),
        "bars": bars,
        "pnl": pnl,
        "pnl_percent": 100.0 * pnl / (size * percent_of),
        "mae_percent": worst,
        "mfe_percent": best,
        "costs": costs.sum(axis=0),
    }
    return pd.DataFrame(table | _seen(ledger, sent, entry, leave, symbol))


def _costs(fills: Fills, entry: Ints, leave: Ints, size: Floats) -> Floats:
    """Give each trade's part (2, K) of the commission and half spread of its fills."""
    parts = np.zeros((2, len(entry)))
    for place, there in ((entry, np.ones(len(entry), bool)), (leave, leave >= 0)):
        part = size[there] / np.abs(fills.shares[place[there]])
        parts[0, there] += part * fills.commission[place[there]]
        parts[1, there] += part * fills.slippage[place[there]]
    return parts


def _seen(ledger: Ledger, sent: Ints, entry: Ints, leave: Ints, symbol: Ints) -> dict[str, Any]:
    """Give the columns of signals and context on the dates on which the orders were sent."""
    found: dict[str, Any] = {}
    for name, look_up in ledger.seen.items():
        found[f"entry_{name}"] = look_up(sent[entry], symbol)
        found[f"exit_{name}"] = look_up(np.where(leave >= 0, sent[leave], -1), symbol)
    return found


@njit(cache=True, nogil=True)
def _pair(symbol: Ints, shares: Floats, symbols: int) -> tuple[Ints, Ints, Floats]:
    """Pair fills (F,) first in first out: places of entry and exit (-1: open), and the shares of each pair.

    What differs by less than 1e-9 of a fill is the same number of shares.
    """
    most = 3 * len(shares)
    entry, leave, size = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most)
    left, following = np.zeros(len(shares)), np.full(len(shares), -1)
    head, tail = np.full(symbols, -1), np.full(symbols, -1)
    count = 0
    for k in range(len(shares)):
        n, rest = symbol[k], abs(shares[k])
        while rest > 0.0 and head[n] >= 0 and shares[head[n]] * shares[k] < 0.0:
            lot = head[n]
            part = min(rest, left[lot])
            entry[count], leave[count], size[count] = lot, k, part
            count += 1
            rest = rest - part if rest - part > _DUST * abs(shares[k]) else 0.0
            left[lot] -= part
            if left[lot] <= _DUST * abs(shares[lot]):
                head[n] = following[lot]
        if rest > 0.0:
            left[k] = rest
            if head[n] < 0:
                head[n] = k
            else:
                following[tail[n]] = k
            tail[n] = k
    for n in range(symbols):
        lot = head[n]
        while lot >= 0:
            entry[count], leave[count], size[count] = lot, -1, left[lot]
            count += 1
            lot = following[lot]
    return entry[:count], leave[:count], size[:count]


@njit(cache=True, nogil=True)
def _excursions(
    entered: Ints,
    left: Ints,
    symbol: Ints,
    side: Floats,
    price: Floats,
    exit_price: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
) -> tuple[Ints, Floats, Floats]:
    """Give the bars held, and the worst and best price in percent of the entry's, of bars held whole and the exit."""
    bars, worst, best = np.zeros(len(price), np.int64), np.zeros(len(price)), np.zeros(len(price))
    for k in range(len(price)):
        n, lowest, highest = symbol[k], min(price[k], exit_price[k]), max(price[k], exit_price[k])
        for t in range(entered[k] + 1, min(left[k] + 1, len(close))):
            if np.isnan(close[t, n]):
                continue
            bars[k] += 1
            if t < left[k]:
                lowest = min(lowest, close[t, n] if np.isnan(low[t, n]) else low[t, n])
                highest = max(highest, close[t, n] if np.isnan(high[t, n]) else high[t, n])
        down, up = 100.0 * (lowest / price[k] - 1.0), 100.0 * (highest / price[k] - 1.0)
        worst[k], best[k] = (down, up) if side[k] > 0.0 else (-up, -down)
    return bars, worst, best
