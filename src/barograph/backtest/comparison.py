"""Whether any sizing or overlay changes what the candidate earns beyond chance."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from barograph.backtest.engine import Simulation, simulate
from barograph.backtest.execution import Execution
from barograph.backtest.management import Management
from barograph.backtest.performance import figures, folds_of, given, prepare
from barograph.backtest.record import index_returns
from barograph.backtest.strategies import Strategy
from barograph.dates import without_time_zones
from barograph.errors import InputError
from barograph.market.panel import Panel
from barograph.names import UNIVERSE
from barograph.randomness import generator
from barograph.scoring import UNDEFINED, Validation, sharpe_difference_interval

_SHOWN = (
    *("sharpe", "sharpe_low", "sharpe_high", "excess_sharpe", "excess_sharpe_low", "excess_sharpe_high"),
    *("annual_volatility", "max_drawdown", "annual_turnover", "cost_bps_per_year"),
)


@without_time_zones
def compare_sizing(
    predictions: pd.DataFrame,
    bars: pd.DataFrame,
    strategy: Strategy,
    execution: Execution,
    settings: Validation,
    seed: int,
    sizings: Mapping[str, Any],
    overlays: Mapping[str, Any],
    *,
    context: pd.DataFrame | None = None,
    management: Management | None = None,
) -> pd.DataFrame:
    """Trade the candidate under each sizing, with each overlay, and with all overlays together.

    Parameters
    ----------
    predictions, bars, strategy, execution, settings, seed, context, management
        As :func:`~barograph.backtest.trade_strategies` takes them.
    sizings : mapping of str to Sizing
        Each takes the place of the candidate's.
    overlays : mapping of str to object
        Each is added to the candidate's.

    Returns
    -------
    DataFrame
        One row per option, the candidate as it is first: ``kind`` (``candidate``, ``sizing``, ``overlay`` or
        ``overlays``), ``option``, ``difference`` (Sharpe ratio minus the candidate's, which is the difference of the
        excess Sharpe ratios too) with its paired interval, folds first, in ``_low`` and ``_high``, the figures of
        :class:`~barograph.backtest.BacktestResult`, ``average_exposure`` (gross) and ``capped_days`` (share of dates on
        which a limit was applied).

    Raises
    ------
    InputError
        If an option cannot be traded; the message names it.
    """
    panel, decisions, start = prepare(predictions, bars, strategy, None)
    (name,) = (each for each in decisions if each != UNIVERSE)
    base = management or Management()
    universe = simulate(panel, decisions[UNIVERSE], execution).returns.loc[start:]
    folds, first = folds_of(predictions, panel, start), pd.Series(dtype=float)
    rows: list[dict[str, Any]] = []
    index = index_returns(context, pd.DatetimeIndex(universe.index))
    for (kind, option), rule in _options(base, sizings, overlays).items():
        try:
            book = simulate(panel, decisions[name], execution, **given(name, predictions, context, rule))
        except InputError as error:
            raise InputError(f"{kind} {option}: {str(error).removeprefix(f'{kind} {option}: ')}") from error
        earned = book.returns.loc[start:]
        found = figures(book, {name: earned, UNIVERSE: universe}, folds, name, settings, seed, index)
        row: dict[str, Any] = {"kind": kind, "option": option} | {key: found[key] for key in _SHOWN}
        difference = UNDEFINED
        if rows:
            resampled: dict[str, Any] = {"block": settings.block_days, "resamples": settings.resamples}
            resampled |= {"level": settings.level, "folds": folds, "rng": generator(seed, "backtest", "sharpe")}
            difference = sharpe_difference_interval(earned, first, **resampled)
        first = first if rows else earned
        rows.append(row | difference.columns("difference") | _exposure(book, panel, start))
    return pd.DataFrame(rows)


def _options(
    base: Management, sizings: Mapping[str, Any], overlays: Mapping[str, Any]
) -> dict[tuple[str, str], Management]:
    def limited(more: Mapping[str, Any]) -> Management:
        return replace(base, overlays={**base.overlays, **more})

    found = {("candidate", "candidate"): base}
    found |= {("sizing", name): replace(base, sizing=sizing) for name, sizing in sizings.items()}
    found |= {("overlay", name): limited({name: overlay}) for name, overlay in overlays.items()}
    return found | ({("overlays", "all"): limited(overlays)} if len(overlays) > 1 else {})


def _exposure(book: Simulation, panel: Panel, start: pd.Timestamp) -> dict[str, float]:
    closes = pd.DataFrame(panel.close, panel.dates, panel.symbols, copy=False).ffill()[book.positions.columns]
    gross = (book.positions.abs() * closes.to_numpy()).sum(axis=1) / book.equity
    applied = book.caps.loc[book.caps["outcome"] == "applied", "date"]
    dates = book.equity.loc[start:].index
    return {"average_exposure": float(gross.loc[start:].mean()), "capped_days": float(dates.isin(applied).mean())}
