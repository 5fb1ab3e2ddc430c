"""Sizing by the probabilities of a predictor: fractional Kelly, and confidence."""

from typing import Annotated, Any, Final

import numpy as np
from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from barograph.backtest.situation import Situation
from barograph.backtest.sizing.contract import row_by_row, shared
from barograph.labels.barriers import Barriers
from barograph.names import PROBABILITIES
from barograph.typing import STRICT, Floats

# Closes from which barriers are measured: more than any window of theirs.
_CLOSES: Final = 260


def _measures(label: Any) -> Barriers:
    if not hasattr(label, "distances"):
        raise ValueError(f"{label!r} has no method distances; the settings of a label are needed")
    return label  # type: ignore[no-any-return]


@dataclass(frozen=True, config=STRICT)
class FractionalKelly:
    r"""Weight each name by a fraction of what Kelly's rule gives for its probabilities and barriers.

    A name gains *u* with the probability of buy :math:`p_b` (its upper barrier), loses *d* with that of sell
    :math:`p_s` (the lower one), and else nothing. The expected logarithm of wealth is largest at the weight

    .. math:: f = \frac{p_b u - p_s d}{u d (p_b + p_s)}

    of which a `fraction` is taken. A weight against the side that the strategy chose is 0. Each name is sized as if it
    were alone; what is more than the account may hold is scaled down by one factor. The probabilities have to be
    calibrated: the rule takes them at their word. A portfolio without probabilities, such as a signal's, stays as
    decided; a name without probabilities or barriers has weight 0.

    Parameters
    ----------
    fraction : float
        In (0, 1].
    label : object
        The barriers of the labels, which the probabilities are about.

    References
    ----------
    .. [1] Kelly, J. L. (1956). "A New Interpretation of Information Rate." Bell System Technical
       Journal 35(4), 917-926.
    """

    fraction: Annotated[float, Field(gt=0.0, le=1.0)]
    label: Annotated[Any, AfterValidator(_measures)]

    def size(self, weights: Floats, at: Situation) -> Floats:
        """Size the weights; see :meth:`Sizing.size`."""
        if not set(PROBABILITIES) <= set(at.columns):
            return weights
        return row_by_row(weights, lambda row, decided: self._row(row, decided, at))

    def _row(self, row: int, decided: Floats, at: Situation) -> Floats:
        sell, _, buy = (at.value(name, row) for name in PROBABILITIES)
        held = np.flatnonzero(decided)
        place, sizes = int(at.places[row]), np.zeros(len(decided))
        closes = at.read("close")[max(0, place + 1 - _CLOSES) : place + 1]
        for name in held:
            own = closes[:, name]
            upper, lower = self.label.distances(own[~np.isnan(own)])
            up, down = upper[-1:].sum(), lower[-1:].sum()
            with np.errstate(invalid="ignore", divide="ignore"):
                sizes[name] = (buy[name] * up - sell[name] * down) / (up * down * (buy[name] + sell[name]))
        side = np.sign(decided)
        return side * np.maximum(np.nan_to_num(self.fraction * sizes, posinf=0.0, neginf=0.0) * side, 0.0)


@dataclass(frozen=True, config=STRICT)
class Confidence:
    """Weight names by confidence: the probability of the side chosen minus that of the other, at least 0.

    A portfolio without probabilities, such as a signal's, stays as decided.

    Parameters
    ----------
    keep_exposure : bool
        Whether gross exposure stays as decided. Otherwise each name has its weight times its confidence, and the rest
        is cash.
    """

    keep_exposure: bool

    def size(self, weights: Floats, at: Situation) -> Floats:
        """Size the weights; see :meth:`Sizing.size`."""
        if not set(PROBABILITIES) <= set(at.columns):
            return weights
        return row_by_row(weights, lambda row, decided: self._row(row, decided, at))

    def _row(self, row: int, decided: Floats, at: Situation) -> Floats:
        sell, _, buy = (at.value(name, row) for name in PROBABILITIES)
        confidence = np.nan_to_num(np.maximum(np.sign(decided) * (buy - sell), 0.0))
        return shared(decided, np.abs(decided) * confidence) if self.keep_exposure else decided * confidence
