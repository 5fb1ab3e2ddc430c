"""Combining: an ensemble learns from its members' record, fold after fold, and predicts with what it has learned."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd

from barograph.ensemble.calibration import Calibration, CalibrationKind, calibration_from_plain, fit_calibration
from barograph.ensemble.pools import PoolKind, pool
from barograph.ensemble.stacking import Stacker, fit_stacker, stacker_from_plain
from barograph.errors import InputError
from barograph.names import CLASSES, ENSEMBLE, KEY, PROBABILITIES
from barograph.typing import Floats, Ints, Labels, Mask, Rows

_FILE: Final = "models/ensemble/ensemble.json"

Shares: TypeAlias = dict[str, float]
# From the members' probabilities (n, 3), labels (n,), folds (n,) and the shares so far to the next shares.
Weigh: TypeAlias = Callable[[Mapping[str, Floats], Labels, Ints, Shares], Shares]


@dataclass(frozen=True)
class Combiner:
    """An ensemble, fitted: members' probabilities in, one predictor's out.

    Attributes
    ----------
    members : dict of str to float
        The members, in alphabetical order, and their shares of the pool, which sum to one.
    pool : {"linear", "logarithmic"}
        How the members are pooled; a vote is linear.
    member_calibration : dict of str to Calibration, or None
        The correction of each member, the first step.
    stacking : Stacker or None
        The correction of the pool by the members' log-odds; its coefficients are in the members' order.
    calibration : Calibration or None
        The correction of the result.
    """

    members: Shares
    pool: PoolKind = "linear"
    member_calibration: dict[str, Calibration] | None = None
    stacking: Stacker | None = None
    calibration: Calibration | None = None

    def predict(self, probabilities: Mapping[str, Floats]) -> Floats:
        """Combine every member's probabilities (n, 3) into such whose rows sum to one.

        Those of other models are ignored; `InputError` if a member's are missing.
        """
        return self.finish(self.mix(self.calibrate_members(probabilities)))

    def calibrate_members(self, probabilities: Mapping[str, Floats]) -> dict[str, Floats]:
        """Take the first step of :meth:`predict`, for the members alone."""
        if lost := [model for model in self.members if model not in probabilities]:
            raise InputError(f"{_FILE}: combines {list(self.members)}; there are no probabilities of {lost}")
        return _calibrated(self.member_calibration, {model: probabilities[model] for model in self.members})

    def mix(self, calibrated: Mapping[str, Floats]) -> Floats:
        """Take the second step: pool and, once stacking has learned, correct the pool."""
        members = [calibrated[model] for model in self.members]
        pooled = pool(self.pool, members, list(self.members.values()))
        return pooled if self.stacking is None else self.stacking.predict(members, pooled)

    def finish(self, mixed: Floats) -> Floats:
        """Take the last step."""
        return mixed if self.calibration is None else self.calibration.calibrate(mixed)

    def plain(self) -> dict[str, Any]:
        """Give plain values for :meth:`from_plain`, floats in full, null for a step that is not taken."""
        learned = self.member_calibration
        return {
            "members": self.members,
            "pool": self.pool,
            "member_calibration": learned and {model: step.plain() for model, step in learned.items()},
            "stacking": self.stacking and self.stacking.plain(),
            "calibration": self.calibration and self.calibration.plain(),
        }

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "Combiner":
        """Build the combiner of the values that :meth:`plain` gave; `InputError` if they have other keys."""
        if sorted(values) != sorted(cls.__dataclass_fields__):
            raise InputError(f"{_FILE}: has the keys {sorted(values)}; {sorted(cls.__dataclass_fields__)} are needed")
        learned = values["member_calibration"]
        return cls(
            members=dict(values["members"]),
            pool=values["pool"],
            member_calibration=learned and {model: calibration_from_plain(step) for model, step in learned.items()},
            stacking=values["stacking"] and stacker_from_plain(values["stacking"]),
            calibration=values["calibration"] and calibration_from_plain(values["calibration"]),
        )


@dataclass(frozen=True)
class Recipe:
    """The steps of a :class:`Combiner` that has not learned yet; `stacking` is C, None for none.

    `weigh` learns shares; until it has, and where it is None, they are those in `members`.
    """

    members: Shares
    member_calibration: CalibrationKind | None
    calibration: CalibrationKind | None
    pool: PoolKind = "linear"
    weigh: Weigh | None = None
    stacking: float | None = None


@dataclass(frozen=True)
class Combination:
    """The ensemble's predictions, out of sample, and each fold's combiner, the last of which goes into service."""

    predictions: pd.DataFrame
    combiners: dict[int, Combiner]

    @property
    def final(self) -> Combiner:
        """The combiner that goes into service."""
        return self.combiners[max(self.combiners)]

    @property
    def shares(self) -> pd.DataFrame:
        """The members' shares in each fold, with the columns `fold`, `member` and `share`."""
        rows = [(fold, *one) for fold, combiner in self.combiners.items() for one in combiner.members.items()]
        return pd.DataFrame(rows, columns=["fold", "member", "share"])

    def first_use(self, step: str) -> int | None:
        """Tell from which fold on a step, named as in :class:`Combiner`, was taken; None for never."""
        return next((fold for fold, combiner in self.combiners.items() if getattr(combiner, step) is not None), None)


def combine_forward(
    recipe: Recipe, predictions: Mapping[str, pd.DataFrame], labels: pd.DataFrame, folds: pd.DataFrame
) -> Combination:
    """Walk forward: before each fold, learn every step from the labels that had matured by then; then predict the fold.

    A fold learns from the out-of-sample rows whose label had matured (exit date up to the fold's `train_end`), which
    lie in earlier folds, and from all of them alike: unresampled and unweighted. Each step learns from what the step
    before it gave out of sample, so it sees what it will be used on; rows that the step before has not treated,
    because it had nothing to learn from yet, are left out, or their error would be corrected twice. A step is taken as
    soon as such rows have labels of all three classes; until then the others do without it, and the first fold is the
    pool with the recipe's shares alone.
    """
    rows = _same_rows(predictions, folds)
    record = _Record(recipe, predictions, labels)
    combined = np.empty((len(rows), len(CLASSES)))
    combiners = {}
    for fold, known_until in zip(folds["fold"].tolist(), folds["train_end"].to_numpy(), strict=True):
        combiners[fold] = record.learn(record.exit_date <= known_until)
        window = np.flatnonzero(rows["fold"] == fold)
        combined[window] = record.predict(combiners[fold], window)
    table = rows.assign(predictor=ENSEMBLE, **dict(zip(PROBABILITIES, combined.T, strict=True)))
    return Combination(table, combiners)


class _Record:
    """The probabilities stated out of sample so far, and the rows that each step has treated; filled fold by fold."""

    def __init__(self, recipe: Recipe, predictions: Mapping[str, pd.DataFrame], labels: pd.DataFrame) -> None:
        rows = next(iter(predictions.values()))[KEY]
        known = rows.merge(labels[[*KEY, "label", "exit_date"]], "left", KEY)
        self.recipe, self.shares = recipe, recipe.members
        self.member_calibration: dict[str, Calibration] | None = None
        self.fold = next(iter(predictions.values()))["fold"].to_numpy(np.int64)
        self.label = known["label"].fillna(-1).to_numpy(np.int8)
        self.exit_date = known["exit_date"].to_numpy()
        self.stated = {model: predictions[model][list(PROBABILITIES)].to_numpy() for model in recipe.members}
        self.calibrated = {model: np.empty_like(values) for model, values in self.stated.items()}
        self.has_weighed = recipe.weigh is None
        self.mixed = np.empty((len(rows), len(CLASSES)))
        self.is_calibrated = np.zeros(len(rows), np.bool_)
        self.is_mixed = np.zeros(len(rows), np.bool_)

    def learn(self, matured: Mask) -> Combiner:
        """Fit every step of the recipe that has rows of all classes to learn from."""
        recipe, stacking, calibration = self.recipe, None, None
        if recipe.member_calibration and self._shows_all_classes(matured):
            y, kind = self.label[matured], recipe.member_calibration
            self.member_calibration = {model: fit_calibration(kind, p[matured], y) for model, p in self.stated.items()}
        if self._shows_all_classes(rows := matured & self.is_calibrated):
            y, members = self.label[rows], {model: p[rows] for model, p in self.calibrated.items()}
            if recipe.weigh:
                self.shares, self.has_weighed = recipe.weigh(members, y, self.fold[rows], self.shares), True
            if recipe.stacking:
                pooled = Combiner(self.shares, recipe.pool).mix(members)
                stacking = fit_stacker(list(members.values()), pooled, y, recipe.stacking)
        if recipe.calibration and self._shows_all_classes(rows := matured & self.is_mixed):
            calibration = fit_calibration(recipe.calibration, self.mixed[rows], self.label[rows])
        learned = self.member_calibration and {model: self.member_calibration[model] for model in self.shares}
        return Combiner(self.shares, recipe.pool, learned, stacking, calibration)

    def predict(self, combiner: Combiner, rows: Rows) -> Floats:
        """Predict a fold's rows, and note down the result of each step, also of members that have no share now."""
        calibrated = _calibrated(self.member_calibration, {model: p[rows] for model, p in self.stated.items()})
        for model, values in calibrated.items():
            self.calibrated[model][rows] = values
        self.mixed[rows] = combiner.mix(calibrated)
        self.is_calibrated[rows] = combiner.member_calibration is not None or self.recipe.member_calibration is None
        stacked = combiner.stacking is not None or self.recipe.stacking is None
        self.is_mixed[rows] = self.is_calibrated[rows] & self.has_weighed & stacked
        return combiner.finish(self.mixed[rows])

    def _shows_all_classes(self, rows: Mask) -> bool:
        return np.unique(self.label[rows]).size == len(CLASSES)


def _calibrated(learned: Mapping[str, Calibration] | None, stated: Mapping[str, Floats]) -> dict[str, Floats]:
    return {model: p if learned is None else learned[model].calibrate(p) for model, p in stated.items()}


def _same_rows(predictions: Mapping[str, pd.DataFrame], folds: pd.DataFrame) -> pd.DataFrame:
    """Give the keys and folds of the rows that all models predicted."""
    columns = [*KEY, "fold"]
    name, table = next(iter(predictions.items()))
    for model, other in predictions.items():
        if not other[columns].equals(table[columns]):
            raise InputError(f"data/predictions/{model}.parquet: other rows than {name}'s")
    if (strange := ~table["fold"].isin(folds["fold"])).any():
        fold = table.loc[strange, "fold"].iloc[0]
        raise InputError(f"data/predictions/{name}.parquet: fold {fold} is not in data/folds.parquet")
    return table[columns]
