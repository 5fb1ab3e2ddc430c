"""What several strategies do alike: choose the best names, share places, count dates."""

import numpy as np

from barograph.backtest.strategies.contract import View
from barograph.typing import Floats, Mask

TIE_DECIMALS = 12


def top(scores: Floats, k: int) -> Floats:
    """Give equal weights to the `k` highest scores.

    Parameters
    ----------
    scores : ndarray of shape (..., N)
        NaN where a name may not be held.
    k : int

    Returns
    -------
    ndarray of shape (..., N)
        Names that tie at the last place share the places left. With fewer than `k` scores all have equal weights; with
        none all weights are 0.
    """
    ranked = np.sort(np.where(np.isnan(scores), -np.inf, scores), axis=-1)[..., ::-1]
    names = np.isfinite(ranked).sum(axis=-1, keepdims=True)
    places = np.clip(names, 1, k)
    last = np.take_along_axis(ranked, places - 1, axis=-1)
    above, tied = scores > last, scores == last
    share = (places - above.sum(axis=-1, keepdims=True)) / np.maximum(tied.sum(axis=-1, keepdims=True), 1)
    weights: Floats = (above + tied * share) / places
    return weights


def places(held: Mask, k: int) -> Floats:
    """Give each name held one of `k` equal places; if more names are held, all have equal weights."""
    return held / max(k, int(held.sum()))


def due(day: View, every: int) -> bool:
    """Count the dates on which this is asked, and tell whether the first or another `every` dates after it has come."""
    count: int = day.memory.get("dates", 0)
    day.memory["dates"] = count + 1
    return count % every == 0


def score_of(day: View) -> Floats:
    """Give each name's probability of buy minus that of sell, or the signal's score, to 12 decimals."""
    signals = day.signals
    score = signals["score"] if "score" in signals else signals["p_buy"] - signals["p_sell"]
    return np.round(score, TIE_DECIMALS)


def filled(values: Floats) -> Floats:
    """Fill the gaps of a history, shape (dates, N), by the last value before; one at its beginning stays NaN."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    rows = np.where(missing, 0, np.arange(len(values))[:, None])
    last: Floats = np.take_along_axis(values, np.maximum.accumulate(rows, axis=0), axis=0)
    return last
