"""The memory study's table: every option beside its references, with interval and verdict."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pandas as pd

from barograph.errors import InputError
from barograph.memory_study.study import HELPS, HURTS, NO_EVIDENCE, TOO_FEW_CRISES
from barograph.names import VOTE
from barograph.report import palette
from barograph.report.metrics import GAINS, gain_of
from barograph.report.words import Quantity, Record
from barograph.scoring import METRICS, Estimate

COLUMNS: Final = (
    *("model", "calibration", "option", "reference", "metric", "slice", "rows", "dates", "episodes"),
    *("effective_episodes", "more_episodes", "attainable_p", "sign_flip_p"),
    *("value", "reference_value", "improvement", "low", "high", "p_value", "least_of_seeds", "most_of_seeds"),
    *("q_value", "verdict"),
)
FACTS: Final = (
    *("symbols", "rows", "first", "last", "folds", "models", "options", "budget", "source", "label", "seeds"),
    *("resamples", "level", "false_discovery_rate", "comparisons", "min_episodes", "data_digest", "commands"),
)
RAW, RECALIBRATED = "raw", "recalibrated"
CALIBRATIONS: Final = (RAW, RECALIBRATED)
VERDICTS: Final = (HELPS, HURTS, NO_EVIDENCE, TOO_FEW_CRISES)
OVERALL: Final = "overall"


@dataclass(frozen=True)
class Difference:
    """One option against one reference: a gain above zero means that the option is better.

    `verdict` is one of :data:`VERDICTS`, `p_value` is before any correction, NaN where nothing was tested; `seeds` are
    the smallest and the largest gain with a single seed. `sign_flip_p` is the p-value of the exact one-sided test over
    a regime's episodes, and `attainable_p` the smallest that it can give; NaN overall, and for other metrics than log
    loss.
    """

    model: str
    calibration: str
    option: str
    reference: str
    metric: str
    slice: str
    dates: int
    episodes: int
    effective_episodes: float
    verdict: str
    gain: Quantity
    value: float
    reference_value: float
    p_value: float
    seeds: tuple[float, float]
    more_episodes: int
    sign_flip_p: float
    attainable_p: float

    @property
    def told(self) -> bool:
        """Whether there are enough cases, and a figure, to speak of."""
        return self.verdict != TOO_FEW_CRISES and self.gain.known

    @property
    def sure(self) -> bool:
        """Whether the option is shown to help or to hurt."""
        return self.told and self.verdict in (HELPS, HURTS)


@dataclass(frozen=True)
class Study:
    """The differences by :data:`COLUMNS`, ready to be looked up, and the facts of the study by :data:`FACTS`."""

    differences: pd.DataFrame
    facts: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Refuse a table or facts that lack a part, or name an unknown verdict, metric or calibration."""
        table = self.differences
        missing = [name for name in COLUMNS if name not in table.columns]
        if missing:
            raise InputError(f"study: differences lack the columns {missing}; there are {list(table.columns)}")
        lacking = [name for name in FACTS if name not in self.facts]
        if lacking:
            raise InputError(f"study: the facts lack {lacking}; there are {sorted(self.facts)}")
        for column, allowed in (("verdict", VERDICTS), ("metric", (*GAINS, *METRICS)), ("calibration", CALIBRATIONS)):
            odd = sorted(set(table[column].astype(str)) - set(allowed))
            if odd:
                raise InputError(f"study: {column} {odd[0]!r} is unknown; allowed are {', '.join(allowed)}")

    @cached_property
    def _differences(self) -> dict[tuple[str, ...], Difference]:
        rows = self.differences.to_dict("records")
        return {tuple(str(row[name]) for name in COLUMNS[:6]): _difference(row) for row in rows}

    @cached_property
    def models(self) -> list[str]:
        """The vote first, then the models in the order of the facts."""
        return palette.ordered(self.differences["model"], [VOTE, *self.facts["models"]])

    @property
    def speaker(self) -> str:
        """The predictor of whom the sentences speak."""
        return "the vote" if self.models[0] == VOTE else palette.title(self.models[0])

    @cached_property
    def options(self) -> list[str]:
        """The options that were compared, in the order of the facts."""
        return palette.ordered(self.differences["option"], self.facts["options"])

    @cached_property
    def references(self) -> list[str]:
        """What options were compared to, in the order of the facts."""
        return palette.ordered(self.differences["reference"], self.facts["options"])

    @cached_property
    def calibrations(self) -> list[str]:
        """Raw first, where it is there."""
        return palette.ordered(self.differences["calibration"], CALIBRATIONS)

    @cached_property
    def metrics(self) -> list[str]:
        """Log loss first."""
        return palette.ordered(self.differences["metric"], {**GAINS, **METRICS})

    @cached_property
    def regimes(self) -> list[str]:
        """The slices but the overall one, from calm to crisis."""
        return palette.regime_order(set(self.differences["slice"]) - {OVERALL})

    @property
    def level(self) -> str:
        """The level of the intervals, in percent."""
        return f"{100 * float(self.facts['level']):g} %"

    @property
    def comparisons(self) -> str:
        """How many comparisons the verdicts are corrected for."""
        return f"{int(self.facts['comparisons']):,} comparisons"

    def find(
        self, option: str, reference: str, metric: str = "log_loss", slice_: str = OVERALL, **of: str
    ) -> Difference | None:
        """Look a difference up, `of` a model and calibration, by default the first; None where it was not compared."""
        whose = (of.get("model", self.models[0]), of.get("calibration", self.calibrations[0]))
        return self._differences.get((*whose, option, reference, metric, slice_))

    def against(self, reference: str, metric: str = "log_loss", slice_: str = OVERALL, **of: str) -> list[Difference]:
        """Give what was compared to a reference, in the order of the options."""
        found = (self.find(option, reference, metric, slice_, **of) for option in self.options)
        return [difference for difference in found if difference is not None]

    def twin(self, raw: Difference) -> Difference | None:
        """Find a raw difference recalibrated; None where it is not raw, or was not recalibrated."""
        if raw.calibration != RAW:
            return None
        of = {"model": raw.model, "calibration": RECALIBRATED}
        return self.find(raw.option, raw.reference, raw.metric, raw.slice, **of)

    def twins(self, found: Iterable[Difference]) -> list[Difference]:
        """Find raw differences recalibrated."""
        return [twin for gap in found if (twin := self.twin(gap)) is not None]

    def decided(self, gap: Difference) -> bool:
        """Whether an option is shown to help or to hurt, raw or recalibrated."""
        return any(each.sure for each in (gap, *self.twins([gap])))

    @cached_property
    def surest(self) -> list[Difference]:
        """All differences, those of the smallest p-values first."""
        found = [self._differences[key] for key in sorted(self._differences)]
        return sorted(found, key=lambda gap: (math.isnan(gap.p_value), gap.p_value, gap.calibration == RECALIBRATED))


def _difference(row: Record) -> Difference:
    written = gain_of(str(row["metric"]))
    base = float(row["reference_value"]) if written.relative else 1.0

    def relative(*names: str) -> list[float]:
        return [float(row[name]) / base if base else math.nan for name in names]

    given: dict[str, Any] = {name: str(row[name]) for name in (*COLUMNS[:6], "verdict")}
    given |= {name: int(row[name]) for name in ("dates", "episodes", "more_episodes")}
    figures = ("effective_episodes", "value", "reference_value", "p_value", "sign_flip_p", "attainable_p")
    given |= {name: float(row[name]) for name in figures}
    least, most = relative("least_of_seeds", "most_of_seeds")
    gain = Quantity(Estimate(*relative("improvement", "low", "high")), written.scale)
    return Difference(**given, gain=gain, seeds=(written.scale * least, written.scale * most))
