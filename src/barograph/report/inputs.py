"""What a report is made of: the frames of the stages, checked for the columns that the page shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from barograph.errors import InputError
from barograph.names import BASELINES, ENSEMBLE
from barograph.report.differences import check

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
    "found_events": ("event", "start", "end", "regime", "rows", "available_from", "duplicate_of"),
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
    "criteria": (
        *("criterion", "description", "figure", "rule", "threshold", "verdict"),
        *("majority_figure", "majority_verdict"),
    ),
    "shap_importance": ("model", "regime", "feature", "share", "rows"),
    "shap_beeswarm": ("model", "regime", "symbol", "date", "feature", "value", "shap"),
    "shap_agreement": ("kind", "model", "first", "second", "rank_correlation"),
    "shap_methods": ("model", "method", "output", "rows", "largest_error"),
    "importance_by_fold": ("model", "fold", "feature", "importance", "kind"),
    "importance_stability": ("model", "fold", "rank_correlation", "top_overlap"),
    "drift_features": ("fold", "feature", "family", "psi", "ks", "q_value", "moved", "alarm"),
    "drift_regimes": ("fold", "js", "q_value", "moved"),
    "drift_shares": ("fold", "regime", "reference", "current"),
    "drift_predictions": ("fold", "predictor", "js", "q_value", "moved"),
    "selection": ("fold", "feature", "kept", "reason"),
    "catalogue": ("name", "family", "formula", "source", "lookback"),
}

EXAM: Final = (
    *("kind", "exam", "regime", "start", "end", "predictor", "rows", "dates", "events", "sufficient", "log_loss"),
    *_SCORES[:6],
    *("auc", "accuracy", "majority_accuracy", "walk_forward_log_loss", "walk_forward_skill_regime_prior"),
)
REPLAY: Final[Mapping[str, tuple[str, ...]]] = {
    "folds": ("fold", "regime", "rows", "replayed", "appended", "effective_size"),
    "groups": ("kind", "value", "predicted", "replayed", "share", "mean_loss", "mean_loss_replayed"),
    "improvement": (*("fold", "part", "rows", "dates", "loss", "loss_without", "improvement", "low", "high"),),
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
        One row a named event: ``event, start, end, regime, rows, available_from, coverage`` (full, partial or missing);
        ``available_from`` is null for an event that is missing from the data.
    found_events : pandas.DataFrame
        One row an episode that was found by rule, ``duplicate_of`` the named event that it is, if any; may be empty.
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
    criteria : pandas.DataFrame
        The gate's criteria: ``figure`` stands against ``threshold`` by ``rule`` (``at_least``, ``above``, ``at_most``,
        ``below``); verdicts are ``pass``, ``fail`` or ``not_applicable``. ``majority_`` columns say what always naming
        the majority class would get. Empty where no gate was held.
    shap_importance, shap_beeswarm, shap_agreement, shap_methods : pandas.DataFrame
        Attributions of the score of buy minus that of sell. ``share`` sums to 1 within a model and regime, of which
        ``all`` pools the others; agreement is of kind ``regimes`` (two regimes of one model) or ``models``.
    importance_by_fold, importance_stability : pandas.DataFrame
        Each model's own importance a fold, and its agreement with the fold before: rank correlation, and the share of
        the first ten features that stay.
    drift_features, drift_regimes, drift_shares, drift_predictions : pandas.DataFrame
        What moved from a fold's past to its test window; ``moved`` is an effect that is large and significant,
        ``alarm`` one that also persists.
    selection : pandas.DataFrame
        Whether each fold keeps a feature, and the reason: ``kept``, ``near duplicate of <feature>`` or others in words.
    catalogue : pandas.DataFrame
        One row a feature that was computed: ``name, family, formula, source, lookback``.
    tuning : mapping of str to mapping
        A model's search: ``params`` and ``start`` (name to value), ``log_loss``, ``start_log_loss``, ``importance``
        (name to share, or None) and ``trials`` (``complete``, ``pruned``, ``failed``).
    provenance : mapping
        Plain values, each optional: ``source`` and ``coverage`` (str), ``notes`` and ``commands`` (lists of str),
        ``params_changed`` (key to ``(default, value)``), ``hashes`` (path to md5), ``versions`` (package to version).
    exam : pandas.DataFrame or None
        One row an (exam, predictor), and one a (regime, predictor) that pools the regime's exams: how a model that had
        never seen an event would have done in it, beside its walk-forward scores on the same rows. None or empty where
        no exam was held.
    replay : mapping of str to mapping
        A model's tables of what it was shown again: ``folds``, ``groups`` and ``improvement``; empty where it was not.
    study : pandas.DataFrame or None
        The memory study's differences, as :class:`barograph.report.differences.Study` takes them; None where it was not
        run.
    study_facts : mapping
        The facts of that study.
    data_digest : str
        A digest of the labels, features, folds and budget of this report: a study of others is linked, but not told.
    left_out : mapping of str to str
        Features that were not computed, and what the source has not for them.
    selection_stability : float or None
        How alike the folds' choices of features are: 1 where they are the same, 0 what chance gives; None where it has
        no value, as where all features are kept.
    headline : str
        The predictor of which the verdict speaks.
    candidate : str
        The predictor that stood before the gate.
    cost_bps : float or None
        The cost a trade that the backtest charged, in basis points, marked on the cost curve.
    confidence : float
        The level of every interval in ``slices`` and ``backtest``.

    Raises
    ------
    InputError
        If a frame lacks a column, the study a fact, or the headline predictor has no overall score.
    """

    context: pd.DataFrame
    regimes: pd.DataFrame
    folds: pd.DataFrame
    samples: pd.DataFrame
    archive: pd.DataFrame
    archive_events: pd.DataFrame
    found_events: pd.DataFrame
    slices: pd.DataFrame
    calibration: pd.DataFrame
    confusion: pd.DataFrame
    backtest: pd.DataFrame
    equity: pd.DataFrame
    monthly: pd.DataFrame
    cost_curve: pd.DataFrame
    criteria: pd.DataFrame
    shap_importance: pd.DataFrame
    shap_beeswarm: pd.DataFrame
    shap_agreement: pd.DataFrame
    shap_methods: pd.DataFrame
    importance_by_fold: pd.DataFrame
    importance_stability: pd.DataFrame
    drift_features: pd.DataFrame
    drift_regimes: pd.DataFrame
    drift_shares: pd.DataFrame
    drift_predictions: pd.DataFrame
    selection: pd.DataFrame
    catalogue: pd.DataFrame
    tuning: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    provenance: Mapping[str, object] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    exam: pd.DataFrame | None = None
    replay: Mapping[str, Mapping[str, pd.DataFrame]] = field(default_factory=dict)
    study: pd.DataFrame | None = None
    study_facts: Mapping[str, Any] = field(default_factory=dict)
    data_digest: str = ""
    selection_stability: float | None = None
    headline: str = ENSEMBLE
    candidate: str = ENSEMBLE
    cost_bps: float | None = None
    confidence: float = 0.95

    @property
    def families(self) -> Mapping[str, str]:
        """Features to their families."""
        return dict(zip(self.catalogue["name"], self.catalogue["family"], strict=True))

    def __post_init__(self) -> None:
        """Refuse frames that lack a column that the page shows."""
        for name, columns in COLUMNS.items():
            _require(getattr(self, name), name, columns)
        if self.exam is not None:
            _require(self.exam, "exam", EXAM)
        for model, parts in self.replay.items():
            missing = [part for part in REPLAY if part not in parts]
            if missing:
                raise InputError(f"report: the replay of {model} lacks {missing}; there are {sorted(parts)}")
            for part, columns in REPLAY.items():
                _require(parts[part], f"replay of {model}, {part},", columns)
        if self.study is not None:
            check(self.study, self.study_facts)
        overall = self.slices[self.slices["kind"] == "overall"]
        if self.headline not in set(overall["predictor"]):
            known = sorted(set(overall["predictor"]))
            raise InputError(f"report: no overall score of the headline predictor {self.headline!r}; there are {known}")


def _require(frame: pd.DataFrame, name: str, columns: tuple[str, ...]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise InputError(f"report: {name} lacks the columns {missing}; it has {list(frame.columns)}")


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
