"""Other histories that could have happened: days drawn anew in blocks, and round trips drawn one by one."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.backtest.analytics import PERIODS
from barograph.errors import InputError
from barograph.names import UNIVERSE
from barograph.typing import Floats, Ints

_TRADE_FIGURES: Final = ("cagr", "max_drawdown")
_AT_ONCE: Final = 128
LOSS: Final = "loses"
BEHIND: Final = "behind_universe"


def drawn_days(folds: Ints, block: int, paths: int, rng: np.random.Generator) -> Ints:
    """Draw histories of the days of folds: folds first, then a stationary bootstrap of the days of each.

    Folds are drawn with replacement until there are as many days as there were; the last is cut off. Within a fold, a
    day is followed by the next one, or with probability 1 / `block` by any day of the fold; its first day follows its
    last.

    Parameters
    ----------
    folds : ndarray of int, shape (T,)
        The fold of each day, never decreasing; a single fold gives the plain stationary bootstrap.
    block : int
        Mean length of a block.
    paths : int
        R.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (R, T)
        Places of days.

    References
    ----------
    .. [1] Politis, D. N., & Romano, J. P. (1994). The stationary bootstrap. Journal of the American Statistical
       Association 89(428), 1303-1313.
    """
    if not len(folds) or (np.diff(folds) < 0).any() or block < 1 or paths < 1:
        raise InputError(f"folds: {len(folds)} days, block {block}, paths {paths}: each 1 or more, folds in order")
    from barograph.backtest.paths import walk

    first = np.flatnonzero(np.r_[True, np.diff(folds) > 0])
    length = np.diff(np.r_[first, len(folds)])
    most = -(-len(folds) // int(length.min()))
    found = np.empty((paths, len(folds)), np.int64)
    for begin in range(0, paths, _AT_ONCE):
        rows = found[begin : begin + _AT_ONCE]
        chosen = rng.integers(len(first), size=(len(rows), most))
        jumps, places = rng.random(rows.shape) < 1.0 / block, rng.random(rows.shape)
        walk(rows, chosen, jumps, places, first, length)
    return found


def other_histories(
    returns: pd.DataFrame,
    trips: Mapping[str, Floats],
    folds: Ints,
    *,
    block: int,
    paths: int,
    level: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Say how portfolios would have fared in other histories.

    Parameters
    ----------
    returns : DataFrame of shape (T, M)
        Daily returns by portfolio, perhaps with one named ``universe``. All are drawn on the same days.
    trips : mapping of str to ndarray of shape (K,)
        What each round trip added to the return of a portfolio, as
        :func:`~barograph.backtest.attribution.contributions` gives it. They are drawn with replacement, as many as
        there are, and compound one after another.
    folds : ndarray of int, shape (T,)
        The fold of each day, never decreasing.
    block, paths
        As :func:`drawn_days` takes them.
    level : float
        Coverage of the intervals, which are percentiles.
    rng : numpy.random.Generator

    Returns
    -------
    DataFrame
        ``portfolio, method, figure, value, median, low, high, probability``; the value is that of history itself.
        Method ``days`` has the figures ``cagr``, ``annual_volatility``, ``sharpe`` and ``max_drawdown``, ``trades`` the
        first and the last. The figures ``loses`` and ``behind_universe`` have a `probability` alone: the share of
        histories that end below their start, or with less than the universe in the same history.

    Warns
    -----
    Trips that were open together moved together, and follow one another here: deep drawdowns of `trades` come too
    rarely. Read `days` first.
    """
    from barograph.backtest.paths import FIGURES, path_figures

    drawn = drawn_days(folds, block, paths, rng)
    steps = returns.to_numpy(np.float64)
    history = path_figures(steps, np.arange(len(steps))[None, :], float(PERIODS))[0]
    samples = path_figures(steps, drawn, float(PERIODS))
    names = returns.columns.tolist()
    rows = []
    for m, name in enumerate(names):
        rows += [_row(name, "days", figure, history[m, k], samples[:, m, k], level) for k, figure in enumerate(FIGURES)]
        rows.append(_chance(name, "days", LOSS, samples[:, m, 0] < 0.0))
        if UNIVERSE in names and name != UNIVERSE:
            rows.append(_chance(name, "days", BEHIND, samples[:, m, 0] < samples[:, names.index(UNIVERSE), 0]))
    years = len(steps) / PERIODS
    for name, steps_of in trips.items():
        if len(steps_of):
            rows += _of_trips(name, steps_of, years, paths, level, rng)
    return pd.DataFrame(rows)


def _of_trips(
    name: str, trips: Floats, years: float, paths: int, level: float, rng: np.random.Generator
) -> list[dict[str, Any]]:
    from barograph.backtest.paths import FIGURES, path_figures

    drawn, each = rng.integers(len(trips), size=(paths, len(trips))), trips[:, None]
    places = [FIGURES.index(figure) for figure in _TRADE_FIGURES]
    a_year = len(trips) / years
    history = path_figures(each, np.arange(len(trips))[None, :], a_year)[0, 0, places]
    samples = path_figures(each, drawn, a_year)[:, 0, places]
    rows = [_row(name, "trades", figure, history[k], samples[:, k], level) for k, figure in enumerate(_TRADE_FIGURES)]
    return [*rows, _chance(name, "trades", LOSS, samples[:, 0] < 0.0)]


def _row(name: str, method: str, figure: str, value: float, samples: Floats, level: float) -> dict[str, Any]:
    known = samples[np.isfinite(samples)]
    tails = (1.0 - level) / 2.0, 0.5, (1.0 + level) / 2.0
    low, median, high = np.quantile(known, tails) if len(known) else (np.nan,) * 3
    ends = {"value": float(value), "median": float(median), "low": float(low), "high": float(high)}
    return {"portfolio": name, "method": method, "figure": figure} | ends | {"probability": np.nan}


def _chance(name: str, method: str, figure: str, happens: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("value", "median", "low", "high"), np.nan)
    key = {"portfolio": name, "method": method, "figure": figure}
    return key | nothing | {"probability": float(np.mean(happens))}
