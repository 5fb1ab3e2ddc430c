"""Settings of what is said about a track record."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from barograph.typing import STRICT


@dataclass(frozen=True, config=STRICT)
class Analysis:
    """How a track record is read.

    Parameters
    ----------
    further_trials : int
        Backtests that were looked at before this one and that the pipeline does not count, such as earlier ideas: they
        lower the deflated Sharpe ratio.
    rolling_days : int
        Trading days of a rolling figure.
    overfitting_blocks : int
        Even number of blocks into which the probability of backtest overfitting cuts time.
    paths : int
        Histories that are drawn anew, of days and of round trips.
    block_days : int
        Mean length of a block of days, in trading days.
    delisting_return : float
        What a delisted position loses of its last close in the table of conventions.
    capital : list of float
        Accounts, in the currency of the prices, of the capacity curve.
    participation : float
        Share of a day's volume that the capacity curve trades at most.
    impact : float
        Coefficient of the square-root law in the capacity curve: the cost of trading a day's whole volume, in daily
        standard deviations.
    """

    further_trials: Annotated[int, Field(ge=0)]
    rolling_days: Annotated[int, Field(ge=2)]
    overfitting_blocks: Annotated[int, Field(ge=2, le=20)]
    paths: Annotated[int, Field(ge=20)]
    block_days: Annotated[int, Field(ge=1)]
    delisting_return: Annotated[float, Field(ge=0.0, le=1.0)]
    capital: list[Annotated[float, Field(gt=0.0, allow_inf_nan=False)]]
    participation: Annotated[float, Field(gt=0.0, le=1.0)]
    impact: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]

    @model_validator(mode="after")
    def _in_order(self) -> "Analysis":
        if self.overfitting_blocks % 2:
            raise ValueError(f"overfitting_blocks is {self.overfitting_blocks}; an even number is required")
        if sorted(set(self.capital)) != self.capital:
            raise ValueError(f"capital is {self.capital}; increasing amounts are required")
        return self
