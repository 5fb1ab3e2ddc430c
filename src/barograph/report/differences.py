"""The memory study's table: every option beside its references, with interval and verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pandas as pd

from barograph.errors import InputError
from barograph.memory_study.study import HELPS, HURTS, NO_EVIDENCE, TOO_FEW_CRISES
from barograph.names import VOTE
from barograph.report import palette
from barograph.report.words import Estimate

COLUMNS: Final = (
    *("model", "calibration", "option", "reference", "metric", "slice", "rows", "dates", "episodes"),
    *("value", "reference_value", "improvement", "low", "high", "p_value", "q_value", "verdict"),
)
FACTS: Final = (
    *("symbols", "rows", "first", "last", "folds", "models", "options", "budget", "source", "label", "resamples"),
    *("level", "false_discovery_rate", "comparisons", "min_episodes", "data_digest", "commands"),
)
RAW, RECALIBRATED = "raw", "recalibrated"
CALIBRATIONS: Final = (RAW, RECALIBRATED)
VERDICTS: Final = (HELPS, HURTS, NO_EVIDENCE, TOO_FEW_CRISES)
OVERALL: Final = "overall"


@dataclass(frozen=True)
class Metric:
    """How a metric's improvement is written: by ``scale``, of the reference's own value where ``relative``.

    ``name`` and ``meaning`` head a column; sentences call the metric ``noun`` and write ``unit`` after a figure.
    """

    name: str
    meaning: str
    noun: str
    unit: str
    scale: float
    relative: bool = False


METRICS: Final[Mapping[str, Metric]] = {
    "log_loss": Metric("Log loss saved, %", "of the reference's log loss", "log loss", " %", 100, relative=True),
    "brier": Metric("Brier score saved, %", "of the reference's Brier score", "Brier score", " %", 100, relative=True),
    "macro_f1": Metric("Macro F1, points", "gained, in hundredths", "macro F1", " points", 100),
    "auc": Metric("AUC, points", "gained, in hundredths; macro one-vs-rest", "AUC", " points", 100),
    "rank_ic": Metric("Rank IC, points", "gained, in hundredths", "rank IC", " points", 100),
    "sharpe": Metric("Sharpe ratio", "gained, yearly, after costs", "Sharpe ratio", "", 1),
}


@dataclass(frozen=True)
class Difference:
    """One option against one reference: more than zero means that the option is better.

    Attributes
    ----------
    model, calibration, option, reference, metric, slice : str
    dates, episodes : int
        Trading days and independent episodes behind it.
    verdict : str
        One of :data:`VERDICTS`.
    estimate : Estimate
        Improvement with its interval, in the units of its :class:`Metric`.
    value, reference_value : float
        What option and reference score.
    p_value : float
        Before any correction; NaN where nothing was tested.
    """

    model: str
    calibration: str
    option: str
    reference: str
    metric: str
    slice: str
    dates: int
    episodes: int
    verdict: str
    estimate: Estimate
    value: float
    reference_value: float
    p_value: float

    @property
    def told(self) -> bool:
        """Whether there are enough cases, and a figure, to speak of."""
        return self.verdict != TOO_FEW_CRISES and self.estimate.known

    @property
    def sure(self) -> bool:
        """Whether the option is shown to help or to hurt."""
        return self.told and self.verdict in (HELPS, HURTS)


@dataclass(frozen=True)
class Study:
    """The differences, ready to be looked up, and the facts of the study.

    Attributes
    ----------
    differences : pandas.DataFrame
        One row a (model, calibration, option, reference, metric, slice), with :data:`COLUMNS`.
    facts : mapping
        Plain values under :data:`FACTS`.

    Raises
    ------
    InputError
        If a column or a fact is missing, or a verdict is none of :data:`VERDICTS`.
    """

    differences: pd.DataFrame
    facts: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Check columns, facts and verdicts."""
        check(self.differences, self.facts)

    @cached_property
    def _rows(self) -> dict[tuple[str, ...], dict[Any, Any]]:
        keys = [self.differences[name].astype(str) for name in COLUMNS[:6]]
        return dict(zip(zip(*keys, strict=True), self.differences.to_dict("records"), strict=True))

    @cached_property
    def models(self) -> list[str]:
        """The vote first, then the models in the order of the facts."""
        return self._ordered("model", [VOTE, *self.facts["models"]])

    @cached_property
    def options(self) -> list[str]:
        """The options that were compared, in the order of the facts."""
        return self._ordered("option", self.facts["options"])

    @cached_property
    def references(self) -> list[str]:
        """What options were compared to, in the order of the facts."""
        return self._ordered("reference", self.facts["options"])

    @cached_property
    def calibrations(self) -> list[str]:
        """Raw first, where it is there."""
        return self._ordered("calibration", CALIBRATIONS)

    @cached_property
    def metrics(self) -> list[str]:
        """Log loss first."""
        return [name for name in METRICS if (self.differences["metric"] == name).any()]

    @cached_property
    def regimes(self) -> list[str]:
        """The slices but the overall one, from calm to crisis."""
        return palette.regime_order(set(self.differences["slice"].astype(str)) - {OVERALL})

    def find(
        self,
        option: str,
        reference: str,
        metric: str = "log_loss",
        slice_: str = OVERALL,
        *,
        model: str | None = None,
        calibration: str | None = None,
    ) -> Difference | None:
        """Look a difference up: of the first model and calibration by default; None where it was not compared."""
        if self.differences.empty:
            return None
        key = (model or self.models[0], calibration or self.calibrations[0], option, reference, metric, slice_)
        return _difference(self._rows[key], METRICS[metric]) if key in self._rows else None

    def against(
        self,
        reference: str,
        metric: str = "log_loss",
        slice_: str = OVERALL,
        *,
        model: str | None = None,
        calibration: str | None = None,
    ) -> list[Difference]:
        """Give what was compared to a reference, in the order of the options."""
        both = {"model": model, "calibration": calibration}
        found = [self.find(option, reference, metric, slice_, **both) for option in self.options]
        return [one for one in found if one is not None]

    def twin(self, one: Difference) -> Difference | None:
        """Find a raw difference recalibrated; None where it is not raw, or was not recalibrated."""
        if one.calibration != RAW:
            return None
        both = {"model": one.model, "calibration": RECALIBRATED}
        return self.find(one.option, one.reference, one.metric, one.slice, **both)

    @cached_property
    def surest(self) -> list[Difference]:
        """All differences, those of the smallest p-values first."""
        found = [_difference(self._rows[key], METRICS[key[4]]) for key in sorted(self._rows)]
        return sorted(found, key=lambda one: (math.isnan(one.p_value), one.p_value, one.calibration == RECALIBRATED))

    def _ordered(self, column: str, order: Sequence[str]) -> list[str]:
        there = set(self.differences[column].astype(str))
        known = [name for name in dict.fromkeys(order) if name in there]
        return [*known, *sorted(there - set(known))]


def check(differences: pd.DataFrame, facts: Mapping[str, Any]) -> None:
    """Refuse a table or facts that lack a part of the study.

    Raises
    ------
    InputError
    """
    missing = [name for name in COLUMNS if name not in differences.columns]
    if missing:
        raise InputError(f"study: differences lack the columns {missing}; there are {list(differences.columns)}")
    lacking = [name for name in FACTS if name not in facts]
    if lacking:
        raise InputError(f"study: the facts lack {lacking}; there are {sorted(facts)}")
    for column, allowed in (("verdict", VERDICTS), ("metric", tuple(METRICS)), ("calibration", CALIBRATIONS)):
        odd = sorted(set(differences[column].astype(str)) - set(allowed))
        if odd:
            raise InputError(f"study: {column} {odd[0]!r} is unknown; allowed are {', '.join(allowed)}")


def _difference(row: Mapping[str, Any], metric: Metric) -> Difference:
    base = float(row["reference_value"]) if metric.relative else 1.0
    value, low, high = (float(row[name]) / base if base else float("nan") for name in ("improvement", "low", "high"))
    return Difference(
        model=str(row["model"]),
        calibration=str(row["calibration"]),
        option=str(row["option"]),
        reference=str(row["reference"]),
        metric=str(row["metric"]),
        slice=str(row["slice"]),
        dates=int(row["dates"]),
        episodes=int(row["episodes"]),
        verdict=str(row["verdict"]),
        estimate=Estimate(value, low, high, metric.scale),
        value=float(row["value"]),
        reference_value=float(row["reference_value"]),
        p_value=float(row["p_value"]),
    )
