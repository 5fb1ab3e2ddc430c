"""Figures of round trips: how often they won, how much, and for how long they were held."""

import numpy as np
import pandas as pd

from barograph.backtest.analytics.series import ratio_of


def trade_figures(trades: pd.DataFrame) -> dict[str, float]:
    """Give the figures of round trips that are closed; a trade without gain or loss has not won.

    Parameters
    ----------
    trades : DataFrame
        ``exit_date, pnl, pnl_percent, bars``, as in :attr:`barograph.backtest.Simulation.trades`.

    Returns
    -------
    dict of str to float
        ``trades`` (how many are closed), ``win_rate``, ``payoff_ratio`` (mean gain over mean loss), ``profit_factor``
        (sum of gains over sum of losses, in money), ``expectancy_percent`` (mean result) and ``holding_bars`` (mean).
        Results are percent of the entry's value, costs subtracted; trades without one are left out of means. NaN where
        there is nothing to divide by.

    References
    ----------
    Tharp, V. K. (2006). Trade your way to financial freedom, 2nd ed., ch. 7. McGraw-Hill.
    """
    closed = trades[trades["exit_date"].notna()]
    percent, money = closed["pnl_percent"].to_numpy(float), closed["pnl"].to_numpy(float)
    known = ~np.isnan(percent)
    won, lost = known & (money > 0.0), known & (money < 0.0)
    return {
        "trades": float(len(closed)),
        "win_rate": ratio_of(float((money > 0.0).sum()), len(closed)),
        "payoff_ratio": ratio_of(_mean(percent[won]), -_mean(percent[lost])),
        "profit_factor": ratio_of(float(money[money > 0.0].sum()), float(-money[money < 0.0].sum())),
        "expectancy_percent": _mean(percent[known]),
        "holding_bars": _mean(closed["bars"].to_numpy(float)),
    }


def _mean(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
    return float(values.mean()) if len(values) else np.nan
