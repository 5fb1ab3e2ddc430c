"""The panel driver: target weights in, a simulated portfolio out."""

import numpy as np
import pandas as pd

from barograph.backtest.engine.brakes import Guard
from barograph.backtest.engine.columns import columns_of, context_of, look_ups
from barograph.backtest.engine.desk import Desk, desk_of
from barograph.backtest.engine.ledger import Ledger
from barograph.backtest.engine.market import chosen, lay_out, market_of, rules_of, set_rates
from barograph.backtest.engine.result import Simulation, simulation_of
from barograph.backtest.engine.state import EQUITY, TIMED, WORKING, State, new_state, with_room
from barograph.backtest.execution import Execution
from barograph.backtest.management import Management
from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.market.panel import Panel
from barograph.typing import Floats, Ints

WEIGHT_TOLERANCE = 1e-9


@without_time_zones
def simulate(
    bars: pd.DataFrame | Panel,
    target_weights: pd.DataFrame,
    execution: Execution,
    *,
    context: pd.DataFrame | None = None,
    shortable: pd.DataFrame | None = None,
    signals: pd.DataFrame | None = None,
    management: Management | None = None,
) -> Simulation:
    """Simulate a portfolio that is rebalanced to target weights.

    A row of `target_weights` is decided at that date's close and becomes orders that are filled at each symbol's next
    bar, at its close or its open as `execution` says: never at the bar of the decision. An order of a symbol without a
    bar on that next date waits for the symbol's next bar, until a newer row replaces it. Dates without a row decide
    nothing. Orders of the last date are never filled.

    Parameters
    ----------
    bars : DataFrame or Panel
        Columns ``symbol, date, open, high, low, close, volume``, or the panel made of them; ``factor`` (adjusted price
        over real price) where `execution` needs it.
    target_weights : DataFrame of shape (R, N)
        Dates by symbols, dates increasing. Weights of the equity just before the fills, valued at the prices of the
        fills (symbols without a bar that date: at their last close). 0 closes, negative weights sell short.
    execution : Execution
        Prices, costs, cash and leverage.
    context : DataFrame, optional
        A row per date, in a column or index of dates, with the rates that `execution` names.
    shortable : DataFrame, optional
        The names that can be borrowed: ``symbol`` and, in percent per year, ``borrow_rate``, by default that of
        `execution`. Without it every name can be borrowed.
    signals : DataFrame, optional
        ``symbol, date`` and columns of numbers, which a sizing may read.
    management : Management, optional
        Sizing, overlays and brakes between `target_weights` and what is traded; docs/risk.md.

    Returns
    -------
    Simulation

    Raises
    ------
    InputError
        For a NaN or infinite weight, a date or symbol that the bars lack, repeated or unordered dates, absolute weights
        that sum to more than ``execution.max_leverage``, ``next_open`` on bars without opens, and a portfolio whose
        equity falls to zero.

    Notes
    -----
    Costs are paid from cash on top of the target shares, so that shares are exactly weight times equity over price. A
    fully invested portfolio in a margin account therefore owes the broker the costs of its last fills until the next
    rebalance starts from the equity after them; they never pile up. In a cash account all that opens or enlarges a
    position is scaled down by one factor instead, so that cash pays for it and for the costs.

    Where a date fills only some of the orders, the positions in the other symbols count: orders that open or enlarge
    positions are scaled down, all by the same factor, so that gross exposure at the fills stays within
    ``max_leverage`` times equity. The part cut off is not traded later. This happens only where bars are missing.
    Trades below 1e-12 of the equity are not made, unless they close a position.

    A symbol counts as delisted ``execution.delisting_days`` dates after its last bar. Until then its position is held,
    marked at its last close; then it is paid out at that close, less ``execution.delisting_haircut``, without costs,
    and its order is void. The rule looks back only: where the bars end changes no earlier position. A symbol that
    trades again can be bought again.
    """
    panel = lay_out(bars, execution)
    dates, symbols = pd.DatetimeIndex(panel.dates, name="date"), pd.Index(panel.symbols)
    columns = _locate(symbols, target_weights.columns, "symbol")
    decided = _decisions(dates, target_weights)
    weights = _checked_weights(target_weights, execution.max_leverage)
    market = market_of(panel, columns, execution, every_field=False)
    tables = columns_of("signals", signals, panel), context_of(context, panel)
    desk = desk_of(management or Management(), panel, columns, execution, *tables)
    rows = weights.copy() if desk.management.needs_equity else desk.decide(weights, np.flatnonzero(decided >= 0))
    shown, braked = chosen(rows, np.arange(len(columns))), len(desk.management.brakes) > 0

    def played(logged: bool) -> tuple[State, Guard]:
        fills = market.close.size + 2 * len(columns) if logged else 1
        size = {"rows": len(dates) if braked else len(rows), "orders": len(columns), "fills": fills}
        state, start = new_state(rules_of(execution, logged=logged), market, execution.initial_cash, **size), 0
        set_rates(state, panel, columns, execution, context, shortable)
        guard = desk.management.guard(dates, len(columns))
        if desk.management.needs_equity and not logged:
            state, start = _decide_each(state, guard, decided, rows, dates, desk)
        if start < len(dates):
            state = play_to(state, guard, len(dates), start, decided, shown, dates, "target weights ruin")
        return play_to(state, guard, len(dates), len(dates), decided, shown, dates, ""), guard

    state, guard = played(False)
    traded, reasons = guard.rows if braked else rows, desk.management.reasons(guard)
    # Fills are most of the memory: the tables are made of a second pass, when somebody asks for one.
    seen = look_ups(tables, columns)
    ledger = Ledger(lambda: played(True)[0], panel, columns, target_weights.columns, traded, {}, seen, reasons)
    return simulation_of(state, ledger, execution.initial_cash, caps=lambda: desk.caps(guard, state, traded, dates))


def _decide_each(
    state: State, guard: Guard, decided: Ints, rows: Floats, dates: pd.DatetimeIndex, desk: Desk
) -> tuple[State, int]:
    """Play up to each decision and let the desk decide its row, as far as that depends on the equity."""
    start, shown = 0, chosen(rows, np.arange(rows.shape[1]))
    for place in map(int, np.flatnonzero(decided >= 0)):
        state = play_to(state, guard, place + 1, start, decided, shown, dates, "target weights ruin")
        start, row = place + 1, slice(decided[place], decided[place] + 1)
        rows[row] = desk.decide(rows[row], np.array([place]), state.money[[EQUITY]])
    return state, start


def play_to(
    state: State,
    guard: Guard,
    stop: int,
    start: int,
    decided: Ints,
    weights: Floats,
    dates: pd.DatetimeIndex,
    words: str,
) -> State:
    """Play the dates from `start` to before `stop`, make room where it is short, and refuse ruin.

    A start at the end decides the last date's row, which nothing fills, and ends all that works.
    """
    from barograph.backtest.engine.kernel import play

    symbols = len(state.holdings)
    weights = weights if len(weights) else chosen(np.zeros((1, symbols)), np.arange(symbols))
    while True:
        start = play(state, start, stop, decided, weights, guard)
        equity = state.money[EQUITY]
        if not equity > state.rules.ruin:
            raise InputError(f"{words} the portfolio: its equity is {equity:g} on {dates[start]:%Y-%m-%d}")
        if start == stop:
            return state
        working = int(state.counts[WORKING])
        orders = symbols + 2 * working + int(state.counts[TIMED])
        state = with_room(state, rows=0, orders=orders, fills=2 * symbols + working if state.rules.logged else 0)


def _locate(known: pd.Index, wanted: pd.Index, axis: str) -> Ints:
    if not wanted.is_unique:
        raise InputError(f"target weights: {axis} {wanted[wanted.duplicated()][0]} occurs more than once")
    places = known.get_indexer(wanted).astype(np.int64)
    if (places < 0).any():
        unknown = wanted[places < 0][0]
        shown = f"{unknown:%Y-%m-%d}" if isinstance(unknown, pd.Timestamp) else unknown
        raise InputError(f"target weights: {axis} {shown} has no bar; allowed are the {axis}s of the bars")
    return places


def _decisions(dates: pd.DatetimeIndex, target_weights: pd.DataFrame) -> Ints:
    if len(target_weights) and not isinstance(target_weights.index, pd.DatetimeIndex):
        raise InputError(f"target weights: the index is {target_weights.index.dtype}; it must consist of dates")
    places = _locate(dates, target_weights.index, "date")
    if (np.diff(places) < 0).any():
        raise InputError("target weights: the dates are not in order; they must increase")
    decided = np.full(len(dates), -1, dtype=np.int64)
    decided[places] = np.arange(len(places))
    return decided


def _checked_weights(target_weights: pd.DataFrame, max_leverage: float) -> Floats:
    from barograph.backtest.engine.kernel import gross_of

    values = target_weights.to_numpy(dtype=np.float64, na_value=np.nan)
    weights = chosen(values, np.arange(values.shape[1]))
    gross = gross_of(weights)
    if not np.isfinite(gross).all():
        row, column = np.argwhere(~np.isfinite(weights))[0]
        date, symbol, weight = target_weights.index[row], target_weights.columns[column], weights[row, column]
        raise InputError(f"target weights: {symbol} on {date:%Y-%m-%d} is {weight}; a finite weight is required")
    if (gross > max_leverage + WEIGHT_TOLERANCE).any():
        row = int(np.argmax(gross > max_leverage + WEIGHT_TOLERANCE))
        raise InputError(
            f"target weights: on {target_weights.index[row]:%Y-%m-%d} the absolute weights sum to {gross[row]:.12g}; "
            f"at most max_leverage={max_leverage:g} is allowed"
        )
    return weights
