"""Pools: known shares are found, an oracle agrees on stored predictions, and nothing is learned before there is a past.

`predictions.csv` has 400 labels and what three members stated, in six digits. It was made from the seed 14: truths are
softmax(z) of z = N(0, 1.2), labels are drawn from them, a member is softmax(power * (z + N(0, noise))) with the noises
.8, .5 and 1.5 and the powers 1, .6 and 1.3.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import approx_fprime, minimize
from scipy.special import log_softmax, softmax

from barograph.config import build
from barograph.ensemble import BestSoFar, Pool, SoftVote, Stacking, pools
from barograph.ensemble.pools import fit_shares, penalised_loss, pool
from barograph.errors import InputError
from tests.ensemble.record import COLUMNS, Record, log_loss, normalised
from tests.settings import compose

KINDS = ("logarithmic", "linear")
STORED = pd.read_csv(Path(__file__).with_name("predictions.csv"))
LABEL = STORED["label"].to_numpy(np.int8)
STATED = [STORED[[f"{name}_sell", f"{name}_hold", f"{name}_buy"]].to_numpy() for name in "abc"]
RECORD = Record(seed=4)
MEMBERS = {"b": RECORD.predictions(RECORD.noisy(1)), "a": RECORD.predictions(normalised(RECORD.noisy(2, 1.0) ** 0.7))}


def _pooled(kind, members, shares):
    """Pool as the definitions write it."""
    if kind == "linear":
        return sum(share * p for share, p in zip(shares, members, strict=True))
    return normalised(np.prod([p**share for share, p in zip(shares, members, strict=True)], axis=0))


def _oracle(kind, members, label):
    """Give the least penalised loss and its shares, found without a gradient."""

    def loss(theta):
        return log_loss(_pooled(kind, members, softmax(theta)), label) + 1e-4 * (theta**2).sum()

    found = minimize(loss, np.zeros(len(members)), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-13})
    return found.fun, softmax(found.x)


@pytest.mark.parametrize("kind", KINDS)
def test_the_known_best_shares_are_found(kind):
    """Labels occur exactly as often as a pool of known shares says, a thousand of each row of probabilities."""
    known = np.array([0.5, 0.3, 0.2])
    rng = np.random.default_rng(1)
    members = [softmax(rng.uniform(-4, 4, (500, 3)), axis=1) for _ in known]
    counts = np.diff(np.rint(1000 * _pooled(kind, members, known).cumsum(axis=1)).astype(int), axis=1, prepend=0)
    label = np.tile(np.arange(3, dtype=np.int8), 500).repeat(counts.ravel())
    shares = fit_shares(kind, [p.repeat(counts.sum(axis=1), axis=0) for p in members], label)
    np.testing.assert_allclose(shares, known, atol=1e-3)


@pytest.mark.parametrize(
    ("kind", "least", "loss"), [("logarithmic", 0.84450971, 0.84415073), ("linear", 0.84914827, 0.84881691)]
)
def test_stored_predictions_give_the_stated_loss(kind, least, loss):
    shares = fit_shares(kind, STATED, LABEL)
    found, by_oracle = _oracle(kind, STATED, LABEL)
    np.testing.assert_allclose(shares, by_oracle, atol=1e-4)
    assert found == pytest.approx(least, abs=1e-6)
    theta = np.log(shares) - np.log(shares).mean()
    assert penalised_loss(kind, STATED, LABEL)(theta)[0] == pytest.approx(least, abs=1e-6)
    assert log_loss(pool(kind, STATED, shares), LABEL) == pytest.approx(loss, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theta", [[0.0, 0.0, 0.0], [1.0, -2.0, 0.5], [-6.0, 4.0, 1.0]], ids=str)
def test_the_gradient_is_that_of_finite_differences(kind, theta):
    loss, theta = penalised_loss(kind, STATED, LABEL), np.array(theta)
    by_differences = approx_fprime(theta, lambda at: loss(at)[0], 1e-7)
    np.testing.assert_allclose(loss(theta)[1], by_differences, atol=1e-7)
    assert np.abs(by_differences).max() > 1e-4


def test_pools_by_hand():
    members = [np.array([[0.8, 0.1, 0.1]]), np.array([[0.2, 0.4, 0.4]])]
    assert pool("linear", members, [0.25, 0.75])[0] == pytest.approx([0.35, 0.325, 0.325])
    # Square roots of .16, .04 and .04.
    assert pool("logarithmic", members, [0.5, 0.5])[0] == pytest.approx([0.5, 0.25, 0.25])


@pytest.mark.parametrize("kind", KINDS)
def test_members_that_say_the_same_get_equal_shares(kind):
    shares = fit_shares(kind, [STATED[0], STATED[1], STATED[0]], LABEL)
    assert shares[0] == pytest.approx(shares[2], abs=1e-9)
    assert shares.sum() == pytest.approx(1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_pooled_alone_to_the_bit(kind):
    whole = pool(kind, STATED, [0.2, 0.5, 0.3])
    for rows in (slice(0, 1), slice(3, 10), slice(0, 399)):
        assert np.array_equal(pool(kind, [p[rows] for p in STATED], [0.2, 0.5, 0.3]), whole[rows])


def test_a_fit_that_does_not_end_is_an_error(monkeypatch):
    monkeypatch.setitem(pools._TOLERANCES, "maxiter", 1)
    with pytest.raises(InputError, match=r"^ensemble: the shares of a linear pool on 400 .* did not converge$"):
        fit_shares("linear", STATED, LABEL)


@pytest.mark.parametrize("kind", KINDS)
def test_each_fold_is_pooled_by_what_had_matured_before_it(kind):
    stated = [MEMBERS[name][COLUMNS].to_numpy() for name in ("a", "b")]
    found = Pool(kind=kind).walk(MEMBERS, RECORD.labels, RECORD.folds)
    for fold in range(4):
        known, rows = RECORD.matured(fold), RECORD.tested(fold)
        shares = np.array([0.5, 0.5])
        if fold:
            shares = _oracle(kind, [p[known] for p in stated], RECORD.label[known])[1]
            assert abs(shares[0] - 0.5) > 0.01
        expected = _pooled(kind, [p[rows] for p in stated], shares)
        np.testing.assert_allclose(found.predictions.loc[rows, COLUMNS].to_numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_shares_are_equal_until_all_classes_have_been_seen(kind):
    one_class = RECORD.labels.assign(
        label=RECORD.labels["label"].where(RECORD.labels["date"] > RECORD.folds["test_end"][0], 1)
    )
    found = Pool(kind=kind).walk(MEMBERS, one_class, RECORD.folds).shares
    assert found.loc[found["fold"] <= 1, "share"].tolist() == [0.5] * 4
    assert (found.loc[found["fold"] >= 2, "share"] != 0.5).all()


def test_the_result_is_calibrated_by_rows_that_were_pooled_with_learned_shares():
    found = Pool(kind="linear", member_calibration="temperature", calibration="sigmoid").walk(
        MEMBERS, RECORD.labels, RECORD.folds
    )
    equal = [fold for fold, combiner in found.combiners.items() if set(combiner.members.values()) == {0.5}]
    assert equal == [0, 1], "members are calibrated from fold 1 on, so that shares are learned from fold 2 on"
    assert found.first_use("calibration") == 3


def test_the_record_tells_each_folds_shares():
    shares = Pool(kind="logarithmic").walk(MEMBERS, RECORD.labels, RECORD.folds).shares
    assert shares[["fold", "member"]].to_numpy().tolist() == [[fold, name] for fold in range(5) for name in "ab"]
    assert shares.groupby("fold")["share"].sum().tolist() == pytest.approx([1.0] * 5)


STRUCTURAL = MEMBERS | {"structural": RECORD.predictions(RECORD.noisy(3, 0.1))}


@pytest.mark.parametrize(
    "ensemble",
    [SoftVote(weights={"structural": 3.0}), Stacking(C=0.1), BestSoFar(), Pool(kind="linear", structural=False)],
    ids=str,
)
def test_the_structural_baseline_is_no_member_unless_the_setting_says_so(ensemble):
    with_it, without = (ensemble.walk(given, RECORD.labels, RECORD.folds) for given in (STRUCTURAL, MEMBERS))
    pd.testing.assert_frame_equal(with_it.predictions, without.predictions, check_exact=True)
    assert with_it.final.plain() == without.final.plain()


@pytest.mark.parametrize(
    "ensemble", [SoftVote(weights={}, structural=True), BestSoFar(structural=True), Pool(kind="linear")], ids=str
)
def test_the_structural_baseline_is_a_member_where_the_setting_says_so(ensemble):
    assert "structural" in ensemble.walk(STRUCTURAL, RECORD.labels, RECORD.folds).final.members


@pytest.mark.parametrize(
    ("option", "built"),
    [
        ("pool", Pool(kind="logarithmic", structural=True)),
        ("linear_pool", Pool(kind="linear", structural=True)),
        ("best_so_far", BestSoFar(structural=False)),
        ("stacking", Stacking(C=0.001, structural=False)),
        ("soft_vote", SoftVote(weights={}, structural=False)),
    ],
)
def test_options(option, built):
    assert build(compose([f"ensemble={option}"])["ensemble"], "ensemble") == built


def test_the_weighted_vote_is_without_the_structural_baseline():
    assert not build(compose(["ensemble=weighted_vote"])["ensemble"], "ensemble").structural


def test_the_vote_is_the_sum_of_shares_times_probabilities_to_the_bit():
    a, b = (MEMBERS[name][COLUMNS].to_numpy() for name in "ab")
    voted = SoftVote(weights={"a": 3.0}).walk(STRUCTURAL, RECORD.labels, RECORD.folds).predictions
    assert np.array_equal(voted[COLUMNS].to_numpy(), 0.75 * a + 0.25 * b)


def test_a_logarithmic_pool_is_a_sum_of_logarithms():
    shares = np.array([0.2, 0.5, 0.3])
    scores = sum(share * np.log(p) for share, p in zip(shares, STATED, strict=True))
    np.testing.assert_allclose(np.log(pool("logarithmic", STATED, shares)), log_softmax(scores, axis=1), atol=1e-12)
