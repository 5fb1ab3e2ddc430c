"""Prices within the bar, schedules and impact: small markets whose answers are worked out by hand."""

from math import log, nan

from .known_answers import DONE, FLAT, GONE, Case, flat, order, row

TWAP = {"price": "next_close", "schedule": "twap", "schedule_bars": 2}
BY_VOLUME = TWAP | {"schedule": "volume_weighted"}
IMPACT = {"price": "next_close", "impact": 0.1, "participation": 1.0}
DAY = (12.0, 16.0, 8.0, 15.0)
# The log return of 10 to 20 is the only one, and so the volatility on the second bar.
DOUBLED = 0.1 * log(2.0)
NO_VOLUME = ("rejected", "no_volume")

CASES: dict[str, Case] = {
    "the typical price is the mean of high, low and close": Case(
        {"A": [flat(10), DAY]}, {0: [order("A", 10)]}, [(1, "A", 10, 13)], [DONE], {"price": "typical"}
    ),
    "the mean of a bar's four prices": Case(
        {"A": [flat(10), DAY]}, {0: [row(A=0.51)]}, [(1, "A", 40, 12.75)], [DONE], {"price": "ohlc_mean"}
    ),
    "an order for the open or the close keeps its moment": Case(
        {"A": [flat(10), DAY]},
        {0: [order("A", 10), order("A", 1, at="close"), order("A", 2, at="open")]},
        [(1, "A", 2, 12), (1, "A", 10, 13), (1, "A", 1, 15)],
        [DONE, DONE, DONE],
        {"price": "typical"},
    ),
    "a mean fills after the stops of the day": Case(
        {"A": [flat(10), flat(10), (10.0, 10.0, 7.0, 10.0)]},
        {0: [order("A", 10)], 1: [order("A", -10, kind="stop", stop=8), order("A", weight=0.0)]},
        [(1, "A", 10, 10), (2, "A", -10, 8)],
        [DONE, DONE, DONE],
        {"price": "typical"},
    ),
    "equal parts of an order of shares": Case(
        {"A": FLAT}, {0: [order("A", 10)]}, [(1, "A", 5, 10), (2, "A", 5, 10)], [DONE], TWAP
    ),
    "a value is turned into shares on the first bar": Case(
        {"A": [flat(10), flat(10), flat(20), flat(20)]},
        {0: [order("A", value=100)]},
        [(1, "A", 5, 10), (2, "A", 5, 20)],
        [DONE],
        TWAP,
    ),
    "a weight is of the equity on each bar": Case(
        {"A": [flat(10), flat(10), flat(20)]}, {0: [row(A=0.5)]}, [(1, "A", 25, 10), (2, "A", 6.25, 20)], [DONE], TWAP
    ),
    "a newer row takes over what a schedule has left": Case(
        {"A": FLAT},
        {0: [row(A=0.5)], 1: [row(A=0.2)]},
        [(1, "A", 25, 10), (2, "A", -2.5, 10), (3, "A", -2.5, 10)],
        [("partly_filled", "replaced"), DONE],
        TWAP,
    ),
    "a schedule that the data end is partly filled": Case(
        {"A": FLAT[:3]}, {1: [order("A", 10)]}, [(2, "A", 5, 10)], [("partly_filled", "end_of_data")], TWAP
    ),
    "a schedule counts the symbol's bars": Case(
        {"A": [flat(10), flat(10), None, flat(10)], "B": FLAT},
        {0: [order("A", 10)]},
        [(1, "A", 5, 10), (3, "A", 5, 10)],
        [DONE],
        TWAP,
    ),
    "a stop is filled on one bar": Case(
        {"A": [*FLAT[:3], (10.0, 10.0, 7.0, 10.0)]},
        {0: [order("A", 10)], 2: [order("A", -10, kind="stop", stop=8)]},
        [(1, "A", 5, 10), (2, "A", 5, 10), (3, "A", -10, 8)],
        [DONE, DONE],
        TWAP,
    ),
    "parts that follow the volume": Case(
        {"A": [flat(10, 100), flat(10, 300), flat(10, 50)]},
        {0: [order("A", 10)]},
        [(1, "A", 6, 10), (2, "A", 4, 10)],
        [DONE],
        BY_VOLUME,
    ),
    "without volume nothing is a part, and nothing the rest": Case(
        {"A": [flat(10, 100), flat(10), flat(10, 0), flat(10, 9)], "B": [flat(10, 100), flat(10, 0), *FLAT[:2]]},
        {0: [order("A", 10), order("B", 10)], 1: [order("A", 1)]},
        [(3, "A", 1, 10)],
        [NO_VOLUME, NO_VOLUME, DONE],
        BY_VOLUME,
    ),
    "impact grows with the square root of participation": Case(
        {"A": [flat(10, 100), flat(20, 100)], "B": [flat(10, 100), flat(20, 400)]},
        {0: [order("A", 25), order("B", 1)]},
        [(1, "A", 25, 20 * (1 + 0.5 * DOUBLED)), (1, "B", 1, 20 * (1 + 0.05 * DOUBLED))],
        [DONE, DONE],
        IMPACT,
    ),
    "orders of one bar share its impact": Case(
        {"A": [flat(10, 100), flat(20, 100)]},
        {0: [order("A", 9), order("A", 16)]},
        [(1, "A", 9, 20 * (1 + 0.3 * DOUBLED)), (1, "A", 16, 20 * (1 + 0.6125 * DOUBLED))],
        [DONE, DONE],
        IMPACT,
    ),
    "sales lose to impact and half spread": Case(
        {"A": [flat(10, 100), flat(20, 100)]},
        {0: [order("A", -25)]},
        [(1, "A", -25, 20 * (1 - 0.01 - 0.5 * DOUBLED))],
        [DONE],
        IMPACT | {"half_spread_bps": 100.0},
    ),
    "missing volume refuses impact": Case(
        {"A": [flat(10, 100), flat(20, nan), flat(20, 0), flat(20, 1)]},
        {0: [order("A", 1)], 1: [row(A=0.5)]},
        [],
        [NO_VOLUME, NO_VOLUME],
        IMPACT,
    ),
    "what was refused is carried to a bar with volume": Case(
        {"A": [flat(10, 100), flat(20, nan), flat(20, 100)]},
        {0: [order("A", 25)]},
        [(2, "A", 25, 20 * (1 + 0.5 * DOUBLED / 2**0.5))],
        [DONE],
        IMPACT | {"remainder": "carry"},
    ),
    "a first bar has no volatility, and fills nothing": Case(
        {"A": [None, flat(10, 100), flat(20, 100)], "B": [flat(10, 100)] * 3},
        {0: [row(A=0.5)], 2: [order("A", 1)]},
        [],
        [NO_VOLUME, GONE],
        IMPACT,
    ),
    "a limit order has no impact": Case(
        {"A": [flat(10, 100), (20.0, 20.0, 10.0, 20.0, 100.0)]},
        {0: [order("A", 16, kind="limit", limit=15), order("A", 9)]},
        [(1, "A", 16, 15), (1, "A", 9, 20 * (1 + 0.3 * DOUBLED))],
        [DONE, DONE],
        IMPACT,
    ),
    "cash pays for the impact of what was planned": Case(
        {"A": [flat(10, 400), flat(10, 400), flat(20, 400)]},
        {1: [order("A", 100)]},
        [
            (
                2,
                "A",
                50 / (1 + 0.5 * DOUBLED / 2**0.5),
                20 * (1 + (0.125 / (1 + 0.5 * DOUBLED / 2**0.5)) ** 0.5 * DOUBLED / 2**0.5),
            )
        ],
        [("partly_filled", "no_cash")],
        IMPACT | {"account": "cash"},
    ),
}
