"""Small markets whose answers are worked out by hand, one for each convention; every engine must give them."""

from dataclasses import dataclass, field
from math import nan
from typing import Any

Bar = tuple[float, ...]


def flat(price: float, volume: float = nan, factor: float = 1.0) -> Bar:
    return (price, price, price, price, volume, factor)


def order(symbol: str, shares: float | None = None, **more: Any) -> tuple[str, Any]:
    return ("order", {"symbol": symbol} | ({"shares": shares} if shares is not None else {}) | more)


def row(**weights: float) -> tuple[str, Any]:
    return ("row", weights)


def cancel(number: int) -> tuple[str, Any]:
    return ("cancel", number)


@dataclass(frozen=True)
class Case:
    """A market by symbol (open, high, low, close, volume, factor; None: no bar), and actions by date.

    `fills` are (date, symbol, shares, price). `ends` are (status, code) in the order of sending; a bracket's
    children are sent when their entry fills, the target first. `cash` and `equity` are those of the last date.
    The account starts with 1,000. Unless `rules` say otherwise, it trades at the next open, free of costs.
    """

    bars: dict[str, list[Bar | None]]
    script: dict[int, list[tuple[str, Any]]]
    fills: list[tuple[int, str, float, float]]
    ends: list[tuple[str, str]]
    rules: dict[str, Any] = field(default_factory=dict)
    cash: float | None = None
    equity: float | None = None
    ambiguous: int = 0
    context: dict[str, list[float]] | None = None
    shortable: dict[str, float] | None = None


RULES: dict[str, Any] = {
    "price": "next_open",
    "commission_bps": 0.0,
    "half_spread_bps": 0.0,
    "initial_cash": 1000.0,
    "max_leverage": 1.0,
    "delisting_days": 21,
    "account": "margin",
    "maintenance_margin": 0.25,
    "cash_rate": 0.0,
    "debit_rate": 0.0,
    "borrow_rate": 0.0,
    "lot": None,
    "commission_per_share": 0.0,
    "commission_minimum": 0.0,
    "commission_per_order": 0.0,
    "participation": None,
    "remainder": "cancel",
    "delisting_haircut": 0.0,
    "limit_touch": False,
    "first": "stop",
    "impact": None,
    "schedule": "whole",
    "schedule_bars": 1,
}
GONE = ("cancelled", "end_of_data")
DONE = ("filled", "")
LATE = ("expired", "day_over")
CUT = ("partly_filled", "over_leverage")
FLAT = [flat(10.0)] * 4
WIDE = (10.0, 12.0, 8.0, 11.0)
CASES: dict[str, Case] = {
    "nothing sent at a close fills on that date": Case(
        {"A": [(10, 11, 9, 10.5), (12, 13, 11, 12.5)]},
        {0: [order("A", 10, at="open"), order("A", 10, at="close")]},
        [(1, "A", 10, 12), (1, "A", 10, 12.5)],
        [DONE, DONE],
        cash=1000 - 245,
        equity=1000 - 245 + 250,
    ),
    "execution.price is the default of market orders": Case(
        {"A": [(10, 11, 9, 10.5), (12, 13, 11, 12.5)]},
        {0: [order("A", 10)]},
        [(1, "A", 10, 12.5)],
        [DONE],
        {"price": "next_close"},
    ),
    "value and weight count at the price of the fill": Case(
        {"A": [flat(10), (20, 20, 20, 25)], "B": [flat(5), (4, 5, 4, 5)]},
        {0: [order("A", value=100), order("B", weight=0.5)]},
        [(1, "A", 5, 20), (1, "B", 125, 4)],
        [DONE, DONE],
        equity=400 + 125 + 625,
    ),
    "an opening weight does not depend on that day's close": Case(
        {"A": [flat(10), flat(10), (10, 90, 5, 80)], "B": [flat(10), flat(10), (20, 20, 1, 1)]},
        {0: [order("A", 50)], 1: [order("B", weight=0.5)]},
        [(1, "A", 50, 10), (2, "B", 25, 20)],
        [DONE, DONE],
    ),
    "a position without a bar counts at its last close": Case(
        {"A": [flat(10), (10, 30, 10, 30), None], "B": FLAT[:3]},
        {0: [order("A", 10)], 1: [order("B", weight=0.5)]},
        [(1, "A", 10, 10), (2, "B", 60, 10)],
        [DONE, DONE],
    ),
    "a stop that is gapped through fills at the open": Case(
        {"A": [flat(10), flat(10), (7, 8, 6, 7)]},
        {0: [order("A", 10)], 1: [order("A", -10, kind="stop", stop=9)]},
        [(1, "A", 10, 10), (2, "A", -10, 7)],
        [DONE, DONE],
    ),
    "a stop inside the bar fills at its trigger, also at a touch": Case(
        {"A": [flat(10), flat(10), (10, 10, 9, 10), (10, 11, 9.5, 10)]},
        {0: [order("A", 10)], 1: [order("A", -5, kind="stop", stop=9)], 2: [order("A", 4, kind="stop", stop=10.5)]},
        [(1, "A", 10, 10), (2, "A", -5, 9), (3, "A", 4, 10.5)],
        [DONE, DONE, DONE],
    ),
    "a stop that is not reached expires": Case(
        {"A": [flat(10), flat(10), (10, 11, 9.01, 10)]},
        {0: [order("A", 10)], 1: [order("A", -5, kind="stop", stop=9)]},
        [(1, "A", 10, 10)],
        [DONE, LATE],
    ),
    "a limit fills at its limit, or at a better open": Case(
        {"A": [flat(10), WIDE, (10, 12, 8, 11)]},
        {0: [order("A", 10, kind="limit", limit=9)], 1: [order("A", 10, kind="limit", limit=10.5)]},
        [(1, "A", 10, 9), (2, "A", 10, 10)],
        [DONE, DONE],
    ),
    "a touch does not fill a resting limit": Case(
        {"A": [flat(10), WIDE]},
        {0: [order("A", 10, kind="limit", limit=8), order("A", -10, kind="limit", limit=12)]},
        [],
        [LATE, LATE],
    ),
    "a touch fills a resting limit where settings say so": Case(
        {"A": [flat(10), WIDE]},
        {0: [order("A", 10, kind="limit", limit=8), order("A", -10, kind="limit", limit=12)]},
        [(1, "A", 10, 8), (1, "A", -10, 12)],
        [DONE, DONE],
        {"limit_touch": True},
        cash=1040.0,
    ),
    "an open at the limit fills it": Case(
        {"A": [flat(10), (9, 9, 9, 9)]}, {0: [order("A", 10, kind="limit", limit=9)]}, [(1, "A", 10, 9)], [DONE]
    ),
    "a limit of 0 is a limit": Case(
        {"A": [flat(10), flat(10), flat(10)]},
        {0: [order("A", 10)], 1: [order("A", -10, kind="limit", limit=0), order("A", 10, kind="limit", limit=0)]},
        [(1, "A", 10, 10), (2, "A", -10, 10)],
        [DONE, DONE, LATE],
    ),
    "market and stop orders pay the half spread, limits do not": Case(
        {"A": [flat(10), flat(10), (10, 12, 8, 10), (10, 12, 8, 10)]},
        {
            0: [order("A", 10)],
            1: [order("A", -5, kind="stop", stop=9)],
            2: [order("A", -5, kind="limit", limit=11), order("A", 1, kind="limit", limit=10)],
        },
        [(1, "A", 10, 10.1), (2, "A", -5, 8.91), (3, "A", 1, 10), (3, "A", -5, 11)],
        [DONE] * 4,
        {"half_spread_bps": 100.0},
        cash=1000 - 101 + 44.55 + 55 - 10,
    ),
    "stop and target in one bar: the stop": Case(
        {"A": [flat(10), flat(10), WIDE]},
        {0: [order("A", 10, stop_loss=9, take_profit=11.5)]},
        [(1, "A", 10, 10), (2, "A", -10, 9)],
        [DONE, ("cancelled", "other_side_filled"), DONE],
        ambiguous=1,
    ),
    "stop and target in one bar: the target, where settings say so": Case(
        {"A": [flat(10), flat(10), WIDE]},
        {0: [order("A", 10, stop_loss=9, take_profit=11.5)]},
        [(1, "A", 10, 10), (2, "A", -10, 11.5)],
        [DONE, DONE, ("cancelled", "other_side_filled")],
        {"first": "target"},
        ambiguous=1,
    ),
    "a bracket does not work on the bar of its entry": Case(
        {"A": [flat(10), WIDE, (10, 11.8, 9.5, 10), WIDE]},
        {0: [order("A", 10, stop_loss=9, take_profit=11.5)]},
        [(1, "A", 10, 10), (2, "A", -10, 11.5)],
        [DONE, DONE, ("cancelled", "other_side_filled")],
    ),
    "a short's bracket, gapped through its stop": Case(
        {"A": [flat(10), flat(10), None, (13, 14, 7, 8)], "B": FLAT},
        {0: [order("A", -10, stop_loss=12, take_profit=8)]},
        [(1, "A", -10, 10), (3, "A", 10, 13)],
        [DONE, ("cancelled", "other_side_filled"), DONE],
        cash=1000 + 100 - 130,
    ),
    "children of a position that is gone": Case(
        {"A": [flat(10), flat(10), flat(10), WIDE]},
        {0: [order("A", 10, stop_loss=9, take_profit=11.5)], 1: [order("A", -10)]},
        [(1, "A", 10, 10), (2, "A", -10, 10)],
        [DONE, ("cancelled", "position_closed"), ("cancelled", "position_closed"), DONE],
    ),
    "children sell no more than is left": Case(
        {"A": [flat(10), flat(10), flat(10), WIDE]},
        {0: [order("A", 10, stop_loss=9)], 1: [order("A", -4)]},
        [(1, "A", 10, 10), (2, "A", -4, 10), (3, "A", -6, 9)],
        [DONE, DONE, DONE],
    ),
    "a time stop closes so many bars after the entry, at the bar after": Case(
        {"A": [flat(10), flat(10), flat(11), None, flat(12), flat(13)], "B": [flat(10)] * 6},
        {0: [order("A", 10, max_bars=2, stop_loss=5)]},
        [(1, "A", 10, 10), (5, "A", -10, 13)],
        [DONE, ("cancelled", "other_side_filled"), DONE],
    ),
    "a stop-limit that triggers inside the bar rests from the next": Case(
        {"A": [flat(10), flat(10), WIDE, (10, 12, 8, 10)]},
        {
            0: [order("A", 20)],
            1: [
                order("A", -10, kind="stop_limit", stop=9, limit=10.5, until="cancelled"),
                order("A", -10, kind="stop_limit", stop=9, limit=9),
            ],
        },
        [(1, "A", 20, 10), (3, "A", -10, 10.5)],
        [DONE, DONE, LATE],
    ),
    "a stop-limit that is gapped fills at the open if it may": Case(
        {"A": [flat(10), flat(10), (8, 12, 7, 8), (7.5, 9, 7, 8)]},
        {
            0: [order("A", 30)],
            1: [
                order("A", -10, kind="stop_limit", stop=9, limit=8),
                order("A", -10, kind="stop_limit", stop=9, limit=11),
                order("A", -10, kind="stop_limit", stop=9, limit=12.5),
            ],
        },
        [(1, "A", 30, 10), (2, "A", -10, 8), (2, "A", -10, 11)],
        [DONE, DONE, DONE, LATE],
    ),
    "a trailing stop follows the bars before": Case(
        {"A": [flat(10), flat(10), (10, 20, 9.5, 15), (17, 17.5, 16, 16), (16, 16, 15, 16)]},
        {0: [order("A", 10)], 1: [order("A", -10, kind="trailing_stop", trail=0.2, until="cancelled")]},
        [(1, "A", 10, 10), (3, "A", -10, 16)],
        [DONE, DONE],
    ),
    "a trailing stop starts at the close of its sending, and is gapped": Case(
        {"A": [flat(10), (10, 15, 10, 11), (7, 8, 7, 7)]},
        {0: [order("A", 10)], 1: [order("A", -10, kind="trailing_stop", trail=0.2)]},
        [(1, "A", 10, 10), (2, "A", -10, 7)],
        [DONE, DONE],
    ),
    "a trailing stop of a short": Case(
        {"A": [flat(10), flat(10), (10, 10.9, 5, 6), (6, 7, 5.5, 6)]},
        {0: [order("A", -10)], 1: [order("A", 10, kind="trailing_stop", trail=0.1, until="cancelled")]},
        [(1, "A", -10, 10), (3, "A", 10, 6)],
        [DONE, DONE],
    ),
    "a day order needs a bar of its day, a kept one waits": Case(
        {"A": [flat(10), None, flat(12)], "B": FLAT[:3]},
        {0: [order("A", 1), order("A", 2, until="cancelled"), order("A", 3, kind="limit", limit=13)]},
        [(2, "A", 2, 12)],
        [("rejected", "no_bar"), DONE, ("rejected", "no_bar")],
    ),
    "a symbol before its first bar": Case(
        {"A": [None, flat(10), flat(10)], "B": FLAT[:3]},
        {0: [order("A", 1)], 1: [order("A", 2)]},
        [(2, "A", 2, 10)],
        [("rejected", "not_listed_yet"), DONE],
    ),
    "what still works at the end": Case(
        {"A": [flat(10), flat(10)]},
        {0: [order("A", 1, kind="limit", limit=5, until="cancelled")], 1: [order("A", 1)]},
        [],
        [GONE, GONE],
    ),
    "a cancelled order": Case(
        {"A": FLAT},
        {0: [order("A", 1, kind="limit", limit=5, until="cancelled")], 1: [cancel(0)]},
        [],
        [("cancelled", "cancelled_by_strategy")],
    ),
    "an older row's waiting target is replaced": Case(
        {"A": [flat(10), None, flat(10), flat(10)], "B": FLAT},
        {0: [row(A=0.5, B=0.5)], 1: [row(A=0.25, B=0.5)]},
        [(1, "B", 50, 10), (2, "A", 25, 10)],
        [("cancelled", "replaced"), DONE, DONE, DONE],
    ),
    "names that a row leaves out are closed": Case(
        {"A": FLAT, "B": FLAT},
        {0: [row(A=1.0)], 1: [row(B=1.0)]},
        [(1, "A", 100, 10), (2, "A", -100, 10), (2, "B", 100, 10)],
        [DONE, DONE, DONE],
    ),
    "leverage cuts what opens, and sells come first": Case(
        {"A": FLAT, "B": FLAT, "C": FLAT},
        {0: [order("B", 100)], 1: [order("A", 75), order("B", -100), order("C", -75)], 2: [order("A", 1)]},
        [(1, "B", 100, 10), (2, "A", 50, 10), (2, "B", -100, 10), (2, "C", -50, 10)],
        [DONE, CUT, DONE, CUT, ("rejected", "over_leverage")],
    ),
    "cash cuts a basket, whatever the order of symbols": Case(
        {"A": FLAT, "B": FLAT, "C": FLAT},
        {0: [order("C", 100)], 1: [order("A", 100), order("B", 100), order("C", -99)]},
        [(1, "C", 99, 10), (2, "A", 48.51, 10), (2, "B", 48.51, 10), (2, "C", -99, 10)],
        [("partly_filled", "no_cash")] * 3 + [DONE],
        {"account": "cash", "commission_bps": 10_000 / 99},
        cash=0.0,
    ),
    "fees count in the basket of a cash account": Case(
        {"A": FLAT, "B": FLAT},
        {0: [order("A", 100), order("B", 100)], 1: [order("A", 1)]},
        [(1, "A", 49.5, 10), (1, "B", 49.5, 10)],
        [("partly_filled", "no_cash")] * 2 + [("rejected", "no_cash")],
        {"account": "cash", "commission_per_order": 3.0, "commission_minimum": 2.0},
        cash=0.0,
    ),
    "a fee is the larger of rate and minimum, and the order's": Case(
        {"A": FLAT},
        {0: [order("A", 2), order("A", 30)]},
        [(1, "A", 2, 10), (1, "A", 30, 10)],
        [DONE, DONE],
        {"commission_bps": 10.0, "commission_per_share": 0.09, "commission_minimum": 2.0, "commission_per_order": 1.0},
        cash=1000 - 320 - (2 + 1) - (0.3 + 2.7 + 1),
    ),
    "commission per share counts real shares": Case(
        {"A": [flat(10, factor=0.5)] * 2},
        {0: [order("A", 10)]},
        [(1, "A", 10, 10)],
        [DONE],
        {"commission_per_share": 1.0},
        cash=1000 - 100 - 5,
    ),
    "a cash account sells nothing short": Case(
        {"A": FLAT, "B": FLAT},
        {0: [order("A", 10), order("B", -5)], 1: [order("A", -12)]},
        [(1, "A", 10, 10), (2, "A", -10, 10)],
        [DONE, ("rejected", "short_in_cash_account"), ("partly_filled", "short_in_cash_account")],
        {"account": "cash"},
    ),
    "only names of the table may be sold short": Case(
        {"A": FLAT, "B": FLAT},
        {0: [order("A", 10), order("B", -5)], 1: [order("A", -12), order("A", -1)]},
        [(1, "A", 10, 10), (1, "B", -5, 10), (2, "A", -10, 10)],
        [DONE, DONE, ("partly_filled", "nothing_to_borrow"), ("rejected", "nothing_to_borrow")],
        shortable={"B": 1.0},
    ),
    "quantities are rounded to lots toward zero": Case(
        {"A": [flat(10, factor=0.8)] * 4},
        {0: [order("A", 7), order("A", -0.9), order("A", 1.2)]},
        [(1, "A", 6.25, 10)],
        [DONE, ("rejected", "below_a_lot"), ("rejected", "below_a_lot")],
        {"lot": 5.0},
    ),
    "lots are rounded before cash and leverage are looked at": Case(
        {"A": [flat(40.0)] * 3},
        {0: [order("A", 14)], 1: [order("A", 4)]},
        [(1, "A", 10, 40)],
        [DONE, ("rejected", "below_a_lot")],
        {"lot": 5.0, "max_leverage": 0.4},
    ),
    "what closes everything is not rounded": Case(
        {"A": [flat(10, factor=1.0)] * 2 + [flat(10, factor=0.7)] * 2},
        {0: [order("A", 10)], 1: [order("A", -5)], 2: [row()]},
        [(1, "A", 10, 10), (2, "A", -3 / 0.7, 10), (3, "A", -(10 - 3 / 0.7), 10)],
        [DONE, DONE, DONE],
        {"lot": 1.0},
        cash=1000.0,
    ),
    "orders share one bar's volume; the rest is gone": Case(
        {"A": [flat(10, 100.0)] * 4},
        {0: [order("A", 6, at="open"), order("A", 6, at="close"), order("A", 6, at="close")]},
        [(1, "A", 6, 10), (1, "A", 4, 10)],
        [DONE, ("partly_filled", "participation"), ("rejected", "participation")],
        {"participation": 0.1},
    ),
    "orders share one bar's volume; the rest is carried": Case(
        {"A": [flat(10, 100.0), (10, 12, 8, 9, 100.0, 1.0), flat(10, 100.0), flat(9, 20.0), flat(10, 20.0)]},
        {0: [order("A", 6), order("A", 16, kind="limit", limit=9)]},
        [(1, "A", 6, 10), (1, "A", 4, 9), (3, "A", 2, 9)],
        [DONE, ("partly_filled", "end_of_data")],
        {"participation": 0.1, "remainder": "carry"},
    ),
    "a stop's carried rest goes at the next open": Case(
        {"A": [flat(10, 1e4), flat(10, 1e4), (10, 10, 8, 10, 40.0, 1.0), flat(11, 40.0), flat(12, 40.0)]},
        {0: [order("A", 10)], 1: [order("A", -10, kind="stop", stop=9)]},
        [(1, "A", 10, 10), (2, "A", -4, 9), (3, "A", -4, 11), (4, "A", -2, 12)],
        [DONE, DONE],
        {"participation": 0.1, "remainder": "carry"},
    ),
    "a bracket covers what its entry has filled, and ends the rest": Case(
        {"A": [flat(10, 40.0), flat(10, 40.0), (8, 8, 8, 8, 1000.0, 1.0), flat(10, 40.0)]},
        {0: [order("A", 20, kind="limit", limit=10, stop_loss=9, until="cancelled")]},
        [(1, "A", 4, 10), (2, "A", -4, 8)],
        [("partly_filled", "other_side_filled"), DONE],
        {"participation": 0.1, "remainder": "carry"},
    ),
    "missing volume, carried": Case(
        {"A": [flat(10, 100.0), flat(10), flat(10, 0.0), flat(10, 100.0)]},
        {0: [order("A", 1)], 1: [order("A", 2)]},
        [(3, "A", 1, 10), (3, "A", 2, 10)],
        [DONE, DONE],
        {"participation": 0.1, "remainder": "carry"},
    ),
    "missing volume": Case(
        {"A": [flat(10, 100.0), flat(10), flat(10, 0.0), flat(10, 100.0)]},
        {0: [order("A", 1)], 1: [order("A", 2)], 2: [order("A", 3)]},
        [(3, "A", 3, 10)],
        [("rejected", "no_volume"), ("rejected", "no_volume"), DONE],
        {"participation": 0.1},
    ),
    "a delisted long is paid out after a haircut": Case(
        {"A": [flat(10), flat(10), None, None, None], "B": [flat(10)] * 5},
        {
            0: [order("A", 10, stop_loss=5)],
            1: [order("A", 1, kind="limit", limit=5, until="cancelled")],
            3: [order("A", 1)],
        },
        [(1, "A", 10, 10), (3, "A", -10, 7)],
        [DONE, ("cancelled", "delisted"), ("cancelled", "delisted"), ("rejected", "delisted")],
        {"delisting_days": 2, "delisting_haircut": 0.3, "half_spread_bps": 0.0},
        cash=970.0,
    ),
    "a delisted short keeps the haircut": Case(
        {"A": [flat(10), flat(10), None], "B": [flat(10)] * 3},
        {0: [order("A", -10)]},
        [(1, "A", -10, 10), (2, "A", 10, 4.5)],
        [DONE],
        {"delisting_days": 1, "delisting_haircut": 0.55},
        cash=1055.0,
    ),
    "interest on cash for calendar days, weekends too": Case(
        {"A": [flat(10)] * 6}, {}, [], [], {"cash_rate": 3.65}, cash=1000 * 1.0001**4 * 1.0003
    ),
    "interest on debit from a column, as known the day before": Case(
        {"A": [flat(10)] * 4},
        {0: [order("A", 200)]},
        [(1, "A", 200, 10)],
        [DONE],
        {"debit_rate": "us10y", "max_leverage": 2.0},
        context={"us10y": [90.0, 3.65, 7.3, 90.0]},
        cash=-1000 * 1.0001 * 1.0002,
    ),
    "borrowing costs the rate of the table": Case(
        {"A": [flat(10), flat(10), flat(20)], "B": [flat(10)] * 3},
        {0: [order("A", -10), order("B", -10)]},
        [(1, "A", -10, 10), (1, "B", -10, 10)],
        [DONE, DONE],
        {"borrow_rate": 90.0},
        shortable={"A": 36.5, "B": 3.65},
        cash=1200 - 100 * 0.001 - 100 * 0.0001,
    ),
    "borrowing costs the rate of the settings where there is no table": Case(
        {"A": [flat(10), flat(10), flat(20)]},
        {0: [order("A", -10)]},
        [(1, "A", -10, 10)],
        [DONE],
        {"borrow_rate": 36.5},
        cash=1100 - 100 * 0.001,
    ),
    "a margin call cuts all positions alike": Case(
        {"A": [flat(10), flat(10), flat(15), flat(15)], "B": [flat(10), flat(10), flat(10), flat(10)]},
        {
            0: [order("A", -150), order("B", 50), order("B", 1, kind="limit", limit=5, until="cancelled")],
            1: [order("B", -1, kind="limit", limit=50, until="cancelled")],
            2: [order("B", 1, kind="limit", limit=5, until="cancelled")],
        },
        [
            (1, "A", -150, 10),
            (1, "B", 50, 10),
            (3, "A", 150 * (1 - 500 / 2750), 15),
            (3, "B", -50 * (1 - 500 / 2750), 10),
        ],
        [DONE, DONE, ("cancelled", "margin_call"), GONE, DONE, DONE, GONE],
        {"max_leverage": 2.0, "maintenance_margin": 0.25},
    ),
    "a buy and a larger sell in one basket": Case(
        {"A": FLAT},
        {0: [order("A", 10)], 1: [order("A", 5), order("A", -12)]},
        [(1, "A", 10, 10), (2, "A", 5, 10), (2, "A", -12, 10)],
        [DONE, DONE, DONE],
    ),
    "the same target twice trades nothing": Case(
        {"A": FLAT, "B": FLAT},
        {0: [row(A=0.4, B=0.3)], 1: [row(A=0.4, B=0.3)], 2: [order("A", weight=0.4), order("A", weight=0.4)]},
        [(1, "A", 40, 10), (1, "B", 30, 10)],
        [DONE] * 6,
    ),
    "targets see earlier orders of their basket": Case(
        {"A": FLAT},
        {0: [order("A", 10), order("A", weight=0.4), order("A", weight=0.4)]},
        [(1, "A", 10, 10), (1, "A", 30, 10)],
        [DONE] * 3,
    ),
    "bars without opens trade at the close": Case(
        {"A": [(nan, nan, nan, 10), (nan, nan, nan, 11), (nan, nan, nan, 12)]},
        {0: [order("A", 10), order("A", 10, at="close")], 1: [row(A=0.5)]},
        [(1, "A", 10, 11), (1, "A", 10, 11), (2, "A", 1020 * 0.5 / 12 - 20, 12)],
        [DONE, DONE, DONE],
        {"price": "next_close"},
    ),
}
