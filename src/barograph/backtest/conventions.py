"""How much of a record is convention: the same decisions under other honest rules, and in other sizes of account."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, get_args

import numpy as np
import pandas as pd
from pydantic import ValidationError

from barograph.backtest import analytics
from barograph.backtest.analysis import Analysis
from barograph.backtest.engine import Simulation, simulate
from barograph.backtest.execution import Execution
from barograph.backtest.management import Management
from barograph.backtest.performance import given, prepare
from barograph.backtest.strategies import Strategy
from barograph.dates import without_time_zones
from barograph.errors import InputError

Play = Callable[[Execution, int], Simulation]
AS_TRADED: Final = "as traded"
WORST: Final = "all that hurt"
_FIGURES: Final = ("sharpe", "max_drawdown", "cagr", "cost_bps_per_year", "exposure")
PRICES: Final[tuple[str, ...]] = get_args(Execution.__annotations__["price"])


@without_time_zones
def rerun(
    predictions: pd.DataFrame,
    bars: pd.DataFrame,
    strategy: Strategy,
    execution: Execution,
    analysis: Analysis,
    context: pd.DataFrame | None = None,
    management: Management | None = None,
) -> dict[str, pd.DataFrame]:
    """Give the tables of :func:`conventions` and of :func:`capacity` by name, for the decisions of one predictor.

    Parameters
    ----------
    predictions, bars, strategy, execution, context, management
        As :func:`~barograph.backtest.trade_strategies` takes them.
    analysis : Analysis

    Raises
    ------
    InputError
        If the predictions cannot be traded as they are.
    """
    panel, decisions, start = prepare(predictions, bars, strategy, None)
    name = str(predictions["predictor"].iloc[0])
    weights = decisions[name]
    tables = {"context": context} | given(name, predictions, context, management)

    def play(execution: Execution, delay: int) -> Simulation:
        later = delayed(weights, pd.DatetimeIndex(panel.dates), delay)
        return simulate(panel, later, execution, **tables)

    settings = play, execution, analysis, start
    return {"conventions": conventions(*settings), "capacity": capacity(*settings)}


def delayed(weights: pd.DataFrame, dates: pd.DatetimeIndex, bars: int) -> pd.DataFrame:
    """Give target weights so many dates later; those that would come after the last date are left out."""
    places = dates.get_indexer(weights.index) + bars
    kept = places < len(dates)
    return weights[kept].set_axis(dates[places[kept]], axis=0)


def conventions(play: Play, execution: Execution, analysis: Analysis, start: pd.Timestamp) -> pd.DataFrame:
    """Trade the same decisions under other conventions.

    Parameters
    ----------
    play : callable of (Execution, int) to Simulation
        Trades the decisions under an execution, so many bars later than they were made.
    execution : Execution
        As traded.
    analysis : Analysis
        With the return of a delisted position.
    start : Timestamp
        The first date of the returns.

    Returns
    -------
    DataFrame
        ``convention, sharpe, max_drawdown, cagr, cost_bps_per_year, exposure, remark``: ``as traded`` first, then each
        price at which orders could be filled instead, everything a bar later, the other of a bracket's prices first,
        the delisting return, twice the costs; last those together whose Sharpe ratio is below that as traded. Where one
        cannot be traded, its figures are NaN and the remark says why; it also says where a convention changes nothing.
    """
    rows = [_row(AS_TRADED, play, execution, {}, 0, start)]
    changes: dict[str, dict[str, Any]] = {}
    for name, changed, delay in _others(execution, analysis):
        row = _row(name, play, execution, changed, delay, start)
        rows.append(_unchanged(row, rows[0]))
        if row["sharpe"] < rows[0]["sharpe"]:
            changes[name] = {"delay": delay} | changed
    if len(changes) > 1:
        # Of several prices, the one that hurts most.
        order = sorted(changes, key=lambda name: -next(row["sharpe"] for row in rows if row["convention"] == name))
        delay = max(changes[name].pop("delay") for name in order)
        merged = {key: value for name in order for key, value in changes[name].items()}
        rows.append(_row(WORST, play, execution, merged, delay, start))
    return pd.DataFrame(rows)


def _others(execution: Execution, analysis: Analysis) -> Iterator[tuple[str, dict[str, Any], int]]:
    for price in PRICES:
        if price != execution.price:
            yield f"filled at {price}", {"price": price}, 0
    yield "a bar later", {}, 1
    other = "target" if execution.first == "stop" else "stop"
    yield f"{other} first", {"first": other}, 0
    yield "delisting return", {"delisting_haircut": analysis.delisting_return}, 0
    names = ("commission_bps", "half_spread_bps", "commission_per_share", "commission_minimum", "commission_per_order")
    yield "twice the costs", {name: 2.0 * getattr(execution, name) for name in names}, 0


def _row(
    name: str, play: Play, execution: Execution, changed: dict[str, Any], delay: int, start: pd.Timestamp
) -> dict[str, Any]:
    row: dict[str, Any] = {"convention": name}
    try:
        book = play(replace(execution, **changed), delay)
    except (InputError, ValidationError) as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        return row | dict.fromkeys(_FIGURES, np.nan) | {"remark": why}
    returns = book.returns.loc[start:]
    return row | {
        "sharpe": analytics.sharpe_ratio(returns),
        "max_drawdown": analytics.max_drawdown(returns),
        "cagr": analytics.cagr(returns),
        "cost_bps_per_year": float(book.cost_rate.loc[start:].mean()) * analytics.PERIODS * 1e4,
        "exposure": float((1.0 - book.cash / book.equity).loc[start:].mean()),
        "remark": "",
    }


def _unchanged(row: dict[str, Any], traded: dict[str, Any]) -> dict[str, Any]:
    same = not row["remark"] and all(row[name] == traded[name] for name in _FIGURES)
    return row | {"remark": "changes nothing: it never came to that"} if same else row


def capacity(play: Play, execution: Execution, analysis: Analysis, start: pd.Timestamp) -> pd.DataFrame:
    """Trade the same decisions with other amounts of capital, each fill paying the square-root law of impact.

    Parameters
    ----------
    play, execution, analysis, start
        As :func:`conventions` takes them; `analysis` with the accounts, the impact and the participation.

    Returns
    -------
    DataFrame
        ``capital, sharpe, max_drawdown, cagr, cost_bps_per_year, exposure, remark``. An account whose orders are larger
        than the volume allows holds cash instead, which the exposure shows. Where volume is missing, impact is not
        known: figures are NaN, and the remark says so.
    """
    law = {"impact": analysis.impact, "participation": analysis.participation}
    rows = []
    for amount in analysis.capital:
        row = _row("", play, execution, law | {"initial_cash": float(amount)}, 0, start)
        del row["convention"]
        rows.append({"capital": float(amount)} | row)
    return pd.DataFrame(rows)
