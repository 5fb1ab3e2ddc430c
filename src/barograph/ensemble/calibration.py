"""Calibration: from stated probabilities and known labels, better probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from barograph.ensemble.stacking import Stacker, fit_slope, from_log_odds, log_odds, stacker_from_plain
from barograph.names import CLASSES
from barograph.typing import Floats, Labels, Mask

CalibrationKind: TypeAlias = Literal["sigmoid", "temperature", "isotonic"]

# So few coefficients need no shrinking; the penalty only keeps them finite where classes can be told apart perfectly.
_C: Final = 1.0
_HOTTEST: Final = 100.0


@dataclass(frozen=True)
class Sigmoid:
    """Platt's sigmoid for three classes: a slope of all log-odds and an intercept each, as a stacker of one member."""

    correction: Stacker

    def calibrate(self, probabilities: Floats) -> Floats:
        """Map probabilities (n, 3) to probabilities (n, 3)."""
        return self.correction.predict([probabilities], probabilities)

    def plain(self) -> dict[str, Any]:
        """Give plain values, floats in full."""
        return {"kind": "sigmoid"} | self.correction.plain()


@dataclass(frozen=True)
class Temperature:
    """All log-odds divided by one positive number: above 1 it makes probabilities more alike, below 1 less."""

    temperature: float

    def calibrate(self, probabilities: Floats) -> Floats:
        """Map probabilities (n, 3) to probabilities (n, 3)."""
        return from_log_odds(log_odds(probabilities) / self.temperature)

    def plain(self) -> dict[str, Any]:
        """Give plain values, floats in full."""
        return {"kind": "temperature", "temperature": self.temperature}


@dataclass(frozen=True)
class Isotonic:
    """A monotone map per class, brought to a sum of one.

    A class's knots are ascending probabilities `stated`, from 0 to 1, and the ascending frequencies `found` there,
    never 0 or 1; the map is linear in between.
    """

    stated: tuple[Floats, ...]
    found: tuple[Floats, ...]

    def calibrate(self, probabilities: Floats) -> Floats:
        """Map probabilities (n, 3) to probabilities (n, 3)."""
        maps = zip(probabilities.T, self.stated, self.found, strict=True)
        frequencies = np.column_stack([np.interp(p, stated, found) for p, stated, found in maps])
        shares: Floats = frequencies / frequencies.sum(axis=1, keepdims=True)
        return shares

    def plain(self) -> dict[str, Any]:
        """Give plain values, floats in full."""
        knots = zip(CLASSES, self.stated, self.found, strict=True)
        maps = {name: {"stated": stated.tolist(), "found": found.tolist()} for name, stated, found in knots}
        return {"kind": "isotonic"} | maps


Calibration: TypeAlias = Sigmoid | Temperature | Isotonic


def fit_calibration(kind: CalibrationKind, probabilities: Floats, labels: Labels) -> Calibration:
    r"""Learn from out-of-sample probabilities (n, 3) and labels (n,).

    Rows count equally, although labels that overlap in time repeat each other.

    Notes
    -----
    *sigmoid* is Platt's (1999) on log-odds in a form for several classes: one slope, and an intercept a class
    (temperature scaling of Guo et al. 2017 with the bias of Alexandari, Kundaje and Shrikumar 2020). It undoes a power
    of the probabilities, so over- and underconfidence, and a shift of class frequencies, such as balancing the training
    rows brings about. With a positive slope it ranks rows by the odds of buy against sell as before; a free matrix
    (matrix scaling) would trade one class's odds for another's, which is stacking's task. Its ridge of 1 draws to no
    change.

    *temperature* is the slope alone, temperature scaling of Guo et al. (2017): it undoes over- and underconfidence with
    one parameter, and no row's order of classes changes. The slope is one over the temperature and its ridge is that of
    *sigmoid*. The temperature is at most 100, at which probabilities are nearly equal: hotter is fitted only where
    the odds tell nothing, or the opposite of what happened.

    *isotonic* is one class against the rest, normalised (Zadrozny and Elkan 2002). A plain isotonic regression ends in
    runs of frequency 0 and 1, however short, and a single surprise there costs an infinite log loss. Each class
    therefore gets two more rows, that speak against: one at probability 0 that happened, one at 1 that did not. A
    run of :math:`m` rows at either end then keeps at least :math:`1 / (m + 2)` away from certainty, and no row is
    without a class.
    """
    if kind == "sigmoid":
        return Sigmoid(fit_slope(probabilities, labels, _C))
    if kind == "temperature":
        change = fit_slope(probabilities, labels, _C, intercepts=False).coefficients[0, 0, 0]
        return Temperature(1 / max(1 + float(change), 1 / _HOTTEST))
    maps = [_monotone(probabilities[:, k], labels == k) for k in range(len(CLASSES))]
    return Isotonic(tuple(stated for stated, _ in maps), tuple(found for _, found in maps))


def calibration_from_plain(values: Mapping[str, Any]) -> Calibration:
    """Build the calibration of the values that `plain` gave."""
    if values["kind"] == "sigmoid":
        return Sigmoid(stacker_from_plain(values))
    if values["kind"] == "temperature":
        return Temperature(float(values["temperature"]))
    knots = [values[name] for name in CLASSES]
    return Isotonic(*(tuple(np.array(knot[end], np.float64) for knot in knots) for end in ("stated", "found")))


def _monotone(stated: Floats, happened: Mask) -> tuple[Floats, Floats]:
    from sklearn.isotonic import IsotonicRegression

    regression = IsotonicRegression()
    regression.fit(np.concatenate([stated, [0.0, 1.0]]), np.concatenate([happened, [1.0, 0.0]]))
    return regression.X_thresholds_, regression.y_thresholds_
