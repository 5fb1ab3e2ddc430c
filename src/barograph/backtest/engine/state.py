"""The state of the engine: arrays of records that the compiled functions read and change."""

from typing import Any, Final, NamedTuple

import numpy as np

from barograph.typing import Floats, Ints

# Places in `State.money`: what the account has now, and what this date has cost.
CASH, EQUITY, GROSS, COMMISSION, SLIPPAGE, INTEREST, BORROW = range(7)
# Places in `State.counts`: orders, those that work, entries with a time stop, entries of the basket, baskets, fills,
# target weights that wait, rows of them, the next number, ambiguous bars.
ORDERS, WORKING, TIMED, ENTRIES, BASKETS, FILLS, WAITING, ROWS, NUMBER, AMBIGUOUS = range(10)

# The share of the equity below which an amount is an error of rounding.
DUST: Final = 1e-12

_I, _F = np.int64, np.float64


def _records(**fields: str) -> np.dtype[Any]:
    return np.dtype([(name, kind) for kind, names in fields.items() for name in names.split()], align=True)


# A symbol: shares, their average price, the last known price, what may still be traded today, the target weight that
# waits (NaN: none), the percent per year to borrow it (NaN: impossible), dates since its last bar, and, in the basket
# with the number `seen`, what is left to close and the position if all planned so far fills in full.
HOLDING: Final = _records(f8="shares mark cost room target borrow_rate closable projected", i4="quiet seen")
# What impact and schedules need of a symbol, apart so that the records above stay small: the rate of impact per square
# root of a share, the shares that crossed the spread today, and those with the planned ones. `slices` counts the bars
# on which the target weight was tried.
FLOW: Final = _records(f8="toll crossed planned", i8="slices")
# An order. `now` is the kind that it works as: a stop that was triggered is a market or limit order. NaN or -1 where a
# value does not apply; `best` is the reference of a trailing stop, `target` and `loss` are the bracket's prices, `bars`
# and `age` belong to the time stop, `side` is 0 until a weight fills, `woken` is the date that triggered a stop-limit,
# `entered` of an entry the basket that contains a side of its bracket, `at` the moment at which a market order fills,
# `slices` counts the baskets in which the order was tried.
ORDER: Final = _records(
    i8="number symbol kind now at day bars age parent role sibling side woken entered sent first last status code "
    "slices",
    f8="shares value weight limit stop trail best target loss filled paid",
)
# An order in the basket: its place (-1: a target weight), parts, the position if a target fills in full, and whether it
# pays half spread and impact.
ENTRY: Final = _records(i4="place symbol code crosses", f8="closing opening sign price spread whole filled paid")
# A fill; the price is the bar's.
FILL: Final = _records(i8="number", i4="day symbol", f8="shares price spread commission")
# How a target weight ended, and of each row the date and the number of its first target.
OUTCOME: Final = _records(i1="status code", i4="ended")
ROW: Final = _records(i8="sent base")
# A date: days since 1970, rates per year as known then, and the account at its close.
DATE: Final = _records(i8="day", f8="cash_rate debit_rate equity cash commission slippage interest borrow")


class Rules(NamedTuple):
    """The settings of :class:`barograph.backtest.Execution` as numbers; rates and costs are fractions."""

    commission: float
    per_share: float
    minimum: float
    per_order: float
    half_spread: float
    max_leverage: float
    maintenance: float
    haircut: float
    ruin: float  # equity at or below is none: what is left of the initial cash is an error of rounding
    lot: float  # 0: fractions of shares
    participation: float  # 0: no limit; infinite: a bar needs volume, but all of it and more may be traded
    impact: float  # 0: none
    slices: int  # bars over which market orders and target weights are spread
    by_volume: bool  # whether the bars' parts follow `Market.pace`; else they are equal
    delisting_days: int
    cash_account: bool
    carry: bool
    touch: bool
    target_first: bool
    moment: int  # a place in `barograph.backtest.engine.orders.MOMENTS`
    factored: bool  # whether `Market.factor` is used
    logged: bool  # whether fills and the ends of target weights are noted; else each overwrites the one before


class Market(NamedTuple):
    """Bars (T, N), NaN where there is none; a field that no rule needs may be the closes again."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    factor: Floats
    average: Floats  # the price of `Execution.price`, where that is a mean
    volatility: Floats  # per bar
    pace: Floats  # the usual volume over that of the bar


class State(NamedTuple):
    """All that the compiled functions work on; the types of the records are above."""

    rules: Rules
    market: Market
    money: Floats
    holdings: Any  # (N,)
    flows: Any  # (N,)
    dates: Any  # (T,)
    positions: Floats  # (T, N)
    orders: Any
    working: Ints  # places of the orders that work, in order of sending
    timed: Ints  # places of the entries whose time stop waits
    basket: Any
    rows: Any  # (R,)
    outcomes: Any  # (R, N)
    fills: Any
    counts: Ints


def new_state(rules: Rules, market: Market, cash: float, *, rows: int, orders: int, fills: int) -> State:
    """Give the state before the first date, with room for so many rows of targets, orders and fills."""
    dates, symbols = market.close.shape
    state = State(
        rules=rules,
        market=market,
        money=np.zeros(7),
        holdings=np.zeros(symbols, HOLDING),
        flows=np.zeros(symbols, FLOW),
        dates=np.zeros(dates, DATE),
        positions=np.zeros((dates, symbols)),
        orders=np.zeros(orders, ORDER),
        working=np.zeros(orders, _I),
        timed=np.zeros(orders, _I),
        basket=np.zeros(symbols + orders, ENTRY),
        rows=np.zeros(max(rows, 1), ROW),
        outcomes=np.zeros((max(rows, 1) if rules.logged else 1, symbols), OUTCOME),
        fills=np.zeros(fills, FILL),
        counts=np.zeros(10, _I),
    )
    state.money[CASH] = state.money[EQUITY] = cash
    state.holdings["target"] = np.nan
    return state


def with_room(state: State, rows: int, orders: int, fills: int) -> State:
    """Give the state with room for so many rows, orders and fills more, its arrays doubled where they were full."""
    counts = state.counts
    for places, needed, used in (
        (("rows", "outcomes"), rows, counts[ROWS]),
        (("orders", "working", "timed", "basket"), orders, counts[ORDERS]),
        (("fills",), fills, counts[FILLS]),
    ):
        length = len(getattr(state, places[0]))
        if used + needed > length:
            state = state._replace(**{name: _longer(getattr(state, name), length + int(needed)) for name in places})
    return state


def _longer(values: Any, more: int) -> Any:
    longer = np.zeros((len(values) + more, *values.shape[1:]), values.dtype)
    longer[: len(values)] = values
    return longer
