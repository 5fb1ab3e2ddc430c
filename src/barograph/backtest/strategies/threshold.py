"""Hold the names whose score exceeds a threshold."""

from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.backtest.strategies.choice import due, score_of
from barograph.backtest.strategies.contract import View
from barograph.backtest.strategies.scores import frame, scores
from barograph.dates import without_time_zones
from barograph.typing import STRICT, Floats


@dataclass(frozen=True, config=STRICT)
class Threshold:
    """Hold every name whose score exceeds a threshold, the rest in cash.

    The score of a name is its probability of buy minus that of sell, or the signal's value. Each name held has weight
    1 / n, with n the number of names with a score on that date.

    Parameters
    ----------
    threshold : float
        In [-1, 1], the range of a model's score; a signal has its own scale.
    rebalance_days : int
        As in :class:`TopK`.
    """

    threshold: Annotated[float, Field(ge=-1.0, le=1.0)]
    rebalance_days: Annotated[int, Field(ge=1)]

    @without_time_zones
    def target_weights(self, signals: pd.DataFrame, context: pd.DataFrame | None = None) -> pd.DataFrame:  # noqa: ARG002
        """Give one row per rebalance date; see :meth:`Strategy.target_weights`."""
        score = scores(signals, self.rebalance_days)
        return frame(self._above(score.to_numpy()), score)

    def weights(self, day: View) -> Floats | None:
        """Decide at the close of a date, where another strategy wraps this one; see :meth:`ByWeights.weights`."""
        score = score_of(day)
        return None if np.isnan(score).all() or not due(day, self.rebalance_days) else self._above(score)

    def _above(self, score: Floats) -> Floats:
        names = (~np.isnan(score)).sum(axis=-1, keepdims=True)
        weights: Floats = (score > self.threshold) / np.maximum(names, 1)
        return weights
