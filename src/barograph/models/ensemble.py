"""One predictor out of many."""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from barograph.errors import InputError
from barograph.predictors import ENSEMBLE
from barograph.tables import PROBABILITIES


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid"))
class SoftVote:
    """The weighted mean of the models' probabilities.

    Parameters
    ----------
    weights : dict of str to float
        A model's weight; one that is not named weighs 1, and a weight of a model that is not trained does nothing.
    """

    weights: dict[str, Annotated[float, Field(ge=0)]]

    def combine(self, predictions: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        """Vote.

        Parameters
        ----------
        predictions : mapping of str to pandas.DataFrame
            The predictions table of every model, all of the same rows.

        Returns
        -------
        pandas.DataFrame
            The ensemble's predictions.

        Raises
        ------
        InputError
            If two models predicted different rows, or no model has weight.
        """
        keys = ["symbol", "date", "fold"]
        first = next(iter(predictions.values()))
        for model, table in predictions.items():
            if not table[keys].equals(first[keys]):
                raise InputError(f"data/predictions/{model}.parquet: other rows than {next(iter(predictions))}'s")
        weights = self.member_weights(list(predictions))
        votes = [weight * predictions[model][list(PROBABILITIES)].to_numpy() for model, weight in weights.items()]
        total = np.sum(votes, axis=0)
        return first[keys].assign(predictor=ENSEMBLE, **dict(zip(PROBABILITIES, total.T, strict=True)))

    def member_weights(self, models: list[str]) -> dict[str, float]:
        """Give the share of every model in the vote; shares sum to one."""
        given = np.array([self.weights.get(model, 1.0) for model in models])
        if not given.sum() > 0:
            raise InputError(f"ensemble.weights: all of {models} weigh 0; at least one needs weight")
        return dict(zip(models, (given / given.sum()).tolist(), strict=True))
