"""Combining: what an ensemble learns from its members' record, fold after fold, and how it is applied."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from barograph.ensemble.calibration import Calibration, CalibrationKind, calibration_from_plain, fit_calibration
from barograph.ensemble.stacking import Stacker, fit_stacker, stacker_from_plain
from barograph.errors import InputError
from barograph.names import CLASSES, ENSEMBLE, PROBABILITIES
from barograph.typing import Dates, Floats, Mask, Rows

_KEYS = ["symbol", "date", "fold"]
_FILE = "models/ensemble/ensemble.json"


@dataclass(frozen=True)
class Combiner:
    """An ensemble, fitted: members' probabilities in, one predictor's out.

    Attributes
    ----------
    members : dict of str to float
        The members, in alphabetical order, and their shares of the vote, which sum to one.
    member_calibration : dict of str to Calibration, or None
        What each member goes through before anything else.
    stacking : Stacker or None
        What the vote goes through, by the members' log-odds; its coefficients are in the members' order.
    calibration : Calibration or None
        What the result goes through.
    """

    members: dict[str, float]
    member_calibration: dict[str, Calibration] | None = None
    stacking: Stacker | None = None
    calibration: Calibration | None = None

    def predict(self, probabilities: Mapping[str, Floats]) -> Floats:
        """Combine.

        Parameters
        ----------
        probabilities : mapping of str to array of shape (n, 3)
            Of every member, sell, hold and buy; those of other models are not looked at.

        Returns
        -------
        array of shape (n, 3)
            Rows sum to one.

        Raises
        ------
        InputError
            If a member's are missing.
        """
        return self.finish(self.mix(self.calibrate_members(probabilities)))

    def calibrate_members(self, probabilities: Mapping[str, Floats]) -> dict[str, Floats]:
        """Take the first step of :meth:`predict`."""
        if lost := [model for model in self.members if model not in probabilities]:
            raise InputError(f"{_FILE}: combines {list(self.members)}; there are no probabilities of {lost}")
        given = {model: probabilities[model] for model in self.members}
        learned = self.member_calibration
        return given if learned is None else {model: learned[model].calibrate(p) for model, p in given.items()}

    def mix(self, calibrated: Mapping[str, Floats]) -> Floats:
        """Take the second step: the vote and, where it has learned, what stacking makes of it."""
        vote: Floats = np.sum([share * calibrated[model] for model, share in self.members.items()], axis=0)
        return vote if self.stacking is None else self.stacking.predict(list(calibrated.values()), vote)

    def finish(self, mixed: Floats) -> Floats:
        """Take the last step."""
        return mixed if self.calibration is None else self.calibration.calibrate(mixed)

    def plain(self) -> dict[str, Any]:
        """Give plain values, floats in full: what :meth:`from_plain` needs, null for a step that is not taken."""
        learned = self.member_calibration
        return {
            "members": self.members,
            "member_calibration": learned and {model: step.plain() for model, step in learned.items()},
            "stacking": self.stacking and self.stacking.plain(),
            "calibration": self.calibration and self.calibration.plain(),
        }

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "Combiner":
        """Build what :meth:`plain` gave, in this process or from a JSON file of another.

        Raises
        ------
        InputError
            If the values are not such.
        """
        if sorted(values) != sorted(cls.__dataclass_fields__):
            raise InputError(f"{_FILE}: has the keys {sorted(values)}; {sorted(cls.__dataclass_fields__)} are needed")
        learned = values["member_calibration"]
        return cls(
            members=dict(values["members"]),
            member_calibration=learned and {model: calibration_from_plain(step) for model, step in learned.items()},
            stacking=values["stacking"] and stacker_from_plain(values["stacking"]),
            calibration=values["calibration"] and calibration_from_plain(values["calibration"]),
        )


@dataclass(frozen=True)
class Recipe:
    """An ensemble that has not learned yet.

    Attributes
    ----------
    members : dict of str to float
        As in :class:`Combiner`.
    member_calibration, calibration : {"sigmoid", "isotonic"} or None
    stacking : float or None
        C, the inverse strength of the penalty; None for a plain vote.
    """

    members: dict[str, float]
    member_calibration: CalibrationKind | None
    stacking: float | None
    calibration: CalibrationKind | None


@dataclass(frozen=True)
class Combination:
    """What walking forward gives.

    Attributes
    ----------
    predictions : pandas.DataFrame
        The ensemble's, out of sample.
    combiners : dict of int to Combiner
        The combiner of each fold; the last is the one that goes into service.
    """

    predictions: pd.DataFrame
    combiners: dict[int, Combiner]

    @property
    def final(self) -> Combiner:
        """The combiner that goes into service."""
        return self.combiners[max(self.combiners)]

    def first_use(self, step: str) -> int | None:
        """Tell from which fold on a step, named as in :class:`Combiner`, was taken; None for never."""
        return next((fold for fold, combiner in self.combiners.items() if getattr(combiner, step) is not None), None)


def combine_forward(
    recipe: Recipe, predictions: Mapping[str, pd.DataFrame], labels: pd.DataFrame, folds: pd.DataFrame
) -> Combination:
    """Walk forward: before each fold, learn every step from what had matured by then; then predict the fold.

    Parameters
    ----------
    recipe : Recipe
    predictions : mapping of str to pandas.DataFrame
        The predictions table of every model, all of the same rows.
    labels, folds : pandas.DataFrame
        The tables of these names.

    Returns
    -------
    Combination

    Raises
    ------
    InputError
        If two models predicted different rows, or a row's fold is unknown.

    Notes
    -----
    A fold learns from the out-of-sample rows whose label had matured (exit date up to the fold's `train_end`), which
    lie in earlier folds, and from all of them alike: unresampled and unweighted. Each step learns from what the step
    before it gave out of sample, so it sees what it will be used on; rows that the step before has not treated,
    because it had nothing to learn from yet, are left out, or their error would be corrected twice. A step is taken as
    soon as such rows have labels of all three classes; until then the others do without it, and the first fold is the
    vote alone.
    """
    first = _same_rows(predictions, folds)
    record = _Record.of(recipe, predictions, labels)
    fold = first["fold"].to_numpy()
    combined = np.empty((len(first), len(CLASSES)))
    combiners = {}
    for number, known_until in zip(folds["fold"].tolist(), folds["train_end"].to_numpy(), strict=True):
        combiner = record.learn(recipe, record.exit_date <= known_until)
        rows = np.flatnonzero(fold == number)
        combined[rows] = record.predict(combiner, recipe, rows)
        combiners[number] = combiner
    table = first.assign(predictor=ENSEMBLE, **dict(zip(PROBABILITIES, combined.T, strict=True)))
    return Combination(table, combiners)


@dataclass(frozen=True)
class _Record:
    """What was stated out of sample so far, and which rows each step has treated; filled fold after fold."""

    label: NDArray[np.int8]
    exit_date: Dates
    stated: dict[str, Floats]
    calibrated: dict[str, Floats]
    mixed: Floats
    is_calibrated: Mask
    is_mixed: Mask

    @classmethod
    def of(cls, recipe: Recipe, predictions: Mapping[str, pd.DataFrame], labels: pd.DataFrame) -> "_Record":
        rows = next(iter(predictions.values()))[["symbol", "date"]]
        known = rows.merge(labels[["symbol", "date", "label", "exit_date"]], "left", ["symbol", "date"])
        stated = {model: predictions[model][list(PROBABILITIES)].to_numpy() for model in recipe.members}
        return cls(
            label=known["label"].fillna(-1).to_numpy(np.int8),
            exit_date=known["exit_date"].to_numpy(),
            stated=stated,
            calibrated={model: np.empty_like(values) for model, values in stated.items()},
            mixed=np.empty((len(rows), len(CLASSES))),
            is_calibrated=np.zeros(len(rows), np.bool_),
            is_mixed=np.zeros(len(rows), np.bool_),
        )

    def learn(self, recipe: Recipe, matured: Mask) -> Combiner:
        """Fit every step of the recipe that has rows of all classes to learn from."""
        member_calibration, stacking, calibration = None, None, None
        if recipe.member_calibration and self._shows_all_classes(matured):
            y, kind = self.label[matured], recipe.member_calibration
            member_calibration = {model: fit_calibration(kind, p[matured], y) for model, p in self.stated.items()}
        if recipe.stacking and self._shows_all_classes(rows := matured & self.is_calibrated):
            members = {model: p[rows] for model, p in self.calibrated.items()}
            vote = Combiner(recipe.members).mix(members)
            stacking = fit_stacker(list(members.values()), vote, self.label[rows], recipe.stacking)
        if recipe.calibration and self._shows_all_classes(rows := matured & self.is_mixed):
            calibration = fit_calibration(recipe.calibration, self.mixed[rows], self.label[rows])
        return Combiner(recipe.members, member_calibration, stacking, calibration)

    def predict(self, combiner: Combiner, recipe: Recipe, rows: Rows) -> Floats:
        """Predict a fold's rows, and note down what each step made of them."""
        calibrated = combiner.calibrate_members({model: p[rows] for model, p in self.stated.items()})
        for model, values in calibrated.items():
            self.calibrated[model][rows] = values
        self.mixed[rows] = combiner.mix(calibrated)
        self.is_calibrated[rows] = combiner.member_calibration is not None or recipe.member_calibration is None
        stacked = combiner.stacking is not None or recipe.stacking is None
        self.is_mixed[rows] = self.is_calibrated[rows] & stacked
        return combiner.finish(self.mixed[rows])

    def _shows_all_classes(self, rows: Mask) -> bool:
        return np.unique(self.label[rows]).size == len(CLASSES)


def _same_rows(predictions: Mapping[str, pd.DataFrame], folds: pd.DataFrame) -> pd.DataFrame:
    """Give the rows that all models predicted."""
    name, table = next(iter(predictions.items()))
    for model, other in predictions.items():
        if not other[_KEYS].equals(table[_KEYS]):
            raise InputError(f"data/predictions/{model}.parquet: other rows than {name}'s")
    if (strange := ~table["fold"].isin(folds["fold"])).any():
        fold = table.loc[strange, "fold"].iloc[0]
        raise InputError(f"data/predictions/{name}.parquet: fold {fold} is not in data/folds.parquet")
    return table[_KEYS]
