"""The best so far: chosen by its record, kept while the record cannot tell it from the best."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from barograph.ensemble import BestSoFar, fit_calibration
from barograph.ensemble.best import best_so_far, standard_error
from tests.ensemble.record import COLUMNS, Record, log_loss, normalised

RECORD = Record(seed=6, folds=4, symbols=20)
LABEL = np.zeros(6, np.int8)
FOLD = np.array([0, 0, 0, 1, 1, 1])


def _stating(*losses):
    """Give probabilities whose log loss is as stated; what happened is always a sell."""
    sell = np.exp(-np.array(losses))
    return np.column_stack([sell, 1 - sell, np.zeros_like(sell)])


def test_without_a_choice_before_it_is_the_best_and_of_equal_ones_the_first():
    worse, good = _stating(*[1.2] * 6), _stating(*[1.0] * 6)
    assert best_so_far({"c": good, "b": good, "a": worse}, LABEL, FOLD, None) == "b"


@pytest.mark.parametrize(
    ("behind", "chosen"), [((0.1, 0.1), "best"), ((0.3, -0.1), "kept"), ((0.3, 0.0), "kept"), ((0.31, 0.01), "best")]
)
def test_the_choice_before_is_kept_within_one_standard_error(behind, chosen):
    """Two folds with the differences d and e: their mean is (d + e) / 2, its standard error |d - e| / 2."""
    best, kept = _stating(*[1.0] * 6), _stating(*(1.0 + np.repeat(behind, 3)))
    assert best_so_far({"best": best, "kept": kept}, LABEL, FOLD, "kept") == chosen


def test_one_fold_does_not_tell_them_apart():
    best, kept = _stating(*[1.0] * 6), _stating(*[1.5] * 6)
    assert best_so_far({"best": best, "kept": kept}, LABEL, np.zeros(6, int), "kept") == "kept"


def test_the_standard_error_is_that_of_a_regression_on_a_constant_with_errors_clustered_by_fold():
    rng = np.random.default_rng(0)
    folds = np.sort(rng.integers(0, 7, 300))
    values = rng.normal(0, 1, 300) + rng.normal(0, 1, 7)[folds]
    fitted = sm.OLS(values, np.ones(300)).fit(cov_type="cluster", cov_kwds={"groups": folds})
    assert standard_error(values, folds) == pytest.approx(fitted.bse[0], rel=1e-9)


def _members():
    """Give one that is better in the first fold, and one that is far better from then on."""
    first = RECORD.rows["fold"].to_numpy()[:, None] == 0
    return {
        "late": RECORD.predictions(np.where(first, RECORD.noisy(1, 1.0), RECORD.truth)),
        "early": RECORD.predictions(np.where(first, RECORD.noisy(2, 0.5), RECORD.noisy(3, 3.0))),
    }


def test_the_record_tells_what_was_chosen_in_each_fold():
    """Before fold 2 `late` has the lower loss, but two folds that say the opposite do not tell the two apart."""
    members = _members()
    known = RECORD.matured(2)
    late, early = (log_loss(members[name][COLUMNS].to_numpy()[known], RECORD.label[known]) for name in members)
    assert late < early - 0.1
    shares = BestSoFar().walk(members, RECORD.labels, RECORD.folds).shares
    assert shares.to_numpy().tolist() == [
        [0, "early", 0.5],
        [0, "late", 0.5],
        [1, "early", 1.0],
        [2, "early", 1.0],
        [3, "late", 1.0],
        [4, "late", 1.0],
    ]


def test_a_fold_is_predicted_by_what_was_chosen_for_it_and_the_first_by_the_equal_vote():
    members = _members()
    found = BestSoFar().walk(members, RECORD.labels, RECORD.folds)
    p = {name: table[COLUMNS].to_numpy() for name, table in members.items()}
    for fold, combiner in list(found.combiners.items())[:4]:
        rows = RECORD.tested(fold)
        name = next(iter(combiner.members))
        expected = p[name][rows] if fold else (p["late"][rows] + p["early"][rows]) / 2
        np.testing.assert_array_equal(found.predictions.loc[rows, COLUMNS].to_numpy(), expected)


def test_the_first_window_may_be_empty_or_of_one_class():
    members = _members()
    none = RECORD.labels[RECORD.labels["date"] > RECORD.folds["test_end"][0]]
    one = RECORD.labels.assign(
        label=RECORD.labels["label"].where(RECORD.labels["date"] > RECORD.folds["test_end"][0], 1)
    )
    for labels in (none, one):
        found = BestSoFar().walk(members, labels, RECORD.folds)
        assert [len(combiner.members) for combiner in found.combiners.values()] == [2, 2, 1, 1, 1]


def test_the_one_in_service_needs_no_other():
    final = BestSoFar().walk(_members(), RECORD.labels, RECORD.folds).final
    np.testing.assert_array_equal(final.predict({"late": RECORD.truth}), RECORD.truth)


def test_calibrated_members_are_compared_whether_chosen_or_not():
    """The truth, far too sure of itself: raw it is the worse one, calibrated the better one."""
    p = {"sure": normalised(RECORD.truth**6), "vague": RECORD.noisy(1, 0.5)}
    members = {name: RECORD.predictions(values) for name, values in p.items()}
    assert BestSoFar().walk(members, RECORD.labels, RECORD.folds).final.members == {"vague": 1.0}
    found = BestSoFar(member_calibration="temperature").walk(members, RECORD.labels, RECORD.folds)
    assert found.shares.groupby("fold")["member"].agg(list).tolist() == [["sure", "vague"]] * 2 + [["sure"]] * 3
    known, rows = RECORD.matured(3), RECORD.tested(3)
    expected = fit_calibration("temperature", p["sure"][known], RECORD.label[known]).calibrate(p["sure"][rows])
    np.testing.assert_array_equal(found.predictions.loc[rows, COLUMNS].to_numpy(), expected)
    assert list(found.final.plain()["member_calibration"]) == ["sure"]


def test_later_labels_change_no_earlier_choice():
    before = BestSoFar().walk(_members(), RECORD.labels, RECORD.folds)
    late = RECORD.labels["exit_date"] > RECORD.folds["train_end"][2]
    other = RECORD.labels.assign(label=RECORD.labels["label"].where(~late, 2 - RECORD.labels["label"]))
    after = BestSoFar().walk(_members(), other, RECORD.folds)
    early = before.shares["fold"] <= 2
    pd.testing.assert_frame_equal(after.shares[: early.sum()], before.shares[early], check_exact=True)
