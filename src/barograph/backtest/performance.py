"""Every predictor traded by the same strategy, over the same dates, beside the equal-weighted universe."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.backtest import analytics
from barograph.backtest.engine import Simulation, simulate
from barograph.backtest.execution import Execution
from barograph.backtest.management import Management
from barograph.backtest.record import index_returns, record_figures
from barograph.backtest.strategies import Strategy, equal_weight
from barograph.backtest.strategies.scores import refuse_repeats
from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.market.panel import Panel, to_panel
from barograph.names import KEY, PROBABILITIES, UNIVERSE
from barograph.randomness import generator
from barograph.scoring import UNDEFINED, Validation, sharpe_difference_interval, sharpe_interval
from barograph.scoring.pairing import require
from barograph.scoring.slices import folds_of_decisions
from barograph.typing import Ints

COST_MULTIPLES: Final = (0.0, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class BacktestResult:
    """The performance of each predictor; the predictor ``universe`` is the equal-weighted universe.

    Attributes
    ----------
    summary : DataFrame
        One row per predictor, sorted by name, the universe last: ``predictor``, ``cagr``, ``annual_volatility``,
        ``sharpe`` and ``excess_sharpe`` (minus the universe's; missing for the universe) each with ``_low``
        and ``_high``, ``sortino``, ``calmar``, ``max_drawdown``, ``annual_turnover`` (1: the whole portfolio replaced
        once a year), ``cost_bps_per_year`` (of equity) and the columns of
        :func:`~barograph.backtest.record.record_figures`.
    equity : DataFrame
        ``date, predictor, equity, drawdown``: wealth from 1 before the first fill, and its distance from its running
        maximum (negative).
    monthly : DataFrame
        ``predictor, year, month, return``.
    cost_curve : DataFrame
        ``predictor, cost_bps, sharpe``: the Sharpe ratio had commission and half spread together been `cost_bps`.
    index : DataFrame
        ``date, equity, drawdown`` of the index, without dividends and costs; no row where it is not known.
    """

    summary: pd.DataFrame
    equity: pd.DataFrame
    monthly: pd.DataFrame
    cost_curve: pd.DataFrame
    index: pd.DataFrame


@without_time_zones
def backtest(
    predictions: pd.DataFrame,
    bars: pd.DataFrame,
    strategy: Strategy,
    execution: Execution,
    settings: Validation,
    seed: int,
    signals: pd.DataFrame | None = None,
    context: pd.DataFrame | None = None,
    management: Management | None = None,
) -> BacktestResult:
    """Trade the out-of-sample predictions of every predictor, and signals beside them on the same dates.

    Returns run from the first fill (the date after the first decision) to the last date with a prediction, the same
    dates for all; a predictor that starts with cash counts from there too.

    Parameters
    ----------
    predictions : DataFrame
        ``predictor, symbol, date, fold, p_sell, p_hold, p_buy``; the same rows for all predictors, none named
        ``universe``, all rows of a date in one fold.
    bars : DataFrame
        ``symbol, date, open, high, low, close, volume``.
    strategy : Strategy
        Makes target weights of each predictor's probabilities, or of a signal's scores.
    execution : Execution
        Fills and costs, the same for the universe, which is rebalanced on the same dates.
    settings : Validation
        Resamples and level of the bootstrap intervals, which resample whole folds, and of a single fold blocks of the
        length given. The fold of a return is that of the trading day before it, at whose close was decided.
    seed : int
        The configured seed, from which the resamples are drawn: the same dates for every predictor.
    signals : DataFrame or None
        ``symbol, date`` and a column of scores per signal, which no predictor may be named after. Rows that the
        predictions lack do not count; a name without a score is not held.
    context : DataFrame or None
        One row per date, with ``index_close`` for the figures against the index, and what overlays read.
    management : Management or None
        Sizing and overlays of every portfolio but the universe.

    Returns
    -------
    BacktestResult

    Raises
    ------
    InputError
        If predictors differ in their rows, one is called ``universe`` or has the name of a signal, a signal repeats a
        symbol and date, fewer than two dates follow the first decision, or a date has no fold or several.
    """
    panel, decisions, start = prepare(predictions, bars, strategy, signals)
    tables = {name: given(name, predictions, context, management) for name in decisions}
    books = {name: simulate(panel, weights, execution, **tables[name]) for name, weights in decisions.items()}
    returns = {name: book.returns.loc[start:] for name, book in books.items()}
    folds = folds_of(predictions, panel, start)
    index = index_returns(context, pd.DatetimeIndex(returns[UNIVERSE].index))
    rows = [{"predictor": name} | figures(books[name], returns, folds, name, settings, seed, index) for name in books]
    return BacktestResult(
        summary=pd.DataFrame(rows),
        equity=pd.concat([_equity(name, series) for name, series in returns.items()], ignore_index=True),
        monthly=pd.concat([_monthly(name, series) for name, series in returns.items()], ignore_index=True),
        cost_curve=_cost_curve(panel, decisions, execution, start, tables),
        index=_index(index),
    )


@without_time_zones
def net_returns(
    predictions: pd.DataFrame, bars: pd.DataFrame, strategy: Strategy, execution: Execution
) -> pd.DataFrame:
    """Give the daily simple returns after costs, traded as :func:`backtest` does.

    One row per date, a column per predictor and one for the equal-weighted ``universe``.
    """
    panel, decisions, start = prepare(predictions, bars, strategy, None)
    return pd.DataFrame(
        {name: simulate(panel, weights, execution).returns.loc[start:] for name, weights in decisions.items()}
    )


def metrics(result: BacktestResult) -> dict[str, dict[str, float | None]]:
    """Give the summary as nested plain values, by predictor; an undefined or infinite figure is None."""
    rows = result.summary.set_index("predictor").to_dict("index")
    return {
        str(name): {str(key): float(value) if np.isfinite(value) else None for key, value in row.items()}
        for name, row in rows.items()
    }


def prepare(
    predictions: pd.DataFrame, bars: pd.DataFrame, strategy: Strategy, signals: pd.DataFrame | None
) -> tuple[Panel, dict[str, pd.DataFrame], pd.Timestamp]:
    """Give the bars traded on, the target weights by name, and the date of the first fill."""
    decisions, dates = _decide(predictions, signals, strategy), predictions["date"]
    panel = to_panel(bars[bars["date"].between(dates.min(), dates.max())])
    first = min(weights.index[0] for weights in decisions.values())
    after = panel.dates[panel.dates > np.datetime64(first)]
    if len(after) < 2:
        raise InputError(f"predictions: {len(after)} dates follow the first decision; a backtest needs at least two")
    return panel, decisions, pd.Timestamp(after[0])


def given(
    name: str, predictions: pd.DataFrame, context: pd.DataFrame | None, management: Management | None
) -> dict[str, Any]:
    """Give the further arguments with which :func:`simulate` trades a predictor or signal; none for the universe."""
    if management is None or name == UNIVERSE:
        return {}
    rows = predictions[predictions["predictor"] == name]
    signals = rows[[*KEY, *PROBABILITIES]] if len(rows) else None
    return {"context": context, "signals": signals, "management": management.named(name)}


def _decide(predictions: pd.DataFrame, signals: pd.DataFrame | None, strategy: Strategy) -> dict[str, pd.DataFrame]:
    """Give the target weights of each predictor and signal by name, then the universe's on the same dates."""
    seen = [*KEY, *PROBABILITIES]
    groups = {str(name): group[seen] for name, group in predictions.groupby("predictor", sort=True)}
    if not groups or UNIVERSE in groups:
        found = "none" if not groups else UNIVERSE
        raise InputError(f"predictions: the predictors are {found}; at least one, not named {UNIVERSE}, is required")
    names = list(groups)
    rows = {name: pd.MultiIndex.from_frame(groups[name][KEY]).sort_values() for name in names}
    for name in names[1:]:
        if not rows[name].equals(rows[names[0]]):
            symbol, date = rows[name].symmetric_difference(rows[names[0]])[0]
            raise InputError(
                f"predictions: {name} and {names[0]} differ at {symbol} on {date:%Y-%m-%d}; all need the same rows"
            )
    universe = groups[names[0]]
    traded = groups | _scores_of(signals, universe[KEY], names)
    decisions = {name: strategy.target_weights(traded[name]) for name in sorted(traded)}
    return decisions | {UNIVERSE: equal_weight(universe, decisions[names[0]].index)}


def _scores_of(signals: pd.DataFrame | None, rows: pd.DataFrame, taken: list[str]) -> dict[str, pd.DataFrame]:
    """Give each signal's scores on the rows of the predictions, NaN where it has none."""
    if signals is None:
        return {}
    names = [str(name) for name in signals.columns.drop(KEY)]
    if twice := [name for name in names if name in (*taken, UNIVERSE)]:
        raise InputError(f"signals: {twice[0]} is the name of a predictor too; choose another name")
    refuse_repeats(signals, "signals")
    scores = rows.merge(signals, on=KEY, how="left")
    return {name: scores[KEY].assign(score=scores[name].to_numpy(np.float64)) for name in names}


def folds_of(predictions: pd.DataFrame, panel: Panel, start: pd.Timestamp) -> Ints:
    """Give the fold of the decision behind each return from `start` on: that of the trading day before."""
    require(predictions, "predictions", ["fold"])
    by_date = predictions.groupby("date")["fold"]
    folds = by_date.first()
    several = by_date.nunique() != 1
    if several.any():
        found = sorted(predictions.loc[predictions["date"] == folds.index[several][0], "fold"].unique().tolist())
        raise InputError(f"predictions: {folds.index[several][0]:%Y-%m-%d} is in the folds {found}; one is allowed")
    first = int(np.searchsorted(panel.dates, start.to_datetime64()))
    return folds_of_decisions(panel.dates[first - 1 : -1], folds.index.to_numpy(), folds.to_numpy())


def figures(
    book: Simulation,
    returns: Mapping[str, pd.Series],
    folds: Ints,
    name: str,
    settings: Validation,
    seed: int,
    index: pd.Series | None,
) -> dict[str, float]:
    """Give the figures of a portfolio, one of those with `returns`, by the names of the summary's columns."""
    earned = returns[name]
    turnover, cost = book.turnover.loc[earned.index], book.cost_rate.loc[earned.index]
    return {
        "cagr": analytics.cagr(earned),
        "annual_volatility": analytics.annual_volatility(earned),
        **_sharpes(earned, None if name == UNIVERSE else returns[UNIVERSE], folds, settings, seed),
        "sortino": analytics.sortino_ratio(earned),
        "calmar": analytics.calmar_ratio(earned),
        "max_drawdown": analytics.max_drawdown(earned),
        "annual_turnover": float(turnover.mean()) * analytics.PERIODS,
        "cost_bps_per_year": float(cost.mean()) * analytics.PERIODS * 1e4,
        **record_figures(book, earned, returns[UNIVERSE], index),
    }


def _sharpes(
    earned: pd.Series, universe: pd.Series | None, folds: Ints, settings: Validation, seed: int
) -> dict[str, float]:
    """Give both Sharpe ratios with their intervals; every predictor is resampled on the same dates."""

    def draw() -> np.random.Generator:
        return generator(seed, "backtest", "sharpe")

    resampled: dict[str, Any] = {"block": settings.block_days, "resamples": settings.resamples}
    resampled |= {"level": settings.level, "folds": folds}
    sharpe = sharpe_interval(earned, rng=draw(), **resampled)
    excess = UNDEFINED
    if universe is not None:
        excess = sharpe_difference_interval(earned, universe, rng=draw(), **resampled)
    return sharpe.columns("sharpe") | excess.columns("excess_sharpe")


def _equity(name: str, returns: pd.Series) -> pd.DataFrame:
    wealth = (1.0 + returns).cumprod()
    drawdown = wealth / wealth.cummax().clip(lower=1.0) - 1.0
    return pd.DataFrame({"date": returns.index, "predictor": name, "equity": wealth.array, "drawdown": drawdown.array})


def _index(returns: pd.Series | None) -> pd.DataFrame:
    if returns is None:
        return pd.DataFrame(columns=["date", "equity", "drawdown"])
    return _equity("index", returns).drop(columns="predictor")


def _monthly(name: str, returns: pd.Series) -> pd.DataFrame:
    table = analytics.monthly_returns(returns).reset_index()
    table.insert(0, "predictor", name)
    return table


def _cost_curve(
    panel: Panel,
    decisions: Mapping[str, pd.DataFrame],
    execution: Execution,
    start: pd.Timestamp,
    tables: Mapping[str, Any],
) -> pd.DataFrame:
    rows = []
    for name, weights in decisions.items():
        for multiple in COST_MULTIPLES if execution.cost_bps else (1.0,):
            commission, half_spread = multiple * execution.commission_bps, multiple * execution.half_spread_bps
            charged = replace(execution, commission_bps=commission, half_spread_bps=half_spread)
            returns = simulate(panel, weights, charged, **tables[name]).returns.loc[start:]
            rows.append((name, charged.cost_bps, analytics.sharpe_ratio(returns)))
    return pd.DataFrame(rows, columns=["predictor", "cost_bps", "sharpe"])
