"""Strategies that trade beside the candidate and the universe on the same dates, with the record of each portfolio."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from barograph.backtest.attribution import contributions
from barograph.backtest.engine import Simulation, run, simulate
from barograph.backtest.execution import Execution
from barograph.backtest.management import Management
from barograph.backtest.performance import figures, folds_of, prepare
from barograph.backtest.record import daily_record, index_returns
from barograph.backtest.strategies import Strategy, choices
from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.market.panel import Panel
from barograph.names import KEY, PROBABILITIES, UNIVERSE
from barograph.scoring import Validation


@dataclass(frozen=True)
class Portfolios:
    """The record of each portfolio: the candidate, each strategy by name, and the universe.

    Attributes
    ----------
    summary : DataFrame
        One row per portfolio, in this order: ``portfolio``, and the columns of the summary of
        :class:`~barograph.backtest.BacktestResult`.
    rejections : DataFrame
        ``portfolio, code, orders``: how many orders did not fill in full, and why.
    choices : DataFrame
        ``portfolio, fold, parameters, sharpe, days``: the choices of walk-forward grids.
    orders, fills, trades, positions, caps : DataFrame
        ``portfolio`` and the columns of :class:`~barograph.backtest.Simulation`; positions in long form, those that are
        not 0. Trades have what they added to the return, ``contribution``. The universe is not among them.
    days : DataFrame
        ``portfolio`` and the columns of :func:`~barograph.backtest.record.daily_record`, of the universe too.
    """

    summary: pd.DataFrame
    rejections: pd.DataFrame
    choices: pd.DataFrame
    orders: pd.DataFrame
    fills: pd.DataFrame
    trades: pd.DataFrame
    positions: pd.DataFrame
    caps: pd.DataFrame
    days: pd.DataFrame


@without_time_zones
def trade_strategies(
    predictions: pd.DataFrame,
    bars: pd.DataFrame,
    strategy: Strategy,
    strategies: Mapping[str, Any],
    execution: Execution,
    settings: Validation,
    seed: int,
    *,
    window: int = 252,
    signals: pd.DataFrame | None = None,
    context: pd.DataFrame | None = None,
    features: pd.DataFrame | None = None,
    shortable: pd.DataFrame | None = None,
    management: Management | None = None,
) -> Portfolios:
    """Trade strategies beside the candidate.

    All trade on the dates of the predictions; what a strategy needs of the past before them it does not have, and it
    begins in cash.

    Parameters
    ----------
    predictions : DataFrame
        The candidate's: ``predictor, symbol, date, fold, p_sell, p_hold, p_buy``.
    bars, execution, settings, seed
        As :func:`~barograph.backtest.backtest` takes them.
    strategy : Strategy
        The candidate's.
    strategies : mapping of str to object
        Those beside it; each sees the candidate's probabilities and the signals as its signals.
    window : int
        Trading days of the rolling figures.
    signals : DataFrame or None
        ``symbol, date`` and a column of scores per signal.
    context : DataFrame or None
        One row per date, as it was known on that date.
    features : DataFrame or None
        ``symbol, date`` and a column per feature.
    shortable : DataFrame or None
        ``symbol, borrow_rate`` of the names that can be sold short; None: every name, at the execution's rate.
    management : Management or None
        Sizing and overlays of every portfolio but the universe.

    Returns
    -------
    Portfolios

    Raises
    ------
    InputError
        If the predictions are of several predictors, or a strategy cannot be traded; the message names it.
    """
    names = predictions["predictor"].unique().tolist()
    if len(names) != 1:
        raise InputError(f"predictions: they are of {names}; those of one predictor, the candidate, are required")
    panel, decisions, start = prepare(predictions, bars, strategy, None)
    seen = predictions[[*KEY, *PROBABILITIES]]
    seen = seen if signals is None else seen.merge(signals, on=KEY, how="left")
    rule, tables = management or Management(), {"context": context, "signals": seen}
    books = {names[0]: simulate(panel, decisions[names[0]], execution, **tables, management=rule.named(names[0]))}
    for name, each in strategies.items():
        try:
            each = rule.named(name).over(each)
            books[name] = run(panel, each, execution, seen, context, features=features, shortable=shortable)
        except InputError as error:
            raise InputError(f"strategies.{name}: {error}") from error
    books[UNIVERSE] = simulate(panel, decisions[UNIVERSE], execution)
    returns = {name: book.returns.loc[start:] for name, book in books.items()}
    folds = folds_of(predictions, panel, start)
    universe = returns[UNIVERSE]
    index = index_returns(context, pd.DatetimeIndex(universe.index))
    rows = [
        {"portfolio": name} | figures(book, returns, folds, name, settings, seed, index) for name, book in books.items()
    ]
    days = _joined({name: daily_record(book, panel, folds, universe, window) for name, book in books.items()})
    del books[UNIVERSE]
    return Portfolios(
        summary=pd.DataFrame(rows),
        rejections=_joined({name: book.rejections.rename_axis("code").reset_index() for name, book in books.items()}),
        choices=_joined({name: choices(book.memory) for name, book in books.items()}),
        orders=_joined({name: book.orders for name, book in books.items()}),
        fills=_joined({name: book.fills.rename_axis("fill").reset_index() for name, book in books.items()}),
        trades=_joined({name: _trades(book, panel) for name, book in books.items()}),
        positions=_joined({name: _positions(book) for name, book in books.items()}),
        caps=_joined({name: book.caps for name, book in books.items()}),
        days=days,
    )


@without_time_zones
def known_context(context: pd.DataFrame, regimes: pd.DataFrame, release_lag: Mapping[str, int]) -> pd.DataFrame:
    """Give the context with the regimes as they were known at each date's close.

    Parameters
    ----------
    context : DataFrame
        ``date`` and the columns of the market's context.
    regimes : DataFrame
        ``date, regime, index_return_10, drawdown``; see :mod:`barograph.regimes`.
    release_lag : mapping of str to int
        Calendar days after which the value of a column is known; 0 for columns that are not named.

    Returns
    -------
    DataFrame
        A row per date of the context. A value that was published later is shown from the day on which it was known; a
        missing one is missing.
    """
    table = context.drop(columns="vix_estimated", errors="ignore").sort_values("date", ignore_index=True)
    for name in table.columns.intersection([name for name, lag in release_lag.items() if lag]):
        observed = table[["date", name]].dropna()
        published = observed.assign(date=observed["date"] + pd.Timedelta(days=release_lag[name]))
        table[name] = pd.merge_asof(table[["date"]], published, on="date")[name]
    return table.merge(regimes[["date", "regime", "index_return_10", "drawdown"]], on="date", how="left")


def _trades(book: Simulation, panel: Panel) -> pd.DataFrame:
    """Give the trades a number, what each added to the return, and a missing regime where there is no context."""
    absent = [name for name in ("entry_regime", "exit_regime") if name not in book.trades]
    trades = book.trades.assign(contribution=contributions(book, panel), **dict.fromkeys(absent))
    return trades.rename_axis("trade").reset_index()


def _positions(book: Simulation) -> pd.DataFrame:
    rows = book.positions.rename_axis(index="date", columns="symbol").melt(ignore_index=False, value_name="shares")
    return rows[rows["shares"] != 0.0].reset_index()


def _joined(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    joined = pd.concat([table.assign(portfolio=name) for name, table in tables.items()], ignore_index=True)
    return joined[["portfolio", *joined.columns.drop("portfolio")]]
