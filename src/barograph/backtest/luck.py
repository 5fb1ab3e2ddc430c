"""How much of a record luck explains, given how many were looked at."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from barograph.backtest import analytics
from barograph.backtest.significance import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    minimum_track_record_length,
    probabilistic_sharpe_ratio,
    probability_of_backtest_overfitting,
)
from barograph.names import UNIVERSE
from barograph.typing import Floats

_STILL: Final = 1e-10


@dataclass(frozen=True)
class Luck:
    """What a record proves once the search behind it is counted.

    Attributes
    ----------
    portfolios : DataFrame
        One row per portfolio: ``portfolio``; ``probabilistic_sharpe``, the probability that its true Sharpe ratio is
        above 0, and ``probabilistic_sharpe_universe``, above the universe's; ``deflated_sharpe``, above the best of as
        many trials without skill, and ``deflated_active``, the same of the returns minus the universe's, which a market
        that rises does not raise; ``track_record_years``, and how many are needed, ``min_track_record_years`` and
        ``min_track_record_years_universe``, infinite where the Sharpe ratio is not above the bound.
    trials : dict of str to float
        ``tuning``, ``predictors``, ``strategies``, ``further`` and ``trials``, the number that deflates;
        ``correlation``, the mean between the portfolios (at least 0), and ``independent_trials``, the number of
        uncorrelated ones that they are worth; ``sharpe_deviation`` between the portfolios and ``expected_maximum``, the
        Sharpe ratio to be expected of the best of `trials` without skill, both per year; and ``overfitting``, the
        probability of backtest overfitting among the portfolios, NaN where there are fewer than two or too few days.
    """

    portfolios: pd.DataFrame
    trials: dict[str, float]


def luck(
    returns: pd.DataFrame, *, tuning: int, predictors: int, strategies: int, further: int, blocks: int, level: float
) -> Luck:
    """Judge Sharpe ratios by the number of trials among which they were found.

    Parameters
    ----------
    returns : DataFrame of shape (T, M)
        Daily returns of the portfolios that were traded, and of ``universe``, which is no trial.
    tuning : int
        Sets of parameters that the searches of all models tried.
    predictors, strategies : int
        Predictors and strategies that were traded.
    further : int
        Trials that nobody counted.
    blocks : int
        As :func:`~barograph.backtest.probability_of_backtest_overfitting` takes them.
    level : float
        Confidence of the minimum track record length.

    Returns
    -------
    Luck
        The number of trials is (`tuning` + `predictors`) x `strategies` + `further`: each set of parameters is a
        predictor that could have been chosen, and could have been traded by each strategy. They resemble each other, so
        that the number is too high and the deflated Sharpe ratio too strict; `independent_trials` says by how much.

    References
    ----------
    .. [1] Bailey, López de Prado (2014), "The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest
       Overfitting and Non-Normality", Journal of Portfolio Management 40(5), with the number of independent trials of
       its appendix.
    """
    count = (tuning + predictors) * strategies + further
    tried = _moving(returns.drop(columns=UNIVERSE))
    active = _moving(returns.drop(columns=UNIVERSE).sub(returns[UNIVERSE], axis=0))
    variance, active_variance = _variance_of_ratios(tried), _variance_of_ratios(active)
    base = _sharpe(returns[UNIVERSE])
    rows = [
        {"portfolio": name}
        | _judged(returns[name], base, max(count, 1), variance, level)
        | ({"deflated_active": _deflated(active[name], max(count, 1), active_variance)} if name in active else {})
        for name in returns.columns
    ]
    correlation = _mean_correlation(tried.to_numpy(np.float64))
    yearly = float(np.sqrt(analytics.PERIODS))
    trials = {
        "tuning": tuning,
        "predictors": predictors,
        "strategies": strategies,
        "further": further,
        "trials": count,
        "correlation": correlation,
        "independent_trials": correlation + (1.0 - correlation) * count,
        "sharpe_deviation": yearly * variance**0.5,
        "expected_maximum": yearly * expected_maximum_sharpe(max(count, 1), variance),
        "overfitting": _overfitting(tried.to_numpy(np.float64), blocks),
    }
    return Luck(pd.DataFrame(rows), trials)


def _judged(returns: "pd.Series[Any]", base: float, trials: int, variance: float, level: float) -> dict[str, float]:
    sharpe, n = _sharpe(returns), len(returns)
    years = {"track_record_years": n / analytics.PERIODS}
    if not np.isfinite(sharpe):
        return years
    shape = analytics.skew(returns), analytics.kurtosis(returns)
    bounds = {"": 0.0, "_universe": base} if np.isfinite(base) else {"": 0.0}
    found = {
        f"probabilistic_sharpe{end}": probabilistic_sharpe_ratio(sharpe, n, *shape, at) for end, at in bounds.items()
    }
    found["deflated_sharpe"] = deflated_sharpe_ratio(sharpe, n, *shape, trials, variance)
    lengths = {end: minimum_track_record_length(sharpe, *shape, at, level=level) for end, at in bounds.items()}
    return found | years | {f"min_track_record_years{end}": n / analytics.PERIODS for end, n in lengths.items()}


def _deflated(returns: "pd.Series[Any]", trials: int, variance: float) -> float:
    shape = analytics.skew(returns), analytics.kurtosis(returns)
    return deflated_sharpe_ratio(_sharpe(returns), len(returns), *shape, trials, variance)


def _moving(returns: pd.DataFrame) -> pd.DataFrame:
    """Leave out returns that never vary, up to rounding: they have no Sharpe ratio."""
    return returns.loc[:, returns.std() > _STILL]


def _variance_of_ratios(returns: pd.DataFrame) -> float:
    ratios = returns.mean() / returns.std()
    return float(ratios.var(ddof=1)) if len(ratios) > 1 else 0.0


def _sharpe(returns: "pd.Series[Any]") -> float:
    return analytics.sharpe_ratio(returns, periods=1)


def _mean_correlation(returns: Floats) -> float:
    if returns.shape[1] < 2:
        return 1.0
    between: Floats = np.asarray(np.corrcoef(returns, rowvar=False))
    return max(float(between[np.triu_indices(len(between), 1)].mean()), 0.0)


def _overfitting(returns: Floats, blocks: int) -> float:
    if returns.shape[1] < 2 or len(returns) < 2 * blocks:
        return np.nan
    return probability_of_backtest_overfitting(returns, blocks)
