"""The support vector machine: what its probabilities rest on, and how it is stored."""

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from barograph.errors import InputError
from barograph.models import SVM
from barograph.models.contract.ranks import fit_on_ranks
from barograph.models.svm import LINK, MARGINS, MarginClassifier, from_files, to_files

MODEL = SVM(params={"n_components": 50, "C": 0.3, "gamma": 3.0})
DAYS = 700


def _lives(rows: int, exit_after: int = 3) -> pd.DataFrame:
    date = pd.Timestamp("2012-01-02") + pd.to_timedelta(np.arange(rows) * DAYS // rows, unit="D")
    return pd.DataFrame({"date": date, "exit_date": date + pd.Timedelta(days=exit_after)})


def _rows(n: int = 2100, seed: int = 0, classes: int = 3, noise: float = 1.0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 4)).astype(np.float32), columns=list("abcd"))
    score = X["a"].to_numpy() + noise * rng.normal(size=n)
    return X, np.digitize(score, [-0.5, 0.5] if classes == 3 else [0.0])


def _log_loss(p: np.ndarray, y: np.ndarray) -> float:
    return float(-np.log(p[np.arange(len(y)), y]).mean())


def test_a_ring_that_no_line_can_cut_out_is_learned():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.uniform(-1, 1, size=(2000, 2)).astype(np.float32), columns=["a", "b"])
    y = (np.hypot(X["a"], X["b"]) < 0.7).astype(int)
    p = SVM(params={"n_components": 100, "C": 10.0, "gamma": 10.0}).fit(X, y, lives=_lives(2000)).predict_proba(X)
    assert (p.argmax(axis=1) == y).mean() > 0.95


def test_margins_come_near_those_of_the_exact_kernel():
    X, y = _rows(600, classes=2)
    fitted = SVM(params={"n_components": 600, "C": 1.0, "gamma": 4.0}).fit(X, y, lives=_lives(600))
    margins = fitted.estimator.margins
    ranks = margins[:-2].transform(X.to_numpy(np.float64))
    exact = SVC(C=1.0, gamma=1.0).fit(ranks, y).decision_function(ranks)
    assert np.corrcoef(exact, margins.decision_function(X.to_numpy(np.float64)))[0, 1] > 0.97


def test_probabilities_are_calibrated_on_rows_not_seen():
    X, y = _rows(4000, noise=1.5)
    later, truth = _rows(20_000, seed=1, noise=1.5)
    p = MODEL.fit(X, y, lives=_lives(4000)).predict_proba(later)
    for k in range(3):
        bins = np.quantile(p[:, k], [0.25, 0.5, 0.75])
        for share in range(4):
            rows = np.digitize(p[:, k], bins) == share
            assert (truth[rows] == k).mean() == pytest.approx(p[rows, k].mean(), abs=0.06)


def test_the_link_rests_on_later_rows_that_the_first_machine_has_not_seen():
    X, y = _rows()
    noise = np.random.default_rng(5).integers(0, 3, len(y))
    late = np.arange(len(y)) >= 0.7 * len(y)
    spoilt = MODEL.fit(X, np.where(late, noise, y), lives=_lives(len(y))).estimator.link.coef_
    kept = MODEL.fit(X, y, lives=_lives(len(y))).estimator.link.coef_
    assert np.abs(spoilt).max() < 0.35 * np.abs(kept).max()


def test_order_is_by_date_and_not_by_position():
    X, y = _rows()
    lives, shuffled = _lives(len(y)), np.random.default_rng(2).permutation(len(y))
    moved = X.iloc[shuffled].reset_index(drop=True), y[shuffled], lives.iloc[shuffled].reset_index(drop=True)
    link = MODEL.fit(X, y, lives=lives).estimator.link
    again = MODEL.fit(moved[0], moved[1], lives=moved[2]).estimator.link
    assert again.coef_ == pytest.approx(link.coef_, rel=0.1, abs=0.05)
    assert again.intercept_ == pytest.approx(link.intercept_, abs=0.05)


def test_rows_whose_label_was_known_too_late_are_purged_from_the_first_machine():
    X, y = _rows()
    lives = _lives(len(y))
    cut = lives["date"].sort_values().iloc[int(0.7 * len(y))]
    unknown = (lives["date"] < cut) & (lives["date"] > cut - pd.Timedelta(days=200))
    late = lives.assign(exit_date=lives["exit_date"].where(~unknown, cut + pd.Timedelta(days=1)))
    flipped = y.copy()
    flipped[unknown] = np.sort(y[unknown])
    assert np.array_equal(
        MODEL.fit(X, y, lives=late).estimator.link.coef_, MODEL.fit(X, flipped, lives=late).estimator.link.coef_
    )
    assert not np.array_equal(
        MODEL.fit(X, y, lives=lives).estimator.link.coef_, MODEL.fit(X, flipped, lives=lives).estimator.link.coef_
    )


def test_both_machines_weigh_losses_alike_against_their_penalty(monkeypatch):
    X, y = _rows(3000)
    seen = []

    def spy(values, classes, weights, *steps, scale):
        seen.append((len(values), steps[-1].C * weights.sum()))
        return fit_on_ranks(values, classes, weights, *steps, scale=scale)

    monkeypatch.setattr("barograph.models.svm.fit_on_ranks", spy)
    MODEL.fit(X, y, np.random.default_rng(3).uniform(0.5, 2, 3000), lives=_lives(3000))
    (part, first), (whole, second) = seen
    assert 0.6 * whole < part < 0.7 * whole
    assert first == pytest.approx(second) == pytest.approx(0.3 * 3000)


def test_without_lives_rows_are_in_order_of_time():
    X, y = _rows(1000)
    each_day = pd.DataFrame({"date": pd.date_range("2000-01-03", periods=1000)}).assign(exit_date=lambda t: t["date"])
    assert np.array_equal(MODEL.fit(X, y).predict_proba(X), MODEL.fit(X, y, lives=each_day).predict_proba(X))


@pytest.mark.parametrize(("first", "part"), [(True, "earlier"), (False, "later")])
def test_a_class_that_one_part_lacks_is_named_in_one_line(first, part):
    X, y = _rows(1000)
    lacking = np.arange(1000) < 720 if first else np.arange(1000) >= 690
    with pytest.raises(InputError, match=rf"svm: 2 of 3 classes among the \d+ {part} training rows, 201\d-") as raised:
        MODEL.fit(X, np.where(lacking & (y == 2), 1, y), lives=_lives(1000))
    assert "\n" not in str(raised.value)


def test_rows_of_weight_zero_have_no_dates_either():
    X, y = _rows(1200)
    lives, weight = _lives(1200), (np.arange(1200) < 800).astype(float)
    all_rows = MODEL.fit(X, y, weight, lives=lives).predict_proba(X)
    assert np.array_equal(all_rows, MODEL.fit(X.head(800), y[:800], lives=lives.head(800)).predict_proba(X))


def test_weights_reach_the_link():
    X, y = _rows()
    mistaken = (np.arange(len(y)) >= 0.7 * len(y)) & (np.arange(len(y)) % 2 == 0)
    labels = np.where(mistaken, 2 - y, y)
    even, trusting = (
        MODEL.fit(X, labels, np.where(mistaken, weight, 1.0), lives=_lives(len(y))).estimator.link.coef_
        for weight in (1.0, 0.01)
    )
    assert trusting[0, 0] > 3 * even[0, 0]


@pytest.mark.parametrize("classes", [2, 3])
def test_class_shares_are_those_of_all_rows_where_the_later_ones_have_others(classes):
    X, y = _rows(3000, classes=classes)
    late = np.arange(3000) >= 2100
    kept = np.flatnonzero(~(late & (y == 0) & (np.arange(3000) % 3 > 0)))
    lives, weight = _lives(3000).iloc[kept].reset_index(drop=True), np.where(y[kept] == 1, 2.0, 1.0)
    given = X.iloc[kept].reset_index(drop=True)
    p = MODEL.fit(given, y[kept], weight, lives=lives).predict_proba(given)
    shares = np.bincount(y[kept], weights=weight) / weight.sum()
    assert np.average(p, axis=0, weights=weight)[:classes] == pytest.approx(shares, abs=0.02)


def test_a_flag_that_was_never_set_in_training_keeps_probabilities_moderate():
    X, y = _rows()
    fitted = MODEL.fit(X.assign(flag=np.float32(0)), y, lives=_lives(len(y)))
    unset, set_ = (fitted.predict_proba(X.assign(flag=np.float32(value))) for value in (0, 1))
    assert _log_loss(set_, y) < _log_loss(unset, y) + 0.3


def test_predictions_do_not_depend_on_what_else_is_predicted():
    X, y = _rows()
    fitted = MODEL.fit(X, y, lives=_lives(len(y)))
    whole = fitted.predict_proba(X)
    for rows in (slice(0, 1), slice(500, 530), slice(1000, 1513), slice(2099, 2100)):
        assert fitted.predict_proba(X.iloc[rows]) == pytest.approx(whole[rows], abs=1e-12)


def test_files_give_the_same_classifier():
    X, y = _rows()
    classifier = MODEL.fit(X, y, lives=_lives(len(y))).estimator
    files = to_files(classifier)
    assert set(files) == {MARGINS, LINK}
    assert np.array_equal(from_files(files).predict_proba(X.to_numpy()), classifier.predict_proba(X.to_numpy()))


def test_types_that_are_not_allowed_are_refused():
    X, y = _rows(300)
    steps = make_pipeline(FunctionTransformer(_log_loss), StandardScaler())
    foreign = to_files(MarginClassifier(steps, LogisticRegression().fit(X, y)))
    with pytest.raises(InputError, match=rf"^{MARGINS}: contains types that are not allowed"):
        from_files(foreign)
    assert skops.io.get_untrusted_types(data=foreign[MARGINS])


@pytest.mark.parametrize("params", [{"C": 0.0}, {"gamma": -1.0}, {"n_components": 0}, {"kernel": "rbf"}])
def test_parameters_out_of_range_are_refused(params):
    with pytest.raises(ValueError, match="|".join(params)):
        SVM(params=params)
