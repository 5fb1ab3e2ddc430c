"""The compiled accounting: marks, interest, baskets, fees and fills. Both drivers use these functions and no others."""

from typing import Any

import numpy as np
from numba import njit

from barograph.backtest.engine.state import (
    BASKETS,
    BORROW,
    CASH,
    COMMISSION,
    DUST,
    ENTRIES,
    GROSS,
    INTEREST,
    NUMBER,
    ROWS,
    SLIPPAGE,
    WAITING,
    Rules,
    State,
)
from barograph.typing import Floats

LEVERAGE_TOLERANCE = 2e-9
# Sizes that differ by less are the same: what is left of a position otherwise is an error of rounding.
SAME = 1e-9
_YEAR = 365.0
# Places in `barograph.backtest.engine.orders.STATUSES` and `CODES`.
WORKS, FILLED, PARTLY, CANCELLED, EXPIRED, REJECTED = range(1, 7)
NO_BAR, NO_CASH, OVER_LEVERAGE, NOTHING_TO_BORROW, SHORT, NO_VOLUME = range(1, 7)
DELISTED, BELOW_A_LOT, PARTICIPATION, DAY_OVER, REPLACED = range(8, 13)
BY_STRATEGY, OTHER_SIDE, POSITION_CLOSED, MARGIN_CALL, END_OF_DATA, EMERGENCY = range(13, 19)


@njit(nogil=True, error_model="numpy")
def mark_all(s: State, price: Floats) -> float:
    """Mark every symbol that has a price, and give the equity; the gross exposure is noted."""
    h, value, gross = s.holdings, s.money[CASH], 0.0
    for n in range(len(h)):
        if not np.isnan(price[n]):
            h[n].mark = price[n]
        worth = h[n].shares * h[n].mark
        value += worth
        gross += abs(worth)
    s.money[GROSS] = gross
    return float(value)


@njit(nogil=True, error_model="numpy")
def mark_one(s: State, n: int, price: float) -> float:
    """Mark one symbol, and give the equity; the gross exposure is noted."""
    h, value, gross = s.holdings, s.money[CASH], 0.0
    h[n].mark = price
    for m in range(len(h)):
        worth = h[m].shares * h[m].mark
        value += worth
        gross += abs(worth)
    s.money[GROSS] = gross
    return float(value)


@njit(nogil=True, error_model="numpy")
def accrue(s: State, t: int) -> None:
    """Pay interest and borrow fees for the calendar days since the previous date, actual days over 365."""
    h, money = s.holdings, s.money
    money[COMMISSION : BORROW + 1] = 0.0
    if t == 0:
        return
    years = (s.dates[t].day - s.dates[t - 1].day) / _YEAR
    cash = money[CASH]
    earned = (s.dates[t - 1].cash_rate if cash > 0.0 else s.dates[t - 1].debit_rate) * years * cash
    fee = 0.0
    for n in range(len(h)):
        if h[n].shares < 0.0:
            fee -= h[n].shares * h[n].mark * h[n].borrow_rate * years
    money[INTEREST], money[BORROW] = -earned, fee
    money[CASH] = cash + earned - fee


@njit(nogil=True, error_model="numpy", forceinline=True)
def fee_of(rules: Rules, size: float, paid: float, factor: float) -> float:
    """Give the commission of a fill; the factor makes real shares of adjusted ones."""
    return float(max(rules.minimum, size * paid * rules.commission + rules.per_share * size * factor) + rules.per_order)


@njit(nogil=True, error_model="numpy", forceinline=True)
def paid_at(price: float, sign: float, spread: float) -> float:
    """Give the price paid or received for a bar's price."""
    return price * (1.0 + spread if sign > 0.0 else 1.0 - spread)


@njit(nogil=True, error_model="numpy", forceinline=True)
def whole_lots(lot: float, size: float, factor: float) -> float:
    """Round shares toward zero to whole lots of real shares."""
    return float(np.floor(size * factor / lot + 1e-9) * lot / factor)


@njit(nogil=True, error_model="numpy", forceinline=True)
def factor_of(rules: Rules, factors: Floats, n: int) -> float:
    """Give the factor (of a date's (N,)) that makes real shares of adjusted ones; 1 where nothing depends on it."""
    return float(factors[n]) if rules.factored else 1.0


@njit(nogil=True, error_model="numpy")
def begin(s: State) -> None:
    """Begin a basket."""
    s.counts[BASKETS] += 1
    s.counts[ENTRIES] = 0


@njit(nogil=True, error_model="numpy", forceinline=True)
def touch(held: Any, basket: int) -> None:
    """Note a symbol's position before the basket, once per basket."""
    if held.seen != basket:
        held.seen, held.closable, held.projected = basket, abs(held.shares), held.shares


@njit(nogil=True, error_model="numpy", forceinline=True)
def loss_of(rules: Rules, flow: Any, before: float, size: float) -> float:
    """Give half spread and impact of shares that cross the spread after so many others on the same bar.

    By the square-root law all of a bar's shares together lose toll x shares^1.5; those after the others lose the rest.
    """
    if size == 0.0:
        return rules.half_spread
    after = before + size
    impact = flow.toll * (after * np.sqrt(after) - before * np.sqrt(before)) / size
    return float(min(rules.half_spread + impact, 1.0))


@njit(nogil=True, error_model="numpy")
def part_of(s: State, t: int, n: int, tried: int) -> float:
    """Give the part of what is left that a schedule trades on this bar, after so many bars."""
    left = s.rules.slices - tried
    if left <= 1:
        return 1.0
    pace = s.market.pace[t, n] if s.rules.by_volume else 1.0
    return float(1.0 / left if np.isnan(pace) else 1.0 / (1.0 + (left - 1) * pace))


@njit(nogil=True, error_model="numpy", forceinline=True)
def plan(
    rules: Rules,
    held: Any,
    flow: Any,
    entry: Any,
    want: float,
    whole: float,
    price: float,
    crosses: bool,
    before: float,
    volume: float,
    factor: float,
) -> None:
    """Write an order's closing and opening part into an entry of the basket, cut by borrowing, volume and lots."""
    # Sides change from symbol to symbol, and a jump that depends on them is slow: a factor of 0 or 1 needs none.
    sign, shares, closable, projected = 1.0 if want > 0.0 else -1.0, held.shares, held.closable, held.projected
    size, left = abs(want), closable * (sign * shares < 0.0)
    closes, code = (left > 0.0) & (size >= left * (1.0 - SAME)), 0
    closing = left if closes else min(size, left)
    opening = size - closing if size > left * (1.0 + SAME) else 0.0
    if opening * price <= DUST * before:
        opening = 0.0
    if not closes and closing * price <= DUST * before:
        closing = 0.0
    if opening > 0.0 and sign < 0.0 and (rules.cash_account or np.isnan(held.borrow_rate)):
        opening, code = 0.0, SHORT if rules.cash_account else NOTHING_TO_BORROW
    if rules.lot > 0.0 and closing + opening > 0.0:
        closing = closing if closes else whole_lots(rules.lot, closing, factor)
        opening = whole_lots(rules.lot, opening, factor)
        code = BELOW_A_LOT if code == 0 and closing + opening == 0.0 else code
    if rules.participation > 0.0:
        room = held.room
        if closing + opening > room:
            code = code if code != 0 else PARTICIPATION if volume > 0.0 else NO_VOLUME
            closes = closes and closing <= room
            closing = min(closing, room)
            opening = room - closing
            if rules.lot > 0.0:
                closing = closing if closes else whole_lots(rules.lot, closing, factor)
                opening = whole_lots(rules.lot, opening, factor)
        held.room = room - closing - opening
    held.closable, held.projected = closable - closing, projected + want
    entry.sign, entry.code, entry.closing, entry.opening = sign, code, closing, opening
    entry.price, entry.whole, entry.crosses = price, whole, crosses
    entry.spread = rules.half_spread if crosses else 0.0
    if rules.impact > 0.0 and crosses:
        entry.spread = loss_of(rules, flow, flow.planned, closing + opening)
        flow.planned += closing + opening


@njit(nogil=True, error_model="numpy")
def plan_targets(s: State, t: int, price: Floats, before: float) -> None:
    """Enter the target weights whose symbols have a price, as weight times equity over price."""
    rules, h, basket, current, e = s.rules, s.holdings, s.basket, s.counts[BASKETS], s.counts[ENTRIES]
    volume, factors = s.market.volume[t], s.market.factor[t]
    for n in range(len(h)):
        held, entry = h[n], basket[e]
        if np.isnan(held.target) or np.isnan(price[n]):
            continue
        touch(held, current)
        whole = held.target * before / price[n]
        entry.place, entry.symbol = -1, n
        want = whole - held.projected
        if rules.slices > 1:
            want *= part_of(s, t, n, s.flows[n].slices)
        factor = factor_of(rules, factors, n)
        plan(rules, held, s.flows[n], entry, want, whole, price[n], True, before, volume[n], factor)
        e += 1
    s.counts[ENTRIES] = e


@njit(nogil=True, error_model="numpy")
def share_of_openings(s: State, t: int, before: float) -> float:
    """Give the factor on all opening parts that leverage or, in a cash account, cash allows."""
    if s.rules.cash_account:
        return _affordable(s, t, before)
    opened, closed, basket = 0.0, 0.0, s.basket
    for e in range(s.counts[ENTRIES]):
        opened += basket[e].opening * basket[e].price
        closed += basket[e].closing * basket[e].price
    kept = s.money[GROSS] - closed
    if opened == 0.0 or kept + opened <= (s.rules.max_leverage + LEVERAGE_TOLERANCE) * before:
        return 1.0
    return float(max(0.0, (s.rules.max_leverage * before - kept) / opened))


@njit(nogil=True, error_model="numpy")
def _affordable(s: State, t: int, before: float) -> float:
    """Solve cost(factor) = cash by Newton's method; the cost is convex and made of few lines, so that it ends soon.

    Sales that bring in less than their fees are not made where nobody could pay for them.
    """
    cash = s.money[CASH]
    for e in range(s.counts[ENTRIES]):
        cash += _proceeds(s, t, e)
    if cash < -DUST * before:
        for e in range(s.counts[ENTRIES]):
            net, entry = _proceeds(s, t, e), s.basket[e]
            if net < 0.0:
                cash -= net
                s.holdings[entry.symbol].room += entry.closing
                entry.closing, entry.code = 0.0, NO_CASH
    factor = 1.0
    for k in range(s.counts[ENTRIES] + 2):
        over, slope = _over(s, t, factor, cash)
        if over <= (DUST * before if k == 0 else 0.0) or slope == 0.0:
            break
        factor = max(0.0, factor - over / slope)
    return factor


@njit(nogil=True, error_model="numpy")
def _proceeds(s: State, t: int, e: int) -> float:
    """Give the money that a sale brings in, less its fee."""
    entry = s.basket[e]
    if entry.closing == 0.0:
        return 0.0
    paid = paid_at(entry.price, entry.sign, entry.spread)
    factor = factor_of(s.rules, s.market.factor[t], entry.symbol)
    return float(entry.closing * paid - fee_of(s.rules, entry.closing, paid, factor))


@njit(nogil=True, error_model="numpy")
def _over(s: State, t: int, factor: float, cash: float) -> tuple[float, float]:
    """Give by how much the openings cost more than the cash, and by how much that grows with the factor."""
    rules, over, slope = s.rules, -cash, 0.0
    for e in range(s.counts[ENTRIES]):
        entry = s.basket[e]
        if entry.opening > 0.0:
            paid = paid_at(entry.price, entry.sign, entry.spread)
            rate = paid * rules.commission + rules.per_share * factor_of(s.rules, s.market.factor[t], entry.symbol)
            size = factor * entry.opening
            over += size * paid + max(rules.minimum, size * rate) + rules.per_order
            slope += entry.opening * (paid + (rate if size * rate > rules.minimum else 0.0))
    return over, slope


@njit(nogil=True, error_model="numpy", forceinline=True)
def filled_size(rules: Rules, held: Any, entry: Any, share: float, before: float, factor: float) -> tuple[float, int]:
    """Give the shares that an entry of the basket fills, and the code of the first cut."""
    closing, opening, code = entry.closing, entry.opening, entry.code
    if share < 1.0 and opening > 0.0:
        opening = whole_lots(rules.lot, opening * share, factor) if rules.lot > 0.0 else opening * share
        code = code if code != 0 else NO_CASH if rules.cash_account else OVER_LEVERAGE
    size = closing + opening
    if size * entry.price <= DUST * before and (closing == 0.0 or closing < abs(held.shares)):
        size = 0.0
    if rules.participation > 0.0:
        held.room += entry.closing + entry.opening - size
    return size, code


@njit(nogil=True, error_model="numpy", forceinline=True)
def fill(rules: Rules, money: Floats, held: Any, flow: Any, made: Any, entry: Any, factor: float) -> None:
    """Move shares and money, and note the fill and the price paid."""
    signed, price = entry.filled, entry.price
    size = abs(signed)
    # What cash or leverage has cut loses less than was planned.
    if rules.impact > 0.0 and entry.crosses:
        entry.spread = loss_of(rules, flow, flow.crossed, size)
        flow.crossed += size
    spread = entry.spread
    paid = paid_at(price, signed, spread)
    fee = fee_of(rules, size, paid, factor)
    made.shares, made.price, made.spread, made.commission = signed, price, spread, fee
    before = held.shares
    after = before + signed if abs(before + signed) > DUST * size else 0.0
    if entry.code == 0 and abs(after - entry.whole) <= 1e-9 * abs(entry.whole):
        after = entry.whole
    # Only days tell the average price, and a run notes everything.
    if rules.logged and before * signed >= 0.0:
        held.cost = (held.cost * abs(before) + paid * size) / (abs(before) + size)
    elif rules.logged and after * before < 0.0:
        held.cost = paid
    money[CASH] -= signed * paid + fee
    money[COMMISSION] += fee
    money[SLIPPAGE] += size * price * spread
    held.shares, entry.paid = after, paid


@njit(nogil=True, error_model="numpy", forceinline=True)
def end_target(held: Any, outcome: Any, t: int, status: int, code: int) -> None:
    """End the target weight of a symbol."""
    outcome.status, outcome.code, outcome.ended = status, code, t
    held.target = np.nan


@njit(nogil=True, error_model="numpy")
def cancel_target(s: State, t: int, n: int, code: int) -> None:
    """Cancel the target weight of a symbol, if one waits."""
    if not np.isnan(s.holdings[n].target):
        row = newest_row(s) if s.rules.logged else 0
        end_target(s.holdings[n], s.outcomes[row, n], t, CANCELLED, code)
        s.counts[WAITING] -= 1


@njit(nogil=True, error_model="numpy")
def newest_row(s: State) -> int:
    """Give the place of the newest row of target weights; 0 before the first."""
    return max(int(s.counts[ROWS]) - 1, 0)


@njit(nogil=True, error_model="numpy")
def decide(s: State, t: int, weights: Floats) -> None:
    """Replace the target weights that wait by a new row (N,), decided at the close of date t."""
    h, row, symbols = s.holdings, s.counts[ROWS], len(weights)
    if s.counts[WAITING] > 0:
        for n in range(symbols):
            cancel_target(s, t, n, REPLACED)
    s.rows[row].sent, s.rows[row].base = t, s.counts[NUMBER]
    waiting, outcomes = 0, s.outcomes[row if s.rules.logged else 0]
    for n in range(symbols):
        if weights[n] == 0.0 and h[n].shares == 0.0:
            continue
        h[n].target, outcomes[n].status = weights[n], WORKS
        if s.rules.slices > 1:
            s.flows[n].slices = 0
        waiting += 1
    s.counts[WAITING] = waiting
    s.counts[NUMBER] += symbols
    s.counts[ROWS] = row + 1


@njit(nogil=True, error_model="numpy")
def at_once(s: State) -> None:
    """Let the row that was just decided be filled on one bar: an emergency stop does not wait for a schedule."""
    for n in range(len(s.flows)):
        s.flows[n].slices = s.rules.slices - 1
