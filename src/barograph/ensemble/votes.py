"""One predictor out of many: ensembles that vote, and ensembles that learn how to."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field
from pydantic.dataclasses import dataclass

from barograph.dates import without_time_zones
from barograph.ensemble.best import best_so_far
from barograph.ensemble.calibration import CalibrationKind
from barograph.ensemble.combiner import Combination, Recipe, Shares, Weigh, combine_forward
from barograph.ensemble.pools import PoolKind, fit_shares
from barograph.errors import InputError
from barograph.executors import ResultCache
from barograph.names import PROBABILITIES, STRUCTURAL, VOTE
from barograph.typing import STRICT, Floats, Ints, Labels

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@without_time_zones
def equal_vote(predictions: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """Average the probabilities of all predictors for each row as the predictor `vote`, all with the same weight.

    The columns `key` tell rows apart; the result is sorted by them.
    """
    # The order of summation must not depend on that of the table.
    ordered = predictions.sort_values("predictor", kind="stable")
    return ordered.groupby(list(key), as_index=False)[list(PROBABILITIES)].mean().assign(predictor=VOTE)


@dataclass(frozen=True, config=STRICT, kw_only=True)
class Ensemble(ABC):
    """What every ensemble has.

    Parameters
    ----------
    structural : bool
        Whether the structural baseline is a member beside the models.
    member_calibration, calibration : {"sigmoid", "temperature", "isotonic"} or None
        The correction of each member before they are combined, and of the result; see
        :func:`barograph.ensemble.fit_calibration`.
    """

    structural: bool = False
    member_calibration: CalibrationKind | None = None
    calibration: CalibrationKind | None = None

    @without_time_zones
    def walk(
        self,
        predictions: Mapping[str, pd.DataFrame],
        labels: pd.DataFrame,
        folds: pd.DataFrame,
        cache: ResultCache | None = None,
    ) -> Combination:
        """Combine, and learn how to from the labels that had matured before each fold.

        Parameters
        ----------
        predictions : mapping of str to pandas.DataFrame
            The predictions table of every model, all of the same rows. That of the structural baseline, `structural`,
            may be among them: it is ignored unless the ensemble's setting makes it a member.
        labels, folds : pandas.DataFrame
            The labels table and the folds table.
        cache : ResultCache, optional
            Gives the shares that were learned before.

        Returns
        -------
        Combination
            The ensemble's predictions and, for each fold, the combiner that made them.

        Raises
        ------
        InputError
            If two members' predictions tables have different rows, a row's fold is unknown, or no member has weight.
        """
        members = {name: predictions[name] for name in sorted(predictions) if self.structural or name != STRUCTURAL}
        recipe = self._recipe(list(members))
        if cache and recipe.weigh:
            recipe = replace(recipe, weigh=partial(_recalled, cache, repr(self), recipe.weigh))
        return combine_forward(recipe, members, labels, folds)

    @abstractmethod
    def _recipe(self, members: list[str]) -> Recipe: ...


@dataclass(frozen=True, config=STRICT)
class SoftVote(Ensemble):
    """The weighted mean of the members' probabilities; further parameters are those of :class:`Ensemble`.

    Parameters
    ----------
    weights : dict of str to float
        A member's weight; that of a model that is not trained does nothing.
    others : float
        The weight of a member that is not named.
    """

    weights: dict[str, Weight]
    others: Weight = 1.0

    def _recipe(self, members: list[str]) -> Recipe:
        given = {member: self.weights.get(member, self.others) for member in members}
        if not any(given.values()):
            raise InputError(
                f"ensemble.weights: all of {members} weigh 0; at least one needs weight, "
                f"named are {sorted(self.weights)}, others weigh {self.others}"
            )
        shares = _normalised({member: weight for member, weight in given.items() if weight})
        return Recipe(shares, self.member_calibration, self.calibration)


@dataclass(frozen=True, config=STRICT, kw_only=True)
class Pool(Ensemble):
    """A pool whose shares are learned before each fold; further parameters are those of :class:`Ensemble`.

    Until labels of all classes have matured, the shares are equal.

    Parameters
    ----------
    kind : {"logarithmic", "linear"}
        The logarithmic pool multiplies powers of the members' probabilities; where members agree for reasons of their
        own it is surer than each of them. The linear pool is their mean, never surer than the surest.

    See Also
    --------
    barograph.ensemble.pools.pool : Both pools.
    barograph.ensemble.pools.fit_shares : How shares are learned.
    """

    kind: PoolKind
    structural: bool = True

    def _recipe(self, members: list[str]) -> Recipe:
        def weigh(stated: Mapping[str, Floats], labels: Labels, *_: object) -> Shares:
            return dict(zip(stated, fit_shares(self.kind, list(stated.values()), labels).tolist(), strict=True))

        return Recipe(_equal(members), self.member_calibration, self.calibration, pool=self.kind, weigh=weigh)


@dataclass(frozen=True, config=STRICT)
class BestSoFar(Ensemble):
    """The single best member by what is known before each fold; parameters are those of :class:`Ensemble`.

    Until labels of all classes have matured it is the equal vote. Then it is the best; later it changes only to one
    that is better by more than a standard error.

    See Also
    --------
    barograph.ensemble.best.best_so_far : The rule.
    """

    def _recipe(self, members: list[str]) -> Recipe:
        def weigh(stated: Mapping[str, Floats], labels: Labels, folds: Ints, before: Shares) -> Shares:
            chosen = next(iter(before)) if len(before) == 1 else None
            return {best_so_far(stated, labels, folds, chosen): 1.0}

        return Recipe(_equal(members), self.member_calibration, self.calibration, weigh=weigh)


@dataclass(frozen=True, config=STRICT)
class Stacking(Ensemble):
    """The equal vote, corrected by a regularised multinomial logistic regression on the members' log-odds.

    Further parameters are those of :class:`Ensemble`.

    Parameters
    ----------
    C : float
        How far it may move away from the equal vote, the inverse strength of the penalty: 0 would be the vote itself.
        Labels that overlap in time and stocks that move together make of 80,000 rows as much evidence as perhaps a
        thousand independent ones are, and rows are not weighted for that: C has to be small.

    See Also
    --------
    barograph.ensemble.stacking.fit_stacker : The regression.
    """

    C: Annotated[float, Field(gt=0, le=1e6)]

    def _recipe(self, members: list[str]) -> Recipe:
        return Recipe(_equal(members), self.member_calibration, self.calibration, stacking=self.C)


def _recalled(
    cache: ResultCache,
    asked: str,
    weigh: Weigh,
    stated: Mapping[str, Floats],
    labels: Labels,
    folds: Ints,
    before: Shares,
) -> Shares:
    """Give the shares of a fold from the cache, or learn and keep them."""
    named = repr((asked, list(stated), before)).encode()
    key = cache.key(b"shares", named, labels.tobytes(), folds.tobytes(), *(part.tobytes() for part in stated.values()))
    if (kept := cache.get(key)) is not None:
        shares: Shares = json.loads(kept)
        return shares
    learned = weigh(stated, labels, folds, before)
    cache.put(key, json.dumps(learned).encode())
    return learned


def _equal(members: list[str]) -> Shares:
    return _normalised(dict.fromkeys(members, 1.0))


def _normalised(weights: dict[str, float]) -> Shares:
    given = np.array(list(weights.values()))
    return dict(zip(weights, (given / given.sum()).tolist(), strict=True))
