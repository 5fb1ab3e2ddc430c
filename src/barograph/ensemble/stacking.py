"""Stacking: how far to move away from the vote, learned from the members' log-odds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from barograph.errors import InputError
from barograph.names import CLASSES
from barograph.typing import Floats, Labels, Mask

# Smaller probabilities count as this one, so that a class that a member has not seen gives no infinite log-odds.
FLOOR: Final = 1e-4
_HOLD: Final = CLASSES.index("hold")
_OTHERS: Final = [k for k in range(len(CLASSES)) if k != _HOLD]
_STEPS: Final = 100
_RATES: Final = 0.5 ** np.arange(40)
_TOLERANCE: Final = 1e-14


@dataclass(frozen=True)
class Stacker:
    """A correction of the vote that is linear in the members' log-odds.

    Attributes
    ----------
    intercepts : array of shape (2,)
        The terms added to the vote's log-odds of sell and of buy, both against hold.
    coefficients : array of shape (m, 2, 2)
        Each member's factors of its log-odds of sell (first row) and of buy (second row) in those two terms.
    """

    intercepts: Floats
    coefficients: Floats

    def predict(self, members: Sequence[Floats], vote: Floats) -> Floats:
        """Correct the vote (n, 3) by the members' probabilities (n, 3), in the order of the coefficients.

        Rows sum to one; a row's result depends on that row alone, to the bit.
        """
        moved = log_odds(vote) + self.intercepts
        for probabilities, (of_sell, of_buy) in zip(members, self.coefficients, strict=True):
            odds = log_odds(probabilities)
            # Not a matrix product: how BLAS sums a row depends on how many rows there are.
            moved += odds[:, :1] * of_sell + odds[:, 1:] * of_buy
        return from_log_odds(moved)

    def plain(self) -> dict[str, Any]:
        """Give plain values, floats in full."""
        return {"intercepts": self.intercepts.tolist(), "coefficients": self.coefficients.tolist()}


def stacker_from_plain(values: Mapping[str, Any]) -> Stacker:
    """Build the stacker of the values that :meth:`Stacker.plain` gave."""
    return Stacker(np.array(values["intercepts"], np.float64), np.array(values["coefficients"], np.float64))


def told_apart(labels: Labels) -> Mask:
    """Tell of each row whether it is a sell and whether it is a buy, shape (n, 2)."""
    happened: Mask = labels[:, None] == np.array(_OTHERS)
    return happened


def log_odds(probabilities: Floats, floor: float = FLOOR) -> Floats:
    """Give the log-odds of sell and of buy against hold, shape (n, 2); probabilities below `floor` count as `floor`."""
    logs = np.log(np.maximum(probabilities, floor))
    odds: Floats = logs[:, _OTHERS] - logs[:, [_HOLD]]
    return odds


def from_log_odds(odds: Floats) -> Floats:
    """Give the probabilities (n, 3) of which the log-odds of sell and of buy against hold are `odds` (n, 2)."""
    scores = np.zeros((len(odds), len(CLASSES)))
    scores[:, _OTHERS] = odds
    likelihood = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = likelihood / likelihood.sum(axis=1, keepdims=True)
    return shares


def fit_stacker(members: Sequence[Floats], vote: Floats, labels: Labels, C: float) -> Stacker:
    r"""Fit a multinomial logistic regression on the members' log-odds out of sample, with the vote as its offset.

    With :math:`v` the vote's log-odds and :math:`x` the members' ones, standardised, it minimises

    .. math:: \tfrac12 \lVert W \rVert^2 + \tfrac12 \lVert b \rVert^2
        - C \sum_i \log \operatorname{softmax}(v_i + b + x_i W)_{y_i}.

    Stacking is Wolpert's (1992), probabilities of all classes as its inputs Ting and Witten's (1999). Because the vote
    is an offset and intercepts are penalised too, the penalty draws to the vote: as `C` goes to 0 the result goes to
    the vote itself, not to class frequencies. Members that are much alike share what they explain.
    """
    odds = np.hstack([log_odds(probabilities) for probabilities in members])
    mean = odds.mean(axis=0)
    scale = np.where(np.ptp(odds, axis=0) > 0, odds.std(axis=0), 1.0)
    inputs = np.column_stack([np.ones(len(odds)), (odds - mean) / scale])
    fitted = _minimise(_Regression(inputs, vote, labels, C), np.eye(2 * inputs.shape[1]))
    coefficients = fitted[1:] / scale[:, None]
    intercepts = fitted[0] - (mean[:, None] * coefficients).sum(axis=0)
    return Stacker(intercepts, coefficients.reshape(len(members), len(_OTHERS), len(_OTHERS)))


def fit_slope(probabilities: Floats, labels: Labels, C: float, *, intercepts: bool = True) -> Stacker:
    """Fit one slope of all log-odds and two intercepts, or the slope alone.

    Arguments are those of :func:`fit_stacker`, of a single member.
    """
    inputs = np.column_stack([np.ones(len(labels)), log_odds(probabilities)])
    sell, buy, slope = np.zeros((3, inputs.shape[1], len(_OTHERS)))
    sell[0, 0] = buy[0, 1] = slope[1, 0] = slope[2, 1] = 1.0
    directions = np.column_stack([free.ravel() for free in ((sell, buy, slope) if intercepts else (slope,))])
    fitted = _minimise(_Regression(inputs, probabilities, labels, C), directions)
    return Stacker(fitted[0], fitted[None, 1:])


def fit_logit(inputs: Floats, labels: Labels, ridge: float) -> Floats:
    """Fit a multinomial logistic regression of the labels on inputs (n, q), one of which may be constant.

    It minimises the mean log loss plus `ridge` / 2 times the sum of the squared coefficients, which are of the log-odds
    of sell and of buy against hold, shape (q, 2).
    """
    even = np.full((len(inputs), len(CLASSES)), 1 / len(CLASSES))
    problem = _Regression(inputs, even, labels, 1 / (ridge * len(inputs)))
    return _minimise(problem, np.eye(len(_OTHERS) * inputs.shape[1]))


def _minimise(problem: "_Regression", directions: Floats) -> Floats:
    """Find the coefficients (q, 2) among those that the directions (2q, f) span.

    Newton's method; a step that does not lower the objective enough is halved.
    """
    from threadpoolctl import threadpool_limits

    solution = np.zeros((problem.inputs.shape[1], len(_OTHERS)))
    with threadpool_limits(1):  # For the order of floating-point sums.
        for _ in range(_STEPS):
            slope, curvature = problem.derivatives(solution)
            downhill = directions.T @ slope.ravel()
            along = np.linalg.solve(directions.T @ curvature @ directions, downhill)
            gain, step = float(downhill @ along), (directions @ along).reshape(solution.shape)
            if gain <= _TOLERANCE:
                return solution - step
            reached = problem.objective(solution)
            rate = next(
                (r for r in _RATES if problem.objective(solution - r * step) <= reached - 1e-4 * r * gain), None
            )
            if rate is None:
                break
            solution = solution - rate * step
    raise InputError(f"ensemble: a regression on {len(problem.inputs)} matured predictions did not converge")


class _Regression:
    """The mean of the penalised loss, with `inputs` (n, q), and `offset` and `happened` (n, 2) of sell and of buy."""

    def __init__(self, inputs: Floats, vote: Floats, labels: Labels, C: float) -> None:
        self.inputs, self.offset = inputs, log_odds(vote)
        self.happened = told_apart(labels)
        self.ridge = 1 / (C * len(inputs))

    def objective(self, coefficients: Floats) -> float:
        scores, total = self._scores(coefficients)
        loss = (total - (self.happened * scores).sum(axis=1)).mean()
        return float(loss + self.ridge / 2 * (coefficients**2).sum())

    def derivatives(self, coefficients: Floats) -> tuple[Floats, Floats]:
        """Give the slope (q, 2) and the curvature (2q, 2q)."""
        scores, total = self._scores(coefficients)
        p = np.exp(scores - total[:, None])
        slope = self.inputs.T @ (p - self.happened) / len(p) + self.ridge * coefficients
        curvature = np.empty((*coefficients.shape, *coefficients.shape))
        for a, b in ((0, 0), (0, 1), (1, 1)):
            weight = p[:, a] * ((a == b) - p[:, b]) / len(p)
            curvature[:, a, :, b] = curvature[:, b, :, a] = self.inputs.T @ (self.inputs * weight[:, None])
        flat = curvature.reshape(coefficients.size, coefficients.size)
        return slope, flat + self.ridge * np.eye(coefficients.size)

    def _scores(self, coefficients: Floats) -> tuple[Floats, Floats]:
        scores = self.offset + self.inputs @ coefficients
        return scores, np.logaddexp(np.logaddexp(scores[:, 0], scores[:, 1]), 0.0)
