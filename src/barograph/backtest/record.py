"""The record of a portfolio: a row per date, and the figures that read it beside a benchmark."""

from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.backtest import analytics
from barograph.backtest.analytics.tails import METHODS
from barograph.backtest.engine import Simulation
from barograph.market.panel import Panel
from barograph.typing import Ints

COSTS: Final = ("commission", "slippage", "interest", "borrow")
_RELATIVE: Final = ("alpha", "beta", "tracking_error", "information_ratio", "up_capture", "down_capture")


def equity_before(book: Simulation) -> "pd.Series[Any]":
    """Give the equity at the close before each date (T,)."""
    return book.equity.shift(1, fill_value=book.initial_cash)


def daily_record(book: Simulation, panel: Panel, folds: Ints, universe: "pd.Series[Any]", window: int) -> pd.DataFrame:
    """Give a row per date of a portfolio, from the first date of the returns on.

    Parameters
    ----------
    book : Simulation
    panel : Panel
        The bars that were traded on.
    folds : ndarray of int, shape (T,)
        The fold in which the return of each date was decided.
    universe : Series of shape (T,)
        Returns of the equal-weighted universe; its dates are those of the record.
    window : int
        Trading days of the rolling figures.

    Returns
    -------
    DataFrame
        ``date``, ``fold``, ``return``, ``gross`` and ``net`` exposure at the close over the equity there,
        ``turnover``, the costs ``commission``, ``slippage``, ``interest`` and ``borrow`` over the equity at the close
        before, and ``rolling_sharpe``, ``rolling_volatility``, ``rolling_beta`` (to the universe) and
        ``rolling_max_drawdown`` of the window that ends at the date, missing in the first windows.
    """
    close = pd.DataFrame(panel.close, panel.dates, panel.symbols).ffill().reindex(columns=book.positions.columns)
    held = (book.positions.to_numpy() * close.fillna(0.0).to_numpy()) / book.equity.to_numpy()[:, None]
    record = pd.DataFrame(
        {"return": book.returns, "gross": np.abs(held).sum(axis=1), "net": held.sum(axis=1), "turnover": book.turnover}
    )
    costs = book.costs[list(COSTS)].div(equity_before(book), axis=0)
    days = pd.concat([record, costs], axis=1).loc[universe.index]
    earned = days["return"]
    rolled = {
        "rolling_sharpe": analytics.rolling_sharpe_ratio(earned, window),
        "rolling_volatility": analytics.rolling_volatility(earned, window),
        "rolling_beta": analytics.rolling_beta(earned, universe, window),
        "rolling_max_drawdown": analytics.rolling_max_drawdown(earned, window),
    }
    return days.assign(fold=folds, **rolled).rename_axis("date").reset_index()


def record_figures(
    book: Simulation, earned: "pd.Series[Any]", universe: "pd.Series[Any]", index: "pd.Series[Any] | None"
) -> dict[str, float]:
    """Give the figures of a record beyond those of :func:`~barograph.backtest.performance.figures`.

    Parameters
    ----------
    book : Simulation
    earned, universe : Series of shape (T,)
        Daily returns of the portfolio, and of the equal-weighted universe.
    index : Series of shape (T,) or None
        Daily returns of the index; without it, figures against it are NaN.

    Returns
    -------
    dict of str to float
        ``omega``, ``tail_ratio``, ``skew``, ``kurtosis``; ``value_at_risk`` and ``conditional_value_at_risk`` at 5 % of
        the days, plain (historical) and with the ends ``_gaussian`` and ``_cornish_fisher``;
        ``longest_drawdown_days``; ``exposure``, the mean value of the positions over the equity, short ones subtracted;
        ``alpha``, ``beta``, ``tracking_error``, ``information_ratio``, ``up_capture`` and
        ``down_capture`` against the universe, and with the start ``index_`` against the index; and the figures of
        :func:`~barograph.backtest.analytics.trade_figures`.
    """
    found = {
        "omega": analytics.omega_ratio(earned),
        "tail_ratio": analytics.tail_ratio(earned),
        "skew": analytics.skew(earned),
        "kurtosis": analytics.kurtosis(earned),
        "longest_drawdown_days": float(analytics.drawdowns(earned)["periods"].max()),
        "exposure": float((1.0 - book.cash / book.equity).loc[earned.index].mean()),
    }
    for method in METHODS:
        end = "" if method == "historical" else f"_{method}"
        found[f"value_at_risk{end}"] = analytics.value_at_risk(earned, method=method)
        found[f"conditional_value_at_risk{end}"] = analytics.conditional_value_at_risk(earned, method=method)
    for start, benchmark in (("", universe), ("index_", index)):
        found |= {f"{start}{name}": value for name, value in _relative(earned, benchmark).items()}
    return found | analytics.trade_figures(book.trades)


def _relative(earned: "pd.Series[Any]", benchmark: "pd.Series[Any] | None") -> dict[str, float]:
    if benchmark is None:
        return dict.fromkeys(_RELATIVE, np.nan)
    given = earned, benchmark
    figures = (
        *analytics.alpha_beta(*given),
        analytics.tracking_error(*given),
        analytics.information_ratio(*given),
        analytics.up_capture(*given),
        analytics.down_capture(*given),
    )
    return dict(zip(_RELATIVE, figures, strict=True))


def index_returns(context: pd.DataFrame | None, dates: pd.DatetimeIndex) -> "pd.Series[Any] | None":
    """Give the index's daily returns on dates, close to close; a date without a close has the one before.

    Parameters
    ----------
    context : DataFrame or None
        ``date, index_close``; further columns are not read.
    dates : DatetimeIndex of shape (T,)
        The first date's return is from the close of the date before it in the context.

    Returns
    -------
    Series of shape (T,) or None
        None where there is no context, no close of the index, or none before the first of the dates.
    """
    if context is None or "index_close" not in context:
        return None
    close = context.set_index("date")["index_close"].dropna().sort_index()
    earlier = close.index[close.index < dates[0]]
    if not len(earlier):
        return None
    return close.reindex(earlier[-1:].append(dates), method="ffill").pct_change().iloc[1:].rename("index")
