"""Stacking: the minimum is one, the vote is where it starts, and a member that is right is believed."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import log_softmax, softmax

from barograph.ensemble import stacking
from barograph.ensemble.stacking import FLOOR, fit_stacker
from barograph.errors import InputError
from tests.ensemble.record import Record, log_loss, normalised

RECORD = Record(seed=1, folds=2)
MEMBERS = [RECORD.noisy(1), RECORD.noisy(2, 1.0)]
VOTE = np.mean(MEMBERS, axis=0)
LABEL = RECORD.label


def _standardised(members):
    odds = np.hstack([np.log(p[:, [0, 2]] / p[:, [1]]) for p in members])
    return (odds - odds.mean(axis=0)) / odds.std(axis=0), odds.mean(axis=0), odds.std(axis=0)


@pytest.mark.parametrize("C", [1e-4, 1e-2, 10.0])
def test_the_penalised_loss_is_at_its_minimum(C):
    """The loss as the docstring writes it, differentiated numerically where the fit ended."""
    x, mean, scale = _standardised(MEMBERS)

    def loss(flat):
        b, W = flat[:2], flat[2:].reshape(4, 2)
        moved = (b + x @ W)[:, [0, 0, 1]] * [1, 0, 1]
        scores = log_softmax(np.log(VOTE) + moved, axis=1)
        return 0.5 * (flat**2).sum() - C * scores[np.arange(LABEL.size), LABEL].sum()

    fitted = fit_stacker(MEMBERS, VOTE, LABEL, C)
    raw = fitted.coefficients.reshape(4, 2)
    found = np.concatenate([fitted.intercepts + mean @ raw, (raw * scale[:, None]).ravel()])
    assert np.abs(found).max() > 0.01
    start = np.abs(approx_fprime(np.zeros(10), loss, 1e-6)).max()
    assert np.abs(approx_fprime(found, loss, 1e-6)).max() < 1e-3 * start


def test_without_freedom_it_is_the_vote():
    np.testing.assert_allclose(fit_stacker(MEMBERS, VOTE, LABEL, 1e-12).predict(MEMBERS, VOTE), VOTE, atol=1e-8)


def test_prediction_by_hand():
    fitted = fit_stacker(MEMBERS, VOTE, LABEL, 0.1)
    odds = [np.log(p[:, [0, 2]] / p[:, [1]]) for p in MEMBERS]
    moved = fitted.intercepts + odds[0] @ fitted.coefficients[0] + odds[1] @ fitted.coefficients[1]
    expected = softmax(np.log(VOTE) + moved[:, [0, 0, 1]] * [1, 0, 1], axis=1)
    np.testing.assert_allclose(fitted.predict(MEMBERS, VOTE), expected, rtol=1e-10)


def test_a_row_is_predicted_alone_to_the_bit():
    fitted = fit_stacker(MEMBERS, VOTE, LABEL, 0.1)
    whole = fitted.predict(MEMBERS, VOTE)
    for rows in (slice(0, 1), slice(3, 10), slice(0, 1001)):
        assert np.array_equal(fitted.predict([p[rows] for p in MEMBERS], VOTE[rows]), whole[rows])


def test_certain_members_give_finite_results():
    certain = np.eye(3)[np.roll(LABEL, 1)]
    members = [certain, np.tile([0.0, 1.0, 0.0], (LABEL.size, 1)), RECORD.truth]
    fitted = fit_stacker(members, np.mean(members, axis=0), LABEL, 1.0)
    stacked = fitted.predict(members, np.mean(members, axis=0))
    assert np.abs(fitted.coefficients[1]).max() < 1e-9, "a member that always says the same tells nothing"
    assert log_loss(stacked, LABEL) < log_loss(normalised(np.mean(members, axis=0) + FLOOR), LABEL)


def test_perfectly_separated_classes_end_too():
    perfect = normalised(np.eye(3)[LABEL] + 1e-9)
    assert log_loss(fit_stacker([perfect], perfect, LABEL, 1e6).predict([perfect], perfect), LABEL) < 1e-4


def test_a_fit_that_does_not_end_is_an_error(monkeypatch):
    monkeypatch.setattr(stacking, "_STEPS", 1)
    with pytest.raises(InputError, match=r"^ensemble: a regression on 2000 .* did not converge$"):
        fit_stacker(MEMBERS, VOTE, LABEL, 1.0)
