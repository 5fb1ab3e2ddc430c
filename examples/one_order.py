"""One large order by four schedules in a book with random traders: `python examples/one_order.py`.

It prints the parts of each schedule, what they cost and how much the cost varies, and how impact grows with the order's
size. The traders are more active at the beginning and at the end, as on an exchange.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from barograph.backtest import almgren_chriss
from barograph.backtest.orderbook import Exponent, Traders, impact_exponent, impact_of_sizes, schedule_costs

SHARES = 400
ACTIVITY = np.array([2.0, 1.2, 0.8, 0.6, 0.6, 0.8, 1.2, 2.0])
TIMES = (2.5 * ACTIVITY).tolist()
SIZES = (100, 200, 400, 800, 1600)
SEED = 7


def whole(shares: Sequence[float]) -> list[int]:
    """Round parts so that their sum stays."""
    return np.diff(np.round(np.cumsum([0.0, *shares]))).astype(int).tolist()


def schedules() -> dict[str, list[int]]:
    """Give the parts of each schedule."""
    steps = len(ACTIVITY)
    hasty = almgren_chriss(
        SHARES, sum(TIMES), steps, volatility=1.0, eta=0.05, gamma=0.0, epsilon=0.5, risk_aversion=0.002
    )
    return {
        "at once": [SHARES] + [0] * (steps - 1),
        "equal parts": whole([SHARES / steps] * steps),
        "by volume": whole(SHARES * ACTIVITY / ACTIVITY.sum()),
        "Almgren-Chriss": whole(-np.diff(hasty.holdings)),
    }


def costs(runs: int) -> pd.DataFrame:
    """Give the cost of each schedule, in ticks per share."""
    return schedule_costs(schedules(), TIMES, Traders(), runs, SEED)


def exponent(runs: int) -> tuple[pd.Series, Exponent]:
    """Give the mean impact by size, in ticks, and the exponent of impact in size."""
    impacts = impact_of_sizes(SIZES, 20, 50.0, Traders(), runs, SEED)
    return impacts.groupby("size")["impact"].mean(), impact_exponent(impacts, SEED)


def text(parts: Mapping[str, Sequence[int]], table: pd.DataFrame, means: pd.Series, found: Exponent) -> str:
    """Lay out what was found."""
    lines = [f"{'schedule':<16}{'parts':<42}{'cost':>6}  95 %{'':>12}{'risk':>6}"]
    for row in table.to_dict("records"):
        shares = " ".join(f"{part:>4}" for part in parts[row["schedule"]])
        interval = f"[{row['cost_low']:.2f}, {row['cost_high']:.2f}]"
        lines.append(f"{row['schedule']:<16}{shares:<42}{row['cost']:>6.2f}  {interval:<16}{row['risk']:>6.2f}")
    sizes = ", ".join(f"{size}: {mean:.2f}" for size, mean in means.items())
    return "\n".join(
        [
            *lines,
            "",
            f"impact by size  {sizes}",
            f"exponent        {found.value:.2f} [{found.low:.2f}, {found.high:.2f}]",
        ]
    )


if __name__ == "__main__":
    print(text(schedules(), costs(40), *exponent(40)))
