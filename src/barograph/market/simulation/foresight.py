"""A signal drawn from the future, of stated accuracy: an oracle for tests of strategies, never a finding."""

from typing import Final

import numpy as np
import pandas as pd

from barograph.market.simulation.tables import symbol_names
from barograph.randomness import generator
from barograph.typing import Floats

_HORIZON: Final = 5
_BLOCK: Final = 100


def foresee(seed: int, closes: Floats, dates: pd.DatetimeIndex, accuracy: float) -> pd.DataFrame:
    """Draw the signal ``ml``, which knows the sign of the next five sessions' return in a stated share of cases.

    Of every 100 sessions of a symbol, counted from its first, exactly the stated share has the right sign, in an order
    drawn from the seed. The size, uniform in [0.1, 1), says nothing about being right, nor about the return's. The
    closes, shape (T, N), are without two equal ones five sessions apart; the accuracy is a whole number of percent.
    `available_from` is the date itself. The last five sessions have no row, as their return is not drawn yet.
    """
    rises = np.sign(closes[_HORIZON:] - closes[:-_HORIZON])
    value = np.empty((closes.shape[1], len(rises)))
    for stock in range(closes.shape[1]):
        draws = generator(seed, "simulated", "foresight", stock).random((-(-len(rises) // _BLOCK), 2, _BLOCK))
        right = draws[:, 0].argsort(axis=1).argsort(axis=1) < round(_BLOCK * accuracy)
        size = 0.1 + 0.9 * draws[:, 1]
        value[stock] = np.where(right, size, -size).ravel()[: len(rises)] * rises[:, stock]
    known = np.tile(dates[:-_HORIZON].to_numpy(), closes.shape[1])
    symbol = pd.Series(symbol_names(closes.shape[1]), dtype="str").repeat(len(rises)).reset_index(drop=True)
    name = pd.Series(["ml"], dtype="str").repeat(value.size).reset_index(drop=True)
    return pd.DataFrame(
        {"symbol": symbol, "name": name, "date": known, "value": value.ravel(), "available_from": known}
    )
