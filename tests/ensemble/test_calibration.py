"""Calibration: what is known to be distorted is repaired, scikit-learn agrees, nothing is certain."""

import json

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax
from sklearn.isotonic import IsotonicRegression

from barograph.ensemble import fit_calibration
from barograph.ensemble.calibration import calibration_from_plain
from barograph.ensemble.stacking import FLOOR
from tests.ensemble.record import Record, log_loss, normalised

KINDS = ("sigmoid", "temperature", "isotonic")
RECORD = Record(seed=0, folds=8, symbols=25)
TRUTH, LABEL = RECORD.truth, RECORD.label
HALF = len(LABEL) // 2


@pytest.mark.parametrize("power", [0.3, 1.0, 3.0])
def test_sigmoid_undoes_a_power_and_a_shift_of_the_classes(power):
    stated = normalised(TRUTH**power * [3.0, 0.5, 1.0])
    repaired = fit_calibration("sigmoid", stated[:HALF], LABEL[:HALF]).calibrate(stated[HALF:])
    assert np.abs(stated[HALF:] - TRUTH[HALF:]).mean() > 0.1
    assert np.abs(repaired - TRUTH[HALF:]).mean() < 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_frequencies_become_the_stated_ones(kind):
    stated = normalised(TRUTH**3)
    repaired = fit_calibration(kind, stated[:HALF], LABEL[:HALF]).calibrate(stated[HALF:])
    confident = repaired[:, 2] > 0.6
    assert confident.sum() > 500
    assert (LABEL[HALF:][confident] == 2).mean() == pytest.approx(repaired[confident, 2].mean(), abs=0.04)
    assert log_loss(repaired, LABEL[HALF:]) < log_loss(stated[HALF:], LABEL[HALF:]) - 0.1


def test_sigmoid_is_the_likeliest_slope_and_intercepts():
    stated = normalised(TRUTH**2 * [1.0, 0.5, 3.0])
    above = stated.min(axis=1) > FLOOR
    stated, label = stated[above], LABEL[above]

    def scores(found):
        return log_softmax(found[0] * np.log(stated) + [found[1], 0, found[2]], axis=1)

    oracle = minimize(lambda found: -scores(found)[np.arange(label.size), label].mean(), [1, 0, 0], tol=1e-9).x
    ours = fit_calibration("sigmoid", stated, label).calibrate(stated)
    np.testing.assert_allclose(ours, np.exp(scores(oracle)), atol=5e-4)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_temperature_undoes_a_power(temperature):
    stated = normalised(TRUTH**temperature)
    learned = fit_calibration("temperature", stated[:HALF], LABEL[:HALF])
    assert learned.plain()["temperature"] == pytest.approx(temperature, rel=0.05)
    assert np.abs(learned.calibrate(stated[HALF:]) - TRUTH[HALF:]).mean() < 0.01


def test_temperature_is_the_likeliest_one():
    stated = normalised(TRUTH**2 * [1.0, 0.5, 3.0])
    above = stated.min(axis=1) > FLOOR
    stated, label = stated[above], LABEL[above]

    def loss(log_temperature):
        return log_loss(np.exp(log_softmax(np.log(stated) / np.exp(log_temperature), axis=1)), label)

    oracle = np.exp(minimize_scalar(loss, (-1, 1), tol=1e-9).x)
    assert abs(oracle - 1) > 0.1
    learned = fit_calibration("temperature", stated, label)
    assert learned.plain() == {"kind": "temperature", "temperature": pytest.approx(oracle, abs=1e-3)}
    np.testing.assert_allclose(learned.calibrate(stated), normalised(stated ** (1 / oracle)), atol=1e-4)


def test_temperature_keeps_the_order_of_a_rows_classes():
    stated = normalised(RECORD.noisy(4, 2.0))
    above = stated.min(axis=1) > FLOOR
    calibrated = fit_calibration("temperature", stated, LABEL).calibrate(stated)
    assert np.array_equal(np.argsort(calibrated[above], axis=1), np.argsort(stated[above], axis=1))


def test_where_the_odds_say_the_opposite_the_temperature_ends_at_the_hottest():
    learned = fit_calibration("temperature", normalised(1 / TRUTH), LABEL)
    assert learned.plain()["temperature"] == 100.0
    assert np.abs(learned.calibrate(TRUTH) - 1 / 3).max() < 0.1


def test_sigmoid_ranks_buy_against_sell_as_before():
    stated = normalised(RECORD.noisy(4, 2.0))
    calibrated = fit_calibration("sigmoid", stated, LABEL).calibrate(stated)
    above = stated.min(axis=1) > FLOOR
    before, after = (np.log(p[above, 2] / p[above, 0]) for p in (stated, calibrated))
    assert (np.diff(after[np.argsort(before)]) >= -1e-9).all()


def test_isotonic_is_one_against_the_rest_between_two_contrary_rows():
    stated = normalised(TRUTH**2)
    oracle = np.empty_like(stated[HALF:])
    for k in range(3):
        regression = IsotonicRegression(out_of_bounds="clip")
        regression.fit([0, *stated[:HALF, k], 1], [1, *(LABEL[:HALF] == k), 0])
        oracle[:, k] = regression.predict(stated[HALF:, k])
    ours = fit_calibration("isotonic", stated[:HALF], LABEL[:HALF]).calibrate(stated[HALF:])
    np.testing.assert_allclose(ours, normalised(oracle), rtol=1e-12)


def test_isotonic_by_hand():
    stated = np.array([[0.1, 0.5, 0.4], [0.1, 0.5, 0.4], [0.6, 0.2, 0.2]])
    learned = fit_calibration("isotonic", stated, np.array([1, 1, 0], np.int8))
    # Sell: at 0 yes, at 0.1 no twice, at 0.6 yes, at 1 no; runs of 1/3 (0 to 0.1) and 1/2 (0.6 to 1).
    assert learned.stated[0] == pytest.approx([0.0, 0.1, 0.6, 1.0])
    assert learned.found[0] == pytest.approx([1 / 3, 1 / 3, 1 / 2, 1 / 2])
    # Buy: yes, no, no twice, no: a single run of 1/5.
    assert learned.found[2] == pytest.approx([1 / 5, 1 / 5])
    # Hold: at 0 yes, at 0.2 no, at 0.5 yes twice, at 1 no: runs of 1/2 and 2/3. Halfway in sell, at 0.35 in hold.
    at = learned.calibrate(np.array([[0.35, 0.35, 0.3]]))
    assert at[0] == pytest.approx(normalised(np.array([[5 / 12, 7 / 12, 1 / 5]]))[0])


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_becomes_certain_not_even_what_always_came_true(kind):
    certain = np.eye(3)[LABEL]
    for stated in (certain[:200], normalised(certain[:200] + 1e-300)):
        calibrated = fit_calibration(kind, stated, LABEL[:200]).calibrate(np.roll(certain[:200], 1, axis=1))
        assert calibrated.min() > 1e-5
        assert calibrated.sum(axis=1) == pytest.approx(1)
        assert np.isfinite(log_loss(calibrated, LABEL[:200]))


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_a_class_that_was_never_expected_is_learned(kind):
    stated = np.column_stack([np.zeros(HALF), TRUTH[:HALF, 1], 1 - TRUTH[:HALF, 1]])
    calibrated = fit_calibration(kind, stated, LABEL[:HALF]).calibrate(stated)
    assert calibrated[:, 0].mean() == pytest.approx((LABEL[:HALF] == 0).mean(), abs=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_plain_values_hold_all_of_it(kind):
    learned = fit_calibration(kind, TRUTH[:HALF] ** 1.0, LABEL[:HALF])
    again = calibration_from_plain(json.loads(json.dumps(learned.plain(), sort_keys=True)))
    assert np.array_equal(again.calibrate(TRUTH), learned.calibrate(TRUTH))
