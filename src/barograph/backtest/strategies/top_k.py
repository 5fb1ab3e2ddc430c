"""Hold the names with the highest score."""

from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.backtest.strategies.choice import due, score_of, top
from barograph.backtest.strategies.contract import View
from barograph.backtest.strategies.scores import frame, scores
from barograph.dates import without_time_zones
from barograph.typing import STRICT, Floats


@dataclass(frozen=True, config=STRICT)
class TopK:
    """Hold the names with the highest score, equally weighted.

    The score of a name is its probability of buy minus that of sell, or the signal's value. Names that tie at the last
    place share the places left equally, so that a predictor that cannot tell names apart holds the equal-weighted
    universe. Scores that agree to 12 decimals tie. On a date with fewer than `k` names all of them are held; on a
    date without names, cash.

    Parameters
    ----------
    k : int
        Number of names.
    rebalance_days : int
        Trading days between rebalances, counted from the first date with a prediction, so that more recent data never
        moves an earlier rebalance.
    """

    k: Annotated[int, Field(ge=1)]
    rebalance_days: Annotated[int, Field(ge=1)]

    @without_time_zones
    def target_weights(self, signals: pd.DataFrame, context: pd.DataFrame | None = None) -> pd.DataFrame:  # noqa: ARG002
        """Give one row per rebalance date; see :meth:`Strategy.target_weights`."""
        score = scores(signals, self.rebalance_days)
        return frame(top(score.to_numpy(), self.k), score)

    def weights(self, day: View) -> Floats | None:
        """Decide at the close of a date, where another strategy wraps this one; see :meth:`ByWeights.weights`."""
        score = score_of(day)
        return None if np.isnan(score).all() or not due(day, self.rebalance_days) else top(score, self.k)
