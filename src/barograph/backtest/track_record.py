"""What a track record says: where the return came from, its falls, how much luck explains, and other histories."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from barograph.backtest import analytics
from barograph.backtest.analysis import Analysis
from barograph.backtest.attribution import attribution
from barograph.backtest.luck import luck
from barograph.backtest.monte_carlo import other_histories
from barograph.backtest.performance import BacktestResult
from barograph.backtest.portfolios import Portfolios
from barograph.dates import without_time_zones
from barograph.names import UNIVERSE
from barograph.randomness import generator
from barograph.scoring import Validation

DRAWDOWNS = 10


@dataclass(frozen=True)
class TrackRecord:
    """The tables of a track record.

    Attributes
    ----------
    attribution : DataFrame
        As :func:`~barograph.backtest.attribution.attribution` gives it, of the candidate, the strategies and the
        universe.
    drawdowns : DataFrame
        ``portfolio, rank`` and the columns of :func:`~barograph.backtest.analytics.drawdowns`: the ten deepest of each.
    luck : DataFrame
        ``portfolio`` and the columns of ``Luck.portfolios``, of predictors and strategies.
    trials : DataFrame
        One row with ``Luck.trials``.
    histories : DataFrame
        As :func:`~barograph.backtest.monte_carlo.other_histories` gives it, of the candidate, the strategies and the
        universe.
    """

    attribution: pd.DataFrame
    drawdowns: pd.DataFrame
    luck: pd.DataFrame
    trials: pd.DataFrame
    histories: pd.DataFrame


@without_time_zones
def track_record(
    result: BacktestResult,
    portfolios: Portfolios,
    analysis: Analysis,
    settings: Validation,
    seed: int,
    *,
    tuning: int,
    sectors: "pd.Series[Any]",
    regimes: "pd.Series[Any]",
    events: pd.DataFrame,
) -> TrackRecord:
    """Read the record of a backtest.

    Parameters
    ----------
    result : BacktestResult
        Of every predictor.
    portfolios : Portfolios
        Of the candidate, the strategies beside it and the universe, over the same dates.
    analysis : Analysis
    settings : Validation
        With the level of the intervals.
    seed : int
        The configured seed.
    tuning : int
        Sets of parameters that the searches of all models tried.
    sectors, regimes, events
        As :func:`~barograph.backtest.attribution.attribution` takes them.

    Returns
    -------
    TrackRecord
    """
    own = _wide(portfolios.days)
    beside = own.columns.drop([own.columns[0], UNIVERSE])
    predictors = _returns(result)
    taken = {name: f"{name}_strategy" for name in beside if name in predictors}
    everything = predictors.join(own[beside].rename(columns=taken))
    found = luck(
        everything,
        tuning=tuning,
        predictors=predictors.shape[1] - 1,
        strategies=1 + len(beside),
        further=analysis.further_trials,
        blocks=analysis.overfitting_blocks,
        level=settings.level,
    )
    trips = {str(name): group.to_numpy() for name, group in portfolios.trades.groupby("portfolio")["contribution"]}
    days = portfolios.days
    histories = other_histories(
        own,
        trips,
        days.loc[days["portfolio"] == UNIVERSE, "fold"].to_numpy(np.int64),
        block=analysis.block_days,
        paths=analysis.paths,
        level=settings.level,
        rng=generator(seed, "backtest", "histories"),
    )
    return TrackRecord(
        attribution=attribution(portfolios.trades, days, sectors, regimes, events),
        drawdowns=pd.concat([_falls(str(name), own[name]) for name in own], ignore_index=True),
        luck=found.portfolios,
        trials=pd.DataFrame([found.trials]),
        histories=histories,
    )


def record_metrics(
    scores: dict[str, dict[str, float | None]], record: TrackRecord, candidate: str
) -> dict[str, dict[str, float | None]]:
    """Add to the metrics by predictor what luck explains, and to the candidate's the trials and the overfitting."""
    judged = record.luck.set_index("portfolio").drop(columns="track_record_years").to_dict("index")
    whole = {name: float(record.trials[name].iloc[0]) for name in ("trials", "overfitting")}
    added = {
        name: figures | {str(key): float(value) for key, value in judged[name].items()}
        for name, figures in scores.items()
    }
    added[candidate] |= whole
    return {
        name: {key: value if value is not None and np.isfinite(value) else None for key, value in figures.items()}
        for name, figures in added.items()
    }


def _wide(days: pd.DataFrame) -> pd.DataFrame:
    """Give daily returns by portfolio, in the order of the portfolios."""
    return days.pivot(index="date", columns="portfolio", values="return")[list(days["portfolio"].unique())]


def _returns(result: BacktestResult) -> pd.DataFrame:
    """Give daily returns by predictor, from wealth that starts at 1."""
    wealth = result.equity.pivot(index="date", columns="predictor", values="equity")
    return wealth / wealth.shift(1).fillna(1.0) - 1.0


def _falls(name: str, returns: "pd.Series[Any]") -> pd.DataFrame:
    table = analytics.drawdowns(returns).head(DRAWDOWNS)
    table.insert(0, "rank", range(1, len(table) + 1))
    table.insert(0, "portfolio", name)
    return table
