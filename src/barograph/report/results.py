"""What the stages found: their tables and files, read when a section asks for them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol

import pandas as pd

from barograph.errors import InputError
from barograph.folds.schema import FOLDS
from barograph.names import BASELINES, ENSEMBLE, REGIME_PRIOR, UNIVERSE
from barograph.report import palette, words
from barograph.report.words import Quantity, Record
from barograph.tables import Table


@dataclass(frozen=True)
class Csv:
    """A stage's CSV file, the columns that the page shows, and those of them that are dates.

    A path with ``{model}`` in braces is that of a file per model; together they are read as one frame.
    """

    path: str
    columns: tuple[str, ...]
    dates: tuple[str, ...] = ()


_PARTS_OF_SKILL: Final = (
    *(f"{part}_{baseline}" for part in ("movement", "direction") for baseline in BASELINES),
    f"direction_skill_{REGIME_PRIOR}",
)
SLICES: Final = Csv(
    "reports/validation/slices.csv",
    (
        *("kind", "slice", "predictor", "rows", "dates", "episodes", "effective_episodes", "more_episodes"),
        *("sufficient", "attainable_p", *(f"sign_flip_p_{baseline}" for baseline in BASELINES)),
        *(f"skill_{baseline}{end}" for baseline in BASELINES for end in ("", "_low", "_high")),
        *(f"{key}{end}" for key in _PARTS_OF_SKILL for end in ("", "_low", "_high")),
        *("auc", "auc_low", "auc_high"),
        *("brier", "calibration_error", "accuracy", "majority_accuracy"),
    ),
)
# The figures of a track record beyond return, risk and cost; see `barograph.backtest.record`.
RECORD: Final = (
    *(
        f"{start}{name}"
        for start in ("", "index_")
        for name in ("alpha", "beta", "tracking_error", "information_ratio")
    ),
    *(f"{start}{name}" for start in ("", "index_") for name in ("up_capture", "down_capture")),
    *(f"{kind}value_at_risk{end}" for kind in ("", "conditional_") for end in ("", "_gaussian", "_cornish_fisher")),
    *("omega", "tail_ratio", "skew", "kurtosis", "longest_drawdown_days", "exposure"),
    *("trades", "win_rate", "payoff_ratio", "profit_factor", "expectancy_percent", "holding_bars"),
)
BACKTEST: Final = Csv(
    "reports/backtest/summary.csv",
    (
        *("predictor", "cagr", "annual_volatility", "sortino", "calmar", "max_drawdown"),
        *(f"{key}{end}" for key in ("sharpe", "excess_sharpe") for end in ("", "_low", "_high")),
        *("annual_turnover", "cost_bps_per_year", *RECORD),
    ),
)
MONTHLY: Final = Csv("reports/backtest/monthly.csv", ("predictor", "year", "month", "return"))
EVENTS: Final = Csv(
    "reports/archive/events.csv",
    ("event", "kind", "start", "end", "regime", "event_weight", "rows", "available_from", "coverage", "duplicate_of"),
    dates=("start", "end", "recognised_on", "available_from"),
)
CATALOGUE: Final = Csv(
    "reports/features/catalogue.csv", ("name", "family", "formula", "source", "lookback", "computed", "lacks")
)
ALL: Final = "all"  # the regime of every explained row
SHAP: Final = Csv("reports/shap/{model}/importance.csv", ("model", "regime", "feature", "share", "rows"))
METHODS: Final = Csv("reports/shap/{model}/methods.csv", ("model", "method", "output", "rows", "largest_error"))


class Files(Protocol):
    """What reads a stage's tables and files; a stage does."""

    def read(self, table: Table) -> pd.DataFrame:
        """Read a table."""

    def read_csv(self, path: str, *, dates: Sequence[str] = ()) -> pd.DataFrame:
        """Read a CSV file with the columns that are dates."""

    def read_json(self, path: str) -> dict[str, Any]:
        """Read plain values."""


@dataclass(frozen=True)
class Results:
    """Everything that the report shows; ``results[source]`` reads a table or a CSV file once.

    Attributes
    ----------
    settings : mapping
        The sections of the configuration that the report's stage declares.
    cost_bps : float
        The cost a trade that the backtest charged, in basis points.
    provenance : mapping
        ``source`` and ``coverage`` (str), ``notes`` and ``commands`` (lists of str), ``params_changed`` (key to
        ``(default, value)``), ``hashes`` (path to MD5), ``versions`` (package to version).
    data_digest : str
        A digest of the labels, features, folds and budget: a memory study of others is linked, but not told.
    study : str
        The folder of the published memory study; empty where there is none.
    replication : str
        The file with the same study of another market; empty where there is none.
    headline : str
        The predictor of which the verdict speaks; an `InputError` where it has no overall score.
    """

    files: Files
    settings: Mapping[str, Any]
    cost_bps: float
    provenance: Mapping[str, Any]
    data_digest: str = ""
    study: str = ""
    replication: str = ""
    headline: str = ENSEMBLE
    _read: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    def __getitem__(self, source: Table | Csv) -> pd.DataFrame:
        """Read a table, or a CSV file that must have the columns shown where it has rows, unless it has been read."""
        if source.path not in self._read:
            self._read[source.path] = self._frame(source)
        return self._read[source.path]

    def _frame(self, source: Table | Csv) -> pd.DataFrame:
        if isinstance(source, Table):
            return self.files.read(source)
        if "{model}" not in source.path:
            return self._file(source, source.path)
        files = [source.path.format(model=model) for model in self.settings["models"]]
        return pd.concat([self._file(source, path) for path in files], ignore_index=True)

    def _file(self, source: Csv, path: str) -> pd.DataFrame:
        frame = self.files.read_csv(path, dates=source.dates)
        missing = [column for column in source.columns if column not in frame.columns]
        if missing and len(frame):
            raise InputError(f"report: {path} lacks the columns {missing}; it has {list(frame.columns)}")
        return frame.reindex(columns=[*frame.columns, *missing])

    @property
    def candidate(self) -> str:
        """The predictor that the gate judged."""
        return str(self.settings["gate"]["candidate"])

    @property
    def confidence(self) -> str:
        """The level of the intervals, in percent."""
        return f"{100 * float(self.settings['validation']['level']):g} %"

    @cached_property
    def overall(self) -> pd.DataFrame:
        """The overall scores by predictor: the headline first, then models by skill, then the baselines."""
        frame = self[SLICES][self[SLICES]["kind"] == "overall"]
        frame = frame.sort_values(["skill_regime_prior", "predictor"], ascending=[False, True], kind="stable")
        frame = frame.set_index("predictor", drop=False)
        if self.headline not in frame.index:
            known = sorted(set(frame.index))
            raise InputError(
                f"{SLICES.path}: no overall score of the headline predictor {self.headline!r}; there are {known}"
            )
        models = [name for name in frame.index if name not in BASELINES]
        order = dict.fromkeys([self.headline, *models, *BASELINES])
        return frame.loc[[name for name in order if name in frame.index]]

    @property
    def headline_scores(self) -> Record:
        """The headline's overall scores."""
        return self.overall.to_dict("records")[0]

    @cached_property
    def excess_sharpe(self) -> Quantity:
        """The headline's Sharpe ratio after costs over that of the equal-weighted universe."""
        rows = {row["predictor"]: row for row in self[BACKTEST].to_dict("records")}
        return Quantity.of(rows[self.headline], "excess_sharpe")

    @property
    def scored(self) -> list[str]:
        """The predictors that a reader may choose: the headline, the models and the baselines."""
        return self.overall.index.tolist()

    @property
    def explained(self) -> list[str]:
        """The predictors that were explained, in the order of :meth:`ranked`."""
        return self.ranked(self[SHAP]["model"])

    @property
    def traded(self) -> list[str]:
        """The predictors that were traded: the headline first, then signals by name, and the universe last."""
        return [*self.ranked(set(self[BACKTEST]["predictor"]) - {UNIVERSE}), UNIVERSE]

    @property
    def backtest_by_rank(self) -> pd.DataFrame:
        """The backtest's summary in the order of :attr:`traded`."""
        return self[BACKTEST].set_index("predictor", drop=False).loc[self.traded].reset_index(drop=True)

    def ranked(self, names: Iterable[str]) -> list[str]:
        """Sort predictors: the headline first, then by skill, those without a score last and by name."""
        return palette.ordered(names, self.scored)

    @property
    def named_events(self) -> pd.DataFrame:
        """The archive's events that the configuration names."""
        return self[EVENTS][self[EVENTS]["kind"] == "configured"].reset_index(drop=True)

    @property
    def found_events(self) -> pd.DataFrame:
        """The episodes that were found by rule."""
        return self[EVENTS][self[EVENTS]["kind"] == "episode"].reset_index(drop=True)

    @property
    def catalogue(self) -> pd.DataFrame:
        """The features that were computed."""
        return self[CATALOGUE][self[CATALOGUE]["computed"].astype(bool)]

    @cached_property
    def families(self) -> dict[str, str]:
        """The computed features' families."""
        return dict(zip(self.catalogue["name"], self.catalogue["family"], strict=True))

    @cached_property
    def fold_names(self) -> dict[Any, str]:
        """The folds by the years of their test windows."""
        folds = self[FOLDS]
        names = {
            fold: "Final model" if pd.isna(end) else words.years(start, end)
            for fold, start, end in zip(folds["fold"], folds["test_start"], folds["test_end"], strict=True)
        }
        uses = Counter(names.values())
        return {fold: f"{name} (fold {fold})" if uses[name] > 1 else name for fold, name in names.items()}

    def fold_name(self, fold: Any) -> str:
        """Name a fold by the years of its test window."""
        return self.fold_names.get(fold, f"fold {fold}")
