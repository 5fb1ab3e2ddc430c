"""The compiled book of orders: how they are made, planned into baskets, and how they end."""

import numpy as np
from numba import njit

from barograph.backtest.engine import accounting
from barograph.backtest.engine.accounting import (
    CANCELLED,
    EXPIRED,
    FILLED,
    NO_VOLUME,
    OTHER_SIDE,
    PARTICIPATION,
    PARTLY,
    POSITION_CLOSED,
    REJECTED,
    WORKS,
)
from barograph.backtest.engine.state import BASKETS, ENTRIES, FILLS, NUMBER, ORDERS, TIMED, WAITING, WORKING, State

MARKET, LIMIT, STOP, STOP_LIMIT, TRAILING_STOP = range(5)
# Of the moments in `barograph.backtest.engine.orders`.
CLOSE, OPEN = 0, 1
# Why the engine itself sent an order: a bracket's sides, a time stop, a margin call. All of them only reduce.
ENTRY, TARGET, LOSS, TIME, CALL = range(5)


@njit(nogil=True, error_model="numpy")
def new_order(s: State, t: int, n: int, kind: int, side: int, day: bool) -> int:
    """Put an order into the book, and give its place."""
    b, i = s.orders, s.counts[ORDERS]
    b[i].number, b[i].symbol, b[i].kind, b[i].now, b[i].side = s.counts[NUMBER], n, kind, kind, side
    b[i].at, b[i].day, b[i].sent = s.rules.moment, day, t
    b[i].shares, b[i].value, b[i].weight, b[i].limit, b[i].stop = np.nan, np.nan, np.nan, np.nan, np.nan
    b[i].trail, b[i].best, b[i].target, b[i].loss = np.nan, np.nan, np.nan, np.nan
    b[i].bars, b[i].age, b[i].parent, b[i].role, b[i].sibling = 0, 0, -1, ENTRY, -1
    b[i].woken, b[i].entered, b[i].first, b[i].last = -1, 0, -1, t
    b[i].status, b[i].code, b[i].filled, b[i].paid, b[i].slices = WORKS, 0, 0.0, 0.0, 0
    s.working[s.counts[WORKING]] = i
    s.counts[WORKING] += 1
    s.counts[ORDERS] += 1
    s.counts[NUMBER] += 1
    return int(i)


@njit(nogil=True, error_model="numpy")
def end(s: State, t: int, i: int, status: int, code: int) -> None:
    """End an order; one that has filled in part is partly filled, whatever ends it."""
    b = s.orders
    b[i].status = PARTLY if status != FILLED and b[i].first >= 0 else status
    b[i].code, b[i].last = code, t


@njit(nogil=True, error_model="numpy")
def plan_order(s: State, t: int, i: int, price: float, crosses: bool, before: float) -> None:
    """Enter an order of the book into the basket; one that could only reduce a position that is gone ends."""
    b, n = s.orders, s.orders[i].symbol
    held, entry = s.holdings[n], s.basket[s.counts[ENTRIES]]
    accounting.touch(held, s.counts[BASKETS])
    whole = np.nan
    if b[i].role != ENTRY:
        want = reducing(s, i)
        if want == 0.0:
            end(s, t, i, CANCELLED, POSITION_CLOSED)
            return
    elif not np.isnan(b[i].weight):
        whole = b[i].weight * before / price
        want = whole - held.projected
    else:
        if np.isnan(b[i].shares):
            b[i].shares = b[i].value / price
        want = b[i].shares - b[i].filled
    if _is_spread(s, i):
        want *= accounting.part_of(s, t, n, b[i].slices)
    entry.place, entry.symbol = i, n
    volume, factor = s.market.volume[t, n], accounting.factor_of(s.rules, s.market.factor[t], n)
    accounting.plan(s.rules, held, s.flows[n], entry, want, whole, price, crosses, before, volume, factor)
    s.counts[ENTRIES] += 1


@njit(nogil=True, error_model="numpy")
def _is_spread(s: State, i: int) -> bool:
    """Whether a schedule of several bars spreads an order."""
    return bool(s.rules.slices > 1 and s.orders[i].kind == MARKET and s.orders[i].role == ENTRY)


@njit(nogil=True, error_model="numpy")
def reducing(s: State, i: int) -> float:
    """Give the signed shares of an order that only reduces: no more than the position has left in this basket."""
    b, n = s.orders, s.orders[i].symbol
    size = abs(b[i].shares) if b[i].role == CALL else -b[i].side * b[b[i].parent].filled
    if s.holdings[n].shares * b[i].side >= 0.0:
        return 0.0
    return float(b[i].side * max(min(size - abs(b[i].filled), s.holdings[n].closable), 0.0))


@njit(nogil=True, error_model="numpy")
def settle(s: State, t: int, before: float) -> None:
    """Fill the basket: closing parts in full, opening parts by one factor; then each order learns its fill."""
    _fill_basket(s, t, accounting.share_of_openings(s, t, before), before)
    if s.counts[WORKING] > 0:
        for e in range(s.counts[ENTRIES]):
            if s.basket[e].place >= 0:
                _conclude(s, t, s.basket[e].place, s.basket[e].filled, s.basket[e].paid, s.basket[e].code)
        for e in range(s.counts[ENTRIES]):
            n, filled = s.basket[e].symbol, s.basket[e].filled
            if s.basket[e].closing > 0.0 or (filled != 0.0 and filled * s.holdings[n].shares <= 0.0):
                _end_reducing(s, t, n)


@njit(nogil=True, error_model="numpy")
def _fill_basket(s: State, t: int, share: float, before: float) -> None:
    """Fill the entries of the basket; the target weights among them end."""
    rules, money, basket, h, fills, row = s.rules, s.money, s.basket, s.holdings, s.fills, accounting.newest_row(s)
    made, ended, factors, orders = s.counts[FILLS], 0, s.market.factor[t], s.orders
    outcomes, base = s.outcomes[row if rules.logged else 0], s.rows[row].base
    for e in range(s.counts[ENTRIES]):
        entry, held, flow = basket[e], h[basket[e].symbol], s.flows[basket[e].symbol]
        factor = accounting.factor_of(rules, factors, entry.symbol)
        size, code = accounting.filled_size(rules, held, entry, share, before, factor)
        i, n = entry.place, entry.symbol
        entry.code, entry.filled = code, size * entry.sign
        if size > 0.0:
            fills[made].number = orders[i].number if i >= 0 else base + n
            fills[made].day, fills[made].symbol = t, n
            accounting.fill(rules, money, held, flow, fills[made], entry, factor)
            made += rules.logged
        if rules.impact > 0.0:
            flow.planned = flow.crossed
        if rules.slices > 1 and i < 0:
            flow.slices += 1
        done = rules.slices <= 1 or flow.slices >= rules.slices
        if i < 0 and done and not (rules.carry and code in (PARTICIPATION, NO_VOLUME)):
            status = FILLED if code == 0 else PARTLY if size > 0.0 else REJECTED
            accounting.end_target(held, outcomes[n], t, status, code)
            ended += 1
    s.counts[FILLS] = made
    s.counts[WAITING] -= ended


@njit(nogil=True, error_model="numpy")
def _learn(s: State, t: int, i: int, signed: float, paid: float) -> None:
    b = s.orders
    first = b[i].first < 0
    b[i].filled += signed
    b[i].paid += signed * paid
    b[i].last = t
    if first:
        b[i].first = t
        _follow(s, t, i, -1 if signed > 0.0 else 1)
    if b[i].role != ENTRY and b[i].role != CALL:
        _end_bracket(s, t, i)


@njit(nogil=True, error_model="numpy")
def _end_bracket(s: State, t: int, i: int) -> None:
    """End what is left of the bracket of an order that has filled: the other sides, the time stop and the entry."""
    b, entry = s.orders, s.orders[i].parent
    b[entry].bars = 0
    for w in range(s.counts[WORKING]):
        k = s.working[w]
        if b[k].status == WORKS and k != i and (k == entry or b[k].parent == entry):
            end(s, t, k, CANCELLED, OTHER_SIDE)


@njit(nogil=True, error_model="numpy")
def _end_reducing(s: State, t: int, n: int) -> None:
    """End the orders that can only reduce a position which is gone, and forget its time stops."""
    b, shares = s.orders, s.holdings[n].shares
    for w in range(s.counts[WORKING]):
        i = s.working[w]
        if b[i].symbol == n and b[i].status == WORKS and b[i].role != ENTRY and shares * b[i].side >= 0.0:
            end(s, t, i, CANCELLED, POSITION_CLOSED)
    for w in range(s.counts[TIMED]):
        i = s.timed[w]
        if b[i].symbol == n and shares * b[i].filled <= 0.0:
            b[i].bars = 0


@njit(nogil=True, error_model="numpy")
def _conclude(s: State, t: int, i: int, signed: float, paid: float, code: int) -> None:
    b = s.orders
    if signed != 0.0:
        _learn(s, t, i, signed, paid)
    b[i].slices += 1
    if (_is_spread(s, i) and b[i].slices < s.rules.slices) or (s.rules.carry and code in (PARTICIPATION, NO_VOLUME)):
        # An order is tried once a date.
        b[i].code, b[i].woken = code, t
        if b[i].now not in (LIMIT, MARKET):
            # A stop that was triggered stays triggered.
            b[i].now, b[i].at = MARKET, OPEN
    elif code == 0:
        end(s, t, i, FILLED, 0)
    else:
        end(s, t, i, REJECTED, code)


@njit(nogil=True, error_model="numpy")
def _follow(s: State, t: int, i: int, side: int) -> None:
    """Send the bracket of an entry that has just filled, and start its time stop."""
    b, n = s.orders, s.orders[i].symbol
    target, loss = -1, -1
    if not np.isnan(b[i].target):
        target = new_order(s, t, n, LIMIT, side, False)
        b[target].limit, b[target].role, b[target].parent = b[i].target, TARGET, i
    if not np.isnan(b[i].loss):
        loss = new_order(s, t, n, STOP, side, False)
        b[loss].stop, b[loss].role, b[loss].parent = b[i].loss, LOSS, i
    if target >= 0 and loss >= 0:
        b[target].sibling, b[loss].sibling = loss, target
    if b[i].bars > 0:
        s.timed[s.counts[TIMED]] = i
        s.counts[TIMED] += 1


@njit(nogil=True, error_model="numpy")
def end_of_order(s: State, t: int, i: int, has_bar: bool) -> None:
    """End an order after the close if it worked for this day only and has not been tried."""
    b = s.orders
    if b[i].day == 0 or b[i].status != WORKS or b[i].sent == t or b[i].slices > 0:
        return
    if not has_bar:
        end(s, t, i, REJECTED, accounting.NO_BAR)
    else:
        end(s, t, i, EXPIRED, accounting.DAY_OVER)
