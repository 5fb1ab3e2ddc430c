"""Ensembles: votes by hand, what is learned and from when on, and a combiner that outlives its process."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.isotonic import IsotonicRegression

from barograph.config import build
from barograph.ensemble import BestSoFar, Combiner, Pool, SoftVote, Stacking, equal_vote, fit_calibration
from barograph.ensemble.stacking import fit_stacker
from barograph.errors import InputError
from tests.ensemble.record import COLUMNS, Record, log_loss, normalised
from tests.settings import compose

RECORD = Record(seed=2)
ROWS = RECORD.rows.iloc[:2]
MEMBERS = {"b": RECORD.predictions(RECORD.noisy(1)), "a": RECORD.predictions(normalised(RECORD.noisy(2) ** 3))}
EVERYTHING = [
    kind(**settings, member_calibration=members, calibration=result)
    for kind, settings in ((SoftVote, {"weights": {"a": 0.5}}), (Stacking, {"C": 0.01}))
    for members in (None, "sigmoid", "isotonic")
    for result in (None, "sigmoid", "isotonic")
] + [
    kind(**settings, member_calibration=members, calibration=result)
    for kind, settings in ((Pool, {"kind": "linear"}), (Pool, {"kind": "logarithmic"}), (BestSoFar, {}))
    for members, result in ((None, None), ("temperature", "isotonic"))
]
LEARNING = [ensemble for ensemble in EVERYTHING if ensemble != EVERYTHING[0]]
FROM_A_VOTE = [ensemble for ensemble in LEARNING if getattr(ensemble, "kind", None) != "logarithmic"]


def _combine(ensemble, members, record=RECORD):
    return ensemble.walk(members, record.labels, record.folds).predictions


def _two_rows(p_sell):
    p = np.array(p_sell)
    return ROWS.assign(p_sell=p, p_hold=0.0, p_buy=1 - p)


def _values(members):
    return {model: table[COLUMNS].to_numpy() for model, table in members.items()}


def test_models_that_are_not_named_weigh_one():
    voted = _combine(SoftVote(weights={"b": 3.0}), {"a": _two_rows([1.0, 0.2]), "b": _two_rows([0.0, 0.2])})
    assert voted["p_sell"].to_numpy() == pytest.approx([0.25, 0.2])
    assert voted["p_buy"].to_numpy() == pytest.approx([0.75, 0.8])
    assert (voted["predictor"] == "ensemble").all()


def test_models_that_are_not_named_weigh_what_others_says():
    members = {"a": _two_rows([1.0, 0.2]), "b": _two_rows([0.5, 0.2]), "c": _two_rows([0.0, 0.2])}
    found = SoftVote(weights={"b": 3.0, "c": 1.0}, others=0.0).walk(members, RECORD.labels, RECORD.folds)
    assert found.predictions["p_sell"].to_numpy() == pytest.approx([0.375, 0.2])
    assert found.final.members == {"b": 0.75, "c": 0.25}


def test_the_weighted_vote_is_that_of_its_four_models():
    vote = build(compose(["ensemble=weighted_vote"])["ensemble"], "ensemble")
    names = ["svm", "xgboost", "random_forest", "gradient_boosting", "lightgbm", "logistic_regression"]
    found = vote.walk(dict.fromkeys(names, _two_rows([0.5, 0.5])), RECORD.labels, RECORD.folds)
    share = {"gradient_boosting": 1 / 5.5, "lightgbm": 1.5 / 5.5, "random_forest": 1 / 5.5, "xgboost": 2 / 5.5}
    assert found.final.members == pytest.approx(share)
    message = (
        r"ensemble\.weights: all of \['svm'\] weigh 0; at least one needs weight, named are .*'xgboost'.* weigh 0\.0$"
    )
    with pytest.raises(InputError, match=message):
        _combine(vote, {"svm": _two_rows([0.5, 0.5])})


@pytest.mark.parametrize("ensemble", FROM_A_VOTE, ids=str)
def test_the_first_fold_is_the_vote_to_the_bit_and_later_ones_are_not(ensemble):
    vote = SoftVote(weights=ensemble.weights) if isinstance(ensemble, SoftVote) else SoftVote(weights={})
    learned, voted = _combine(ensemble, MEMBERS), _combine(vote, MEMBERS)
    first = RECORD.tested(0)
    pd.testing.assert_frame_equal(learned[first], voted[first], check_exact=True)
    for fold in (1, 2, 3):
        assert not np.array_equal(learned.loc[RECORD.tested(fold), COLUMNS], voted.loc[RECORD.tested(fold), COLUMNS])


def test_the_equal_vote_is_the_mean():
    values = _values(MEMBERS)
    voted = _combine(SoftVote(weights={}), MEMBERS)
    assert voted[COLUMNS].to_numpy() == pytest.approx((values["a"] + values["b"]) / 2)


def test_the_vote_of_a_table_does_not_depend_on_its_order_to_the_bit() -> None:
    p = normalised(np.random.default_rng(3).random((12, 3)))
    table = pd.DataFrame({"symbol": list("ABAB") * 3, "date": [1, 1, 2, 2] * 3, "predictor": np.repeat(list("xyz"), 4)})
    table[COLUMNS] = p
    vote = equal_vote(table, ["symbol", "date"])
    assert vote[["symbol", "date", "predictor"]].to_numpy().tolist() == [
        ["A", 1, "vote"],
        ["A", 2, "vote"],
        ["B", 1, "vote"],
        ["B", 2, "vote"],
    ]
    assert vote[COLUMNS].to_numpy() == pytest.approx(p.reshape(3, 4, 3).mean(axis=0)[[0, 2, 1, 3]])
    pd.testing.assert_frame_equal(equal_vote(table[::-1], ["symbol", "date"]), vote, check_exact=True)


def test_stacking_learns_whom_to_trust_from_the_second_fold_on():
    chance = normalised(np.exp(np.random.default_rng(5).normal(0, 1, RECORD.truth.shape)))
    members = {"right": RECORD.predictions(RECORD.truth), "random": RECORD.predictions(chance)}
    stacked, voted = _combine(Stacking(C=1.0), members), _combine(SoftVote(weights={}), members)
    for fold in (1, 2, 3):
        rows = RECORD.tested(fold)
        truth, vote, ours = (
            log_loss(p[rows], RECORD.label[rows])
            for p in (RECORD.truth, voted[COLUMNS].to_numpy(), stacked[COLUMNS].to_numpy())
        )
        assert vote > truth + 0.1
        assert ours < truth + 0.02


@pytest.mark.parametrize("kind", ["sigmoid", "temperature", "isotonic"])
@pytest.mark.parametrize("where", ["member_calibration", "calibration"])
def test_a_calibrated_vote_of_one_is_that_models_calibration(kind, where):
    stated = normalised(RECORD.truth**2)
    vote = SoftVote(weights={}, **{where: kind})
    combined = _combine(vote, {"a": RECORD.predictions(stated)})[COLUMNS].to_numpy()
    for fold in (1, 2, 3):
        known, rows = RECORD.matured(fold), RECORD.tested(fold)
        expected = fit_calibration(kind, stated[known], RECORD.label[known]).calibrate(stated[rows])
        np.testing.assert_array_equal(combined[rows], expected)


def test_each_step_learns_from_what_the_step_before_gave_out_of_sample():
    """Members, then the vote, calibrated by scikit-learn with loops of the test's own."""

    def isotonic(learn_on, happened, stated):
        found = np.empty_like(stated)
        for k in range(3):
            regression = IsotonicRegression().fit([0, *learn_on[:, k], 1], [1, *(happened == k), 0])
            found[:, k] = regression.predict(stated[:, k])
        return normalised(found)

    stated = list(_values(MEMBERS).values())
    votes, expected = np.mean(stated, axis=0), np.mean(stated, axis=0)
    for fold in (1, 2, 3):
        known, rows = RECORD.matured(fold), RECORD.tested(fold)
        votes[rows] = np.mean([isotonic(p[known], RECORD.label[known], p[rows]) for p in stated], axis=0)
        expected[rows] = votes[rows]
        treated = known & ~RECORD.tested(0)
        if treated.any():
            expected[rows] = isotonic(votes[treated], RECORD.label[treated], votes[rows])
    ours = _combine(SoftVote(weights={}, member_calibration="isotonic", calibration="isotonic"), MEMBERS)
    np.testing.assert_allclose(ours[COLUMNS].to_numpy(), expected, rtol=1e-9)


def test_stacking_learns_from_calibrated_members():
    stated = list(_values(dict(sorted(MEMBERS.items()))).values())
    calibrated = [p.copy() for p in stated]
    for fold in (1, 2, 3):
        known, rows = RECORD.matured(fold), RECORD.tested(fold)
        for own, raw in zip(calibrated, stated, strict=True):
            own[rows] = fit_calibration("sigmoid", raw[known], RECORD.label[known]).calibrate(raw[rows])
    learn_on, rows = RECORD.matured(3) & ~RECORD.tested(0), RECORD.tested(3)
    vote = np.mean(calibrated, axis=0)
    fitted = fit_stacker([p[learn_on] for p in calibrated], vote[learn_on], RECORD.label[learn_on], 0.1)
    expected = fitted.predict([p[rows] for p in calibrated], vote[rows])
    ours = _combine(Stacking(C=0.1, member_calibration="sigmoid"), MEMBERS).loc[rows, COLUMNS].to_numpy()
    np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_a_step_starts_when_the_one_before_has_been_at_work():
    full = Stacking(C=0.01, member_calibration="sigmoid", calibration="isotonic")
    found = full.walk(MEMBERS, RECORD.labels, RECORD.folds)
    steps = ("member_calibration", "stacking", "calibration")
    assert [found.first_use(step) for step in steps] == [1, 2, 3]
    found = Stacking(C=0.01, calibration="sigmoid").walk(MEMBERS, RECORD.labels, RECORD.folds)
    assert [found.first_use(step) for step in steps] == [None, 1, 2]


def test_nothing_is_learned_before_all_classes_have_been_seen():
    labels = RECORD.labels.assign(label=RECORD.labels["label"].clip(upper=1))
    full = Stacking(C=0.01, member_calibration="sigmoid", calibration="isotonic")
    found = full.walk(MEMBERS, labels, RECORD.folds)
    assert found.final.plain() == {"members": {"a": 0.5, "b": 0.5}, "pool": "linear"} | dict.fromkeys(
        ("member_calibration", "stacking", "calibration")
    )
    pd.testing.assert_frame_equal(found.predictions, _combine(SoftVote(weights={}), MEMBERS), check_exact=True)


@pytest.mark.parametrize("ensemble", EVERYTHING, ids=str)
def test_the_combiner_in_service_survives_json(ensemble):
    """Folds up to one that ends the walk give the combiner that the longer walk used for that fold."""
    until = RECORD.folds[:4]
    earlier = {model: table[table["fold"] < 3] for model, table in MEMBERS.items()}
    plain = ensemble.walk(earlier, RECORD.labels, until).final.plain()
    again = Combiner.from_plain(json.loads(json.dumps(plain, sort_keys=True, allow_nan=False)))
    rows = RECORD.tested(3)
    predicted = again.predict({model: values[rows] for model, values in _values(MEMBERS).items()})
    assert np.array_equal(predicted, _combine(ensemble, MEMBERS).loc[rows, COLUMNS].to_numpy())
    assert again.plain() == plain


def test_a_combiner_names_what_it_lacks():
    final = SoftVote(weights={}).walk(MEMBERS, RECORD.labels, RECORD.folds).final
    with pytest.raises(InputError, match=r"ensemble\.json: combines \['a', 'b'\]; .* no probabilities of \['b'\]$"):
        final.predict({"a": RECORD.truth})
    with pytest.raises(InputError, match=r"ensemble\.json: has the keys \['members'\]"):
        Combiner.from_plain({"members": {"a": 1.0}})


@pytest.mark.parametrize("ensemble", EVERYTHING, ids=str)
def test_the_order_of_the_models_means_nothing(ensemble):
    turned = dict(reversed(MEMBERS.items()))
    pd.testing.assert_frame_equal(_combine(ensemble, turned), _combine(ensemble, MEMBERS), check_exact=True)


@pytest.mark.parametrize("ensemble", [one for one in EVERYTHING if not isinstance(one, BestSoFar)], ids=str)
def test_a_class_that_a_member_has_not_seen_leaves_all_finite(ensemble):
    blind = RECORD.truth.copy()
    blind[RECORD.tested(1), 0] = 0.0
    combined = _combine(ensemble, MEMBERS | {"blind": RECORD.predictions(normalised(blind))})[COLUMNS].to_numpy()
    assert np.isfinite(log_loss(combined, RECORD.label))
    assert combined.sum(axis=1) == pytest.approx(1)


def test_different_rows_are_refused():
    other = _two_rows([0.5, 0.5]).assign(symbol="B")
    with pytest.raises(InputError, match=r"data/predictions/b\.parquet: other rows than a's$"):
        _combine(SoftVote(weights={}), {"a": _two_rows([0.5, 0.5]), "b": other})


def test_an_unknown_fold_is_refused():
    with pytest.raises(InputError, match=r"data/predictions/a\.parquet: fold 9 is not in data/folds\.parquet$"):
        _combine(SoftVote(weights={}), {"a": _two_rows([0.5, 0.5]).assign(fold=9)})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["ensemble.calibration=platt"],
            r"ensemble.*calibration.*'sigmoid', 'temperature' or 'isotonic', found 'platt'$",
        ),
        (["ensemble=stacking", "ensemble.member_calibration=yes"], r"ensemble.*member_calibration"),
        (["ensemble=stacking", "ensemble.C=0"], r"ensemble.*C.*greater than 0, found 0$"),
        (
            ["ensemble=soft_vote", "+ensemble.weights.svm=-1.0"],
            r"ensemble.*weights\.svm.*greater than or equal to 0, found -1\.0$",
        ),
        (["ensemble=soft_vote", "ensemble.others=inf"], r"ensemble.*others.*finite"),
        (["ensemble=stacking", "+ensemble.weights={}"], r"ensemble.*weights"),
        (
            ["ensemble=pool", "ensemble.kind=geometric"],
            r"ensemble.*kind.*'linear' or 'logarithmic', found 'geometric'$",
        ),
        (["ensemble=pool", "ensemble.structural=1"], r"ensemble.*structural.*found 1$"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(overrides, message):
    with pytest.raises(InputError, match=message) as caught:
        build(compose(overrides)["ensemble"], "ensemble")
    assert "\n" not in str(caught.value)
