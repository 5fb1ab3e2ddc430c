"""How much a training row counts: regime, uniqueness and age, multiplied."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.memory.options import Weights
from barograph.typing import Floats

DAYS_A_YEAR = 365.25


def row_weights(
    regime: NDArray[np.object_],
    uniqueness: Floats,
    age: NDArray[np.timedelta64],
    *,
    weights: Weights | None,
    half_life: float | None,
) -> Floats:
    """Weigh n rows, shape (n,), by the factor of their regime, their label's average uniqueness and their age.

    The age runs from a row's date to the day before which a training row must be known; it is 0 for a row that does not
    fade. After `half_life` years a row counts half; None is no decay. Without `weights` all regimes weigh alike, and
    uniqueness is left out.
    """
    weight = np.ones(regime.size)
    if weights:
        weight *= pd.Series(regime).map(weights.regime).to_numpy(np.float64)
        if weights.uniqueness:
            weight *= uniqueness
    if half_life:
        weight *= 0.5 ** (age / np.timedelta64(1, "D") / DAYS_A_YEAR / half_life)
    return weight
