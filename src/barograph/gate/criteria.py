"""The criteria of a gate, as conf/ builds them."""

import operator
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.names import REGIMES
from barograph.typing import STRICT

Rule = Literal["at_least", "above", "at_most", "below"]
Source = Literal["validation", "backtest", "drift", "regimes", "sectors", "exams", "replay", "champion"]
Number = Annotated[float, Field(allow_inf_nan=False)]

PASS: Final = "pass"
FAIL: Final = "fail"
NOT_APPLICABLE: Final = "not_applicable"
COUNTS: Final = {"passed": PASS, "failed": FAIL, "not_applicable": NOT_APPLICABLE}
SLICED: Final = ("regimes", "sectors", "exams", "replay")
_COMPARE: Final = {"at_least": operator.ge, "above": operator.gt, "at_most": operator.le, "below": operator.lt}
# The metrics that are computed on the days on which the champion can be compared.
SAME_DAYS: Final = ("log_loss", "brier", "auc", "accuracy", "balanced_accuracy", "macro_f1")
_LEVEL: Final = 0.05
_TAKEN: Final = ("accepted", "champion", *COUNTS)


@dataclass(frozen=True, config=STRICT)
class Criterion:
    """A figure of the candidate, and the threshold that it must meet.

    Parameters
    ----------
    description : str
        The requirement in words, for a person.
    metrics : {"validation", "backtest", "drift", "regimes", "sectors", "exams", "replay", "champion"}
        Where the figure is: in the metrics of one of the first three; in the table of reports/validation/ by regime,
        by sector, by exam, or of replay's effect; or in the comparison with the champion.
    key : str
        The figure's name among the candidate's; of drift also ``features.`` or ``regimes.`` and a name, which concern
        no predictor.
    rule : {"at_least", "above", "at_most", "below"}
        How the figure must lie to the threshold; equality is enough for the first and the third.
    threshold : float, optional
        The threshold itself.
    max_drop : float, optional
        Or: by which share of the champion's figure the candidate's may be worse, the threshold being the champion's
        figure less (for ``at_most`` and ``below`` plus) this share of its size. Both figures are those of the dates
        since the promotion whose labels are known. Only for `log_loss, brier, auc, accuracy, balanced_accuracy` and
        `macro_f1` of validation.
    only : str, optional
        Of regimes, sectors, exams and replay: the only regime, sector, exam or part of replay (``look_alikes``,
        ``others``) that counts. Otherwise the worst counts; of exams, of those pooled by regime.
    """

    description: Annotated[str, Field(min_length=1)]
    metrics: Source
    key: Annotated[str, Field(min_length=1)]
    rule: Rule
    threshold: Number | None = None
    max_drop: Annotated[Number, Field(ge=0)] | None = None
    only: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_threshold(self) -> "Criterion":
        if (self.threshold is None) == (self.max_drop is None):
            raise ValueError("exactly one of threshold and max_drop must be set")
        if self.max_drop is not None and self.metrics != "validation":
            raise ValueError(f"max_drop is not for {self.metrics} metrics; set threshold")
        if self.max_drop is not None and self.key not in SAME_DAYS:
            raise ValueError(f"max_drop is not for {self.key}; it is for {', '.join(SAME_DAYS)}")
        if (self.metrics, self.key) == ("champion", "p_value") and not 0 < (self.threshold or 0.0) < 1:
            raise ValueError(f"threshold: {self.threshold} is no level of a test; it must lie between 0 and 1")
        if self.only is not None and self.metrics not in SLICED:
            raise ValueError(f"only is not for {self.metrics} metrics; it is for {', '.join(SLICED)}")
        if self.only is not None and self.metrics == "regimes" and self.only not in REGIMES:
            raise ValueError(f"only: {self.only} is no regime; allowed are {', '.join(REGIMES)}")
        return self

    @property
    def relative(self) -> bool:
        """Whether it concerns the champion."""
        return self.max_drop is not None or self.metrics == "champion"

    @property
    def higher(self) -> bool:
        """Whether more is better."""
        return self.rule in ("at_least", "above")

    def met(self, figure: float, threshold: float) -> bool:
        """Say whether a figure lies to a threshold as the rule wants."""
        return bool(_COMPARE[self.rule](figure, threshold))


@dataclass(frozen=True, config=STRICT)
class Gate:
    """The criteria that a candidate must meet before it may become champion.

    Parameters
    ----------
    candidate : str
        A model or the ensemble.
    criteria : dict of str to Criterion
        By name; all must pass.
    """

    candidate: str
    criteria: Annotated[dict[str, Criterion], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_are_free(self) -> "Gate":
        if taken := sorted(set(self.criteria) & set(_TAKEN)):
            raise ValueError(f"a criterion cannot be named {taken[0]}; {', '.join(_TAKEN)} are taken")
        return self

    @property
    def level(self) -> float:
        """The level of the test against the champion: the lowest threshold of its p value."""
        asked = [one.threshold for one in self.criteria.values() if (one.metrics, one.key) == ("champion", "p_value")]
        return min((level for level in asked if level is not None), default=_LEVEL)
