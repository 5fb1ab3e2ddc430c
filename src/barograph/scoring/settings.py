"""How scores are resampled: the configuration of validation, backtest and study."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.typing import STRICT


@dataclass(frozen=True, config=STRICT)
class Validation:
    """How validation resamples and when it finds the evidence insufficient.

    Parameters
    ----------
    block_days : int
        Trading days resampled together.
    resamples : int
        Bootstrap resamples behind an interval of skill.
    auc_resamples : int
        How many of these also give the AUC's interval; at most `resamples`.
    level : float
        Coverage of the intervals.
    min_episodes : int
        A regime or event whose episodes are worth fewer of equal length is insufficient evidence; so is one of fewer
        than five episodes, with which no exact test can attain a p-value of 0.05.
    episode_gap_days : int
        Dates separated by at most this many trading days belong to one episode.
    calibration_bins : int
        Equal-width bins of the calibration error and the reliability curves.
    """

    block_days: Annotated[int, Field(ge=1)]
    resamples: Annotated[int, Field(ge=20)]
    auc_resamples: Annotated[int, Field(ge=20)]
    level: Annotated[float, Field(gt=0, lt=1)]
    min_episodes: Annotated[int, Field(ge=1)]
    episode_gap_days: Annotated[int, Field(ge=0)]
    calibration_bins: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _auc_uses_some(self) -> "Validation":
        if self.auc_resamples > self.resamples:
            raise ValueError(f"auc_resamples is {self.auc_resamples}; at most resamples ({self.resamples}) are allowed")
        return self
