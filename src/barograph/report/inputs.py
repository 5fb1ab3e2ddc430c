"""What a report is made of: the frames of the stages, checked for the columns that the page shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from barograph.errors import InputError
from barograph.predictors import BASELINES, ENSEMBLE

_SCORES: Final = tuple(
    f"{name}{end}" for name in ("skill_prior", "skill_regime_prior", "auc") for end in ("", "_low", "_high")
)
_SHARPES: Final = tuple(f"{name}{end}" for name in ("sharpe", "excess_sharpe") for end in ("", "_low", "_high"))

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "context": ("date", "index_close", "vix", "vix_estimated"),
    "regimes": ("date", "regime"),
    "folds": ("fold", "train_start", "train_end", "test_start", "test_end"),
    "samples": ("fold", "symbol", "date", "source", "event", "regime", "weight"),
    "archive_events": ("event", "start", "end", "regime", "rows", "available_from", "coverage"),
    "slices": (
        *("kind", "slice", "predictor", "rows", "dates", "episodes", "sufficient"),
        *_SCORES,
        *("brier", "calibration_error", "accuracy", "majority_accuracy"),
    ),
    "calibration": ("predictor", "class", "bin", "mean_probability", "frequency", "rows"),
    "confusion": ("predictor", "label", "predicted", "rows"),
    "backtest": (
        *("predictor", "cagr", "annual_volatility", *_SHARPES),
        *("sortino", "calmar", "max_drawdown", "annual_turnover", "cost_bps_per_year"),
    ),
    "equity": ("date", "predictor", "equity", "drawdown"),
    "monthly": ("predictor", "year", "month", "return"),
    "cost_curve": ("predictor", "cost_bps", "sharpe"),
}


@dataclass(frozen=True)
class ReportInputs:
    """Everything that the report shows; nothing else reaches the page.

    Attributes
    ----------
    context, regimes, folds, samples, archive : pandas.DataFrame
        The tables of those names. A fold without ``test_end`` is the final model's: it is shown, but not scored.
        ``archive`` may be empty.
    archive_events : pandas.DataFrame
        One row an event: ``event, start, end, regime, rows, available_from, coverage`` (full, partial or missing);
        ``available_from`` is null for an event that is missing from the data.
    slices : pandas.DataFrame
        One row a (kind, slice, predictor) with scores, intervals, ``rows``, ``dates``, ``episodes`` and
        ``sufficient``; kinds are ``overall``, ``regime``, ``event``, ``sector`` and ``fold``. Skill is a fraction of
        the baseline's log loss.
    calibration, confusion : pandas.DataFrame
        Reliability bins and counts of (label, predicted) a predictor.
    backtest : pandas.DataFrame
        One row a predictor, and one for the equal-weighted ``universe``. Returns, volatility, drawdown and turnover
        are fractions a year; ``cost_bps_per_year`` are basis points of equity.
    equity, monthly, cost_curve : pandas.DataFrame
        Daily equity and drawdown, monthly returns, and the Sharpe ratio at other costs, each a predictor.
    provenance : mapping
        Plain values, each optional: ``source`` and ``coverage`` (str), ``notes`` and ``commands`` (lists of str),
        ``params_changed`` (key to ``(default, value)``), ``hashes`` (path to md5), ``versions`` (package to version).
    left_out : mapping of str to str
        Features that were not computed, and why.
    headline : str
        The predictor of which the verdict speaks.
    cost_bps : float or None
        The cost a trade that the backtest charged, in basis points, marked on the cost curve.
    confidence : float
        The level of every interval in ``slices`` and ``backtest``.

    Raises
    ------
    InputError
        If a frame lacks a column, or the headline predictor has no overall score.
    """

    context: pd.DataFrame
    regimes: pd.DataFrame
    folds: pd.DataFrame
    samples: pd.DataFrame
    archive: pd.DataFrame
    archive_events: pd.DataFrame
    slices: pd.DataFrame
    calibration: pd.DataFrame
    confusion: pd.DataFrame
    backtest: pd.DataFrame
    equity: pd.DataFrame
    monthly: pd.DataFrame
    cost_curve: pd.DataFrame
    provenance: Mapping[str, object] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    headline: str = ENSEMBLE
    cost_bps: float | None = None
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Refuse frames that lack a column that the page shows."""
        for name, columns in COLUMNS.items():
            frame = getattr(self, name)
            missing = [column for column in columns if column not in frame.columns]
            if missing:
                raise InputError(f"report: {name} lacks the columns {missing}; it has {list(frame.columns)}")
        overall = self.slices[self.slices["kind"] == "overall"]
        if self.headline not in set(overall["predictor"]):
            known = sorted(set(overall["predictor"]))
            raise InputError(f"report: no overall score of the headline predictor {self.headline!r}; there are {known}")


def overall(inputs: ReportInputs) -> pd.DataFrame:
    """Give the overall scores: the headline first, then models by skill, then the baselines.

    Parameters
    ----------
    inputs : ReportInputs

    Returns
    -------
    pandas.DataFrame
        One row a predictor, indexed by its key.
    """
    frame = inputs.slices[inputs.slices["kind"] == "overall"].set_index("predictor", drop=False)
    order = [inputs.headline, *models(inputs), *(name for name in BASELINES if name in frame.index)]
    return frame.loc[[name for name in dict.fromkeys(order) if name in frame.index]]


def models(inputs: ReportInputs) -> list[str]:
    """Give the predictors that are neither headline nor baseline, the most skilful first."""
    frame = inputs.slices[inputs.slices["kind"] == "overall"]
    frame = frame[~frame["predictor"].isin([inputs.headline, *BASELINES])]
    ordered = frame.sort_values(["skill_regime_prior", "predictor"], ascending=[False, True], kind="stable")
    return ordered["predictor"].astype(str).tolist()
