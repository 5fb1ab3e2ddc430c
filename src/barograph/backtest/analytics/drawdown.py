"""Drawdowns: how deep, how long, and how long until wealth was back."""

import numpy as np
import pandas as pd

from barograph.backtest.analytics.series import Returns, index_of, underwater, values_of


def max_drawdown(returns: Returns) -> float:
    """Largest loss of compounded wealth from its running maximum.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns.

    Returns
    -------
    float
        In [-1, 0], a share of the maximum; wealth before the first period, which is 1, counts.

    References
    ----------
    Magdon-Ismail, M., & Atiya, A. (2004). Maximum drawdown. Risk 17(10), 99-102.
    """
    depth = underwater(values_of(returns))
    return float(depth.min()) if len(depth) else np.nan


def drawdowns(returns: Returns) -> pd.DataFrame:
    """List every drawdown, the deepest first.

    Parameters
    ----------
    returns : Series or array of shape (T,)
        Simple returns; the index of a series names the periods, an array's are counted from 0.

    Returns
    -------
    DataFrame
        ``start`` (the first period below the running maximum), ``trough`` (the deepest), ``end`` (the first period
        back at the maximum; missing where wealth has not recovered), ``depth`` (negative), ``periods`` (below the
        maximum) and ``recovery`` (periods from the trough to the end; missing where there is none).
    """
    depth = underwater(values_of(returns))
    index = index_of(returns, len(depth))
    below = np.concatenate([[False], depth < 0.0, [False]])
    starts = np.flatnonzero(below[1:] & ~below[:-1])
    ends = np.flatnonzero(below[:-1] & ~below[1:])
    troughs = np.array([s + int(np.argmin(depth[s:e])) for s, e in zip(starts, ends, strict=True)], dtype=np.int64)
    table = pd.DataFrame(
        {
            "start": index.take(starts),
            "trough": index.take(troughs),
            "end": pd.Series(index).reindex(ends).array,
            "depth": depth[troughs],
            "periods": ends - starts,
            "recovery": np.where(ends < len(depth), ends - troughs, np.nan),
        }
    )
    return table.sort_values("depth", kind="stable", ignore_index=True)
