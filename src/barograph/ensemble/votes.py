"""One predictor out of many: ensembles that vote, and ensembles that learn how to."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.dates import without_time_zones
from barograph.ensemble.calibration import CalibrationKind
from barograph.ensemble.combiner import Combination, Recipe, combine_forward
from barograph.errors import InputError
from barograph.names import PROBABILITIES, VOTE
from barograph.typing import STRICT

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@without_time_zones
def equal_vote(predictions: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """Average the probabilities of all predictors for each row as the predictor `vote`, all with the same weight.

    The columns `key` tell rows apart; the result is sorted by them.
    """
    # The order of summation must not depend on that of the table.
    ordered = predictions.sort_values("predictor", kind="stable")
    return ordered.groupby(list(key), as_index=False)[list(PROBABILITIES)].mean().assign(predictor=VOTE)


@dataclass(frozen=True, config=STRICT)
class SoftVote:
    """The weighted mean of the models' probabilities.

    Parameters
    ----------
    weights : dict of str to float
        A model's weight; that of a model that is not trained does nothing.
    others : float
        The weight of a model that is not named.
    member_calibration, calibration : {"sigmoid", "isotonic"} or None
        The correction of each model before the vote, and of the vote; see :func:`barograph.ensemble.fit_calibration`.
    """

    weights: dict[str, Weight]
    others: Weight = 1.0
    member_calibration: CalibrationKind | None = None
    calibration: CalibrationKind | None = None

    @without_time_zones
    def walk(self, predictions: Mapping[str, pd.DataFrame], labels: pd.DataFrame, folds: pd.DataFrame) -> Combination:
        """Vote, and calibrate by the labels that had matured before each fold.

        Parameters
        ----------
        predictions : mapping of str to pandas.DataFrame
            The predictions table of every model, all of the same rows.
        labels, folds : pandas.DataFrame
            The labels table and the folds table.

        Returns
        -------
        Combination
            The ensemble's predictions and, for each fold, the combiner that made them.

        Raises
        ------
        InputError
            If two models' predictions tables have different rows, a row's fold is unknown, or no model has weight.
        """
        recipe = Recipe(self._shares(list(predictions)), self.member_calibration, None, self.calibration)
        return combine_forward(recipe, predictions, labels, folds)

    def _shares(self, models: list[str]) -> dict[str, float]:
        given = {model: self.weights.get(model, self.others) for model in sorted(models)}
        if not any(given.values()):
            raise InputError(
                f"ensemble.weights: all of {models} weigh 0; at least one needs weight, "
                f"named are {sorted(self.weights)}, others weigh {self.others}"
            )
        return _normalised({model: weight for model, weight in given.items() if weight})


@dataclass(frozen=True, config=STRICT)
class Stacking:
    """The equal vote, corrected by a regularised multinomial logistic regression on the models' log-odds.

    Parameters
    ----------
    C : float
        How far it may move away from the equal vote, the inverse strength of the penalty: 0 would be the vote itself.
        Labels that overlap in time and stocks that move together make of 80,000 rows as much evidence as perhaps a
        thousand independent ones are, and rows are not weighted for that: C has to be small.
    member_calibration, calibration : {"sigmoid", "isotonic"} or None
        The correction of each model before stacking, and of the result; see :func:`barograph.ensemble.fit_calibration`.

    See Also
    --------
    barograph.ensemble.stacking.fit_stacker : The regression.
    """

    C: Annotated[float, Field(gt=0, le=1e6)]
    member_calibration: CalibrationKind | None = None
    calibration: CalibrationKind | None = None

    @without_time_zones
    def walk(self, predictions: Mapping[str, pd.DataFrame], labels: pd.DataFrame, folds: pd.DataFrame) -> Combination:
        """Stack, and calibrate, by the labels that had matured before each fold.

        Parameters, result and errors are those of :meth:`SoftVote.walk`; there are no weights to refuse.
        """
        shares = _normalised(dict.fromkeys(sorted(predictions), 1.0))
        recipe = Recipe(shares, self.member_calibration, self.C, self.calibration)
        return combine_forward(recipe, predictions, labels, folds)


def _normalised(weights: dict[str, float]) -> dict[str, float]:
    given = np.array(list(weights.values()))
    return dict(zip(weights, (given / given.sum()).tolist(), strict=True))
