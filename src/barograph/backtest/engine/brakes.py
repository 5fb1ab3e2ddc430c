"""The records of brakes, and of what they did on each date."""

from typing import Any, Final, NamedTuple

import numpy as np

from barograph.typing import Floats, Ints, Mask

VOLATILITY, DRAWDOWN, STOP = range(3)
# A limit counts as exceeded by more than this share of it: what was brought to a limit is within it.
TOLERANCE: Final = 1e-9
# A brake: its kind and settings, and what it remembers of the account. `first` and `second` are of a volatility brake
# the level per year and the decay, of a drawdown brake the drawdowns between which it tightens, of the emergency stop
# the drawdown and the loss per day; `least` and `most` are gross exposures.
BRAKE: Final = np.dtype(
    [
        *((name, np.int64) for name in ("kind", "days", "seen", "stopped")),
        *(
            (name, np.float64)
            for name in ("first", "second", "least", "most", "peak", "before", "exposure", "variance")
        ),
    ],
    align=True,
)


class Guard(NamedTuple):
    """The brakes of a portfolio (B,), and what they did on each of T dates."""

    brakes: Any
    released: Mask  # (T,): whether the emergency stop is released at the close
    limit: Floats  # (T,): the lowest limit on gross exposure; infinite where there is none
    found: Floats  # (T,): the gross exposure that was reduced; NaN where it was within the limit
    brake: Ints  # (T,): which brake has the lowest limit
    rows: Floats  # (R, N): the rows of target weights as they were decided; of no brakes (0, N)
    row: Floats  # (N,)


def new_guard(brakes: Any, released: Mask, symbols: int) -> Guard:
    """Give the guard before the first date."""
    dates, count = len(released), len(brakes)
    return Guard(
        brakes=brakes.copy(),
        released=released,
        limit=np.full(dates if count else 0, np.inf),
        found=np.full(dates if count else 0, np.nan),
        brake=np.full(dates if count else 0, -1, np.int64),
        rows=np.zeros((dates if count else 0, symbols)),
        row=np.zeros(symbols),
    )
