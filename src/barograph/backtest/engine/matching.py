"""The compiled order of events within a date: which orders meet which prices, and what follows the close."""

import numpy as np
from numba import njit

from barograph.backtest.engine import accounting
from barograph.backtest.engine.accounting import CANCELLED, DELISTED, REPLACED, WORKS
from barograph.backtest.engine.book import (
    CALL,
    ENTRY,
    LIMIT,
    LOSS,
    MARKET,
    OPEN,
    STOP_LIMIT,
    TIME,
    TRAILING_STOP,
    end,
    end_of_order,
    new_order,
    plan_order,
    settle,
)
from barograph.backtest.engine.state import (
    AMBIGUOUS,
    BASKETS,
    BORROW,
    CASH,
    COMMISSION,
    EQUITY,
    FILLS,
    GROSS,
    INTEREST,
    NUMBER,
    ROWS,
    SLIPPAGE,
    TIMED,
    WAITING,
    State,
)
from barograph.backtest.engine.state import WORKING as COUNT_WORKING
from barograph.typing import Floats


@njit(nogil=True, error_model="numpy")
def before_open(s: State, t: int) -> None:
    """Pay interest, pay out what counts as delisted, and give every symbol its volume of the day."""
    accounting.accrue(s, t)
    h, close = s.holdings, s.market.close
    for n in range(len(h)):
        h[n].quiet = h[n].quiet + 1 if np.isnan(close[t, n]) else 0
        if h[n].quiet == s.rules.delisting_days and h[n].mark > 0.0:
            _pay_out(s, t, n)
    if s.rules.participation > 0.0:
        for n in range(len(h)):
            volume = s.market.volume[t, n]
            h[n].room = s.rules.participation * volume if volume > 0.0 else 0.0
            if s.rules.impact > 0.0:
                flow, volatility = s.flows[n], s.market.volatility[t, n]
                flow.crossed = flow.planned = 0.0
                flow.toll = s.rules.impact * volatility / np.sqrt(volume) if volume > 0.0 else 0.0


@njit(nogil=True, error_model="numpy")
def _pay_out(s: State, t: int, n: int) -> None:
    shares = s.holdings[n].shares
    if shares != 0.0:
        price = s.holdings[n].mark * (1.0 - s.rules.haircut)
        s.money[CASH] += shares * price
        s.holdings[n].shares = 0.0
        made = s.fills[s.counts[FILLS]]
        made.number, made.day, made.symbol = -1, t, n
        made.shares, made.price, made.spread, made.commission = -shares, price, 0.0, 0.0
        s.counts[FILLS] += s.rules.logged
    accounting.cancel_target(s, t, n, DELISTED)
    for w in range(s.counts[COUNT_WORKING]):
        i = s.working[w]
        if s.orders[i].symbol == n and s.orders[i].status == WORKS:
            end(s, t, i, CANCELLED, DELISTED)


@njit(nogil=True, error_model="numpy")
def basket_of(s: State, t: int, price: Floats, moment: int) -> None:
    """Fill all that meets the open, the mean or the close: one basket, in order of sending."""
    targets = s.counts[WAITING] > 0 and s.rules.moment == moment
    if not targets and s.counts[COUNT_WORKING] == 0:
        return
    before = max(accounting.mark_all(s, price), 0.0)
    accounting.begin(s)
    row = s.rows[s.counts[ROWS] - 1].base if targets else s.counts[NUMBER]
    _plan_book(s, t, price, moment, before, 0, row)
    if targets:
        accounting.plan_targets(s, t, price, before)
        _plan_book(s, t, price, moment, before, row, s.counts[NUMBER])
    settle(s, t, before)


@njit(nogil=True, error_model="numpy")
def _plan_book(s: State, t: int, price: Floats, moment: int, before: float, low: int, high: int) -> None:
    """Enter the orders of the book with numbers from low to below high that meet these prices."""
    b = s.orders
    for w in range(s.counts[COUNT_WORKING]):
        i = s.working[w]
        n = b[i].symbol
        if b[i].status != WORKS or b[i].sent == t or not low <= b[i].number < high or np.isnan(price[n]):
            continue
        if _meets(s, i, price[n], moment) and not _bracket_is_in(s, t, i, price[n], moment):
            plan_order(s, t, i, price[n], b[i].now != LIMIT, before)


@njit(nogil=True, error_model="numpy")
def _meets(s: State, i: int, price: float, moment: int) -> bool:
    b = s.orders
    return bool(b[i].at == moment if b[i].now == MARKET else moment == OPEN and _meets_open(s, i, price))


@njit(nogil=True, error_model="numpy")
def _bracket_is_in(s: State, t: int, i: int, price: float, moment: int) -> bool:
    """Whether another order of a bracket takes part in the basket: the first side that may, else the entry."""
    b = s.orders
    if b[i].role == ENTRY:
        for w in range(s.counts[COUNT_WORKING] if b[i].first >= 0 else 0):
            k = s.working[w]
            if b[k].parent == i and b[k].status == WORKS and b[k].sent < t and _meets(s, k, price, moment):
                return True
        return False
    if b[i].role == CALL:
        return False
    entry, basket = b[i].parent, s.counts[BASKETS]
    already = b[entry].entered == basket
    b[entry].entered = basket
    return bool(already)


@njit(nogil=True, error_model="numpy")
def trigger(s: State, i: int) -> float:
    """Give the price that triggers a stop."""
    b = s.orders
    return float(b[i].best * (1.0 + b[i].side * b[i].trail) if b[i].kind == TRAILING_STOP else b[i].stop)


@njit(nogil=True, error_model="numpy")
def _meets_open(s: State, i: int, price: float) -> bool:
    """Whether the open gaps through a stop, or is at a limit or better; a stop-limit becomes a limit order."""
    b = s.orders
    if b[i].now != LIMIT:
        gapped = (price - trigger(s, i)) * b[i].side >= 0.0
        if b[i].now != STOP_LIMIT or not gapped:
            return bool(gapped)
        b[i].now = LIMIT
    return bool((b[i].limit - price) * b[i].side >= 0.0)


@njit(nogil=True, error_model="numpy")
def stop_hit(s: State, t: int, i: int) -> bool:
    """Whether the bar reaches a stop."""
    b, n = s.orders, s.orders[i].symbol
    if b[i].side > 0:
        return bool(s.market.high[t, n] >= trigger(s, i))
    return bool(s.market.low[t, n] <= trigger(s, i))


@njit(nogil=True, error_model="numpy")
def limit_hit(s: State, t: int, i: int) -> bool:
    """Whether the bar trades through a limit, or touches it where that is enough."""
    limit, n = s.orders[i].limit, s.orders[i].symbol
    if s.orders[i].side > 0:
        return s.market.low[t, n] < limit or (s.rules.touch and s.market.low[t, n] == limit)
    return s.market.high[t, n] > limit or (s.rules.touch and s.market.high[t, n] == limit)


@njit(nogil=True, error_model="numpy")
def during_day(s: State, t: int) -> None:
    """Fill resting stops, then resting limits, each as a basket of its own in order of sending."""
    working = s.counts[COUNT_WORKING]
    for w in range(working):
        i = s.working[w]
        if _both_hit(s, t, i):
            s.counts[AMBIGUOUS] += 1
            # A stop that is passed over is marked, and tried again after the limits.
            s.orders[i].woken = t if s.rules.target_first else s.orders[i].woken
    for w in range(working):
        _try_stop(s, t, s.working[w], False)
    for w in range(working):
        i = s.working[w]
        if _works(s, t, i) and s.orders[i].now == LIMIT and s.orders[i].woken != t and limit_hit(s, t, i):
            _fill_alone(s, t, i, s.orders[i].limit, False)
    if s.rules.target_first:
        for w in range(working):
            _try_stop(s, t, s.working[w], True)


@njit(nogil=True, error_model="numpy")
def _works(s: State, t: int, i: int) -> bool:
    return s.orders[i].status == WORKS and s.orders[i].sent < t and not np.isnan(s.market.close[t, s.orders[i].symbol])


@njit(nogil=True, error_model="numpy")
def _both_hit(s: State, t: int, i: int) -> bool:
    """Whether a bracket's stop and target are both inside the bar, so that its order decides which fills."""
    b = s.orders
    other = b[i].sibling
    if b[i].role != LOSS or b[i].now == MARKET or not _works(s, t, i):
        return False
    if other < 0 or b[other].status != WORKS or b[other].woken == t:
        return False
    return s.holdings[b[i].symbol].shares * b[i].side < 0.0 and stop_hit(s, t, i) and limit_hit(s, t, other)


@njit(nogil=True, error_model="numpy")
def _try_stop(s: State, t: int, i: int, passed_over: bool) -> None:
    b = s.orders
    if not _works(s, t, i) or b[i].now == LIMIT or b[i].now == MARKET or not stop_hit(s, t, i):
        return
    if b[i].now == STOP_LIMIT:
        b[i].now, b[i].woken = LIMIT, t
    elif (b[i].woken == t) == passed_over:
        _fill_alone(s, t, i, trigger(s, i), True)


@njit(nogil=True, error_model="numpy")
def _fill_alone(s: State, t: int, i: int, price: float, crosses: bool) -> None:
    before = max(accounting.mark_one(s, s.orders[i].symbol, price), 0.0)
    accounting.begin(s)
    plan_order(s, t, i, price, crosses, before)
    settle(s, t, before)


@njit(nogil=True, error_model="numpy")
def after_close(s: State, t: int) -> None:
    """Mark the portfolio, end the orders of the day, move trailing stops, count bars and check the margin."""
    equity = accounting.mark_all(s, s.market.close[t])
    money, today = s.money, s.dates[t]
    money[EQUITY] = equity
    today.equity, today.cash = equity, money[CASH]
    today.commission, today.slippage = money[COMMISSION], money[SLIPPAGE]
    today.interest, today.borrow = money[INTEREST], money[BORROW]
    for n in range(len(s.holdings)):
        s.positions[t, n] = s.holdings[n].shares
    if s.counts[COUNT_WORKING] > 0:
        _review(s, t)
    if s.counts[TIMED] > 0:
        _count_bars(s, t)
    if not s.rules.cash_account and 0.0 < equity < s.rules.maintenance * money[GROSS]:
        _call(s, t)
    if s.counts[COUNT_WORKING] > 0:
        _forget_ended(s)


@njit(nogil=True, error_model="numpy")
def _review(s: State, t: int) -> None:
    b = s.orders
    for w in range(s.counts[COUNT_WORKING]):
        i = s.working[w]
        n = b[i].symbol
        if b[i].status != WORKS:
            continue
        end_of_order(s, t, i, not np.isnan(s.market.close[t, n]))
        if b[i].kind == TRAILING_STOP and b[i].sent < t:
            if b[i].side < 0 and s.market.high[t, n] > b[i].best:
                b[i].best = s.market.high[t, n]
            if b[i].side > 0 and s.market.low[t, n] < b[i].best:
                b[i].best = s.market.low[t, n]


@njit(nogil=True, error_model="numpy")
def _count_bars(s: State, t: int) -> None:
    """Count the bars of entries with a time stop; at the last of them an order is sent that closes the entry."""
    b, kept = s.orders, 0
    for w in range(s.counts[TIMED]):
        i = s.timed[w]
        n = b[i].symbol
        if b[i].bars == 0 or s.holdings[n].shares * b[i].filled <= 0.0:
            continue
        if b[i].first < t and not np.isnan(s.market.close[t, n]):
            b[i].age += 1
        if b[i].age == b[i].bars:
            k = new_order(s, t, n, MARKET, -1 if b[i].filled > 0.0 else 1, False)
            b[k].role, b[k].parent = TIME, i
        else:
            s.timed[kept] = i
            kept += 1
    s.counts[TIMED] = kept


@njit(nogil=True, error_model="numpy")
def _call(s: State, t: int) -> None:
    """Answer a margin call: cancel what would open exposure, and reduce every position by the same factor."""
    b, h = s.orders, s.holdings
    equity, gross = s.money[EQUITY], s.money[GROSS]
    for w in range(s.counts[COUNT_WORKING]):
        i = s.working[w]
        if b[i].status == WORKS and b[i].role == CALL:
            end(s, t, i, CANCELLED, REPLACED)
        elif b[i].status == WORKS and b[i].role == ENTRY and _opens(s, i, equity):
            end(s, t, i, CANCELLED, accounting.MARGIN_CALL)
    for n in range(len(h)):
        if not np.isnan(h[n].target) and abs(h[n].target * equity) > abs(h[n].shares * h[n].mark):
            accounting.cancel_target(s, t, n, accounting.MARGIN_CALL)
    cut = 1.0 - s.rules.max_leverage * equity / gross
    for n in range(len(h)):
        if h[n].shares != 0.0 and cut > 0.0:
            k = new_order(s, t, n, MARKET, -1 if h[n].shares > 0.0 else 1, False)
            b[k].shares, b[k].role = -cut * h[n].shares, CALL


@njit(nogil=True, error_model="numpy")
def _opens(s: State, i: int, equity: float) -> bool:
    """Whether a position would be larger after an order."""
    b, n = s.orders, s.orders[i].symbol
    held, mark = s.holdings[n].shares, s.holdings[n].mark
    if not np.isnan(b[i].weight):
        return bool(abs(b[i].weight * equity) > abs(held * mark))
    shares = b[i].value / mark if np.isnan(b[i].shares) else b[i].shares
    return bool(abs(held + shares - b[i].filled) > abs(held))


@njit(nogil=True, error_model="numpy")
def _forget_ended(s: State) -> None:
    b, kept = s.orders, 0
    for w in range(s.counts[COUNT_WORKING]):
        if b[s.working[w]].status == WORKS:
            s.working[kept] = s.working[w]
            kept += 1
    s.counts[COUNT_WORKING] = kept
