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
    """Weigh rows.

    Parameters
    ----------
    regime : object array of shape (n,)
    uniqueness : array of shape (n,)
        Average uniqueness of each row's label.
    age : timedelta64 array of shape (n,)
        From each row's date to the day before which a training row must be known; 0 for a row that does not fade.
    weights : Weights or None
        None weighs all regimes alike and leaves uniqueness out.
    half_life : float or None
        Years after which a row counts half; None for no decay.

    Returns
    -------
    array of shape (n,)
    """
    weight = np.ones(regime.size)
    if weights:
        weight *= pd.Series(regime).map(weights.regime).to_numpy(np.float64)
        if weights.uniqueness:
            weight *= uniqueness
    if half_life:
        weight *= 0.5 ** (age / np.timedelta64(1, "D") / DAYS_A_YEAR / half_life)
    return weight
