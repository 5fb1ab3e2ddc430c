"""Feature importance: what it names, sums to and ignores."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import VarianceThreshold
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression as Multinomial
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from barograph.config import CONF, build
from barograph.models import FittedModel, LightGBM, TrainingRows, XGBoost, fit_classifier, fit_rows
from barograph.training import feature_importance
from barograph.training.importance import ROWS
from tests.settings import compose

MODELS = sorted(path.stem for path in (CONF / "model").glob("*.yaml"))
KINDS = {
    "extra_trees": "impurity",
    "gradient_boosting": "impurity",
    "lightgbm": "gain",
    "logistic_regression": "coefficient",
    "random_forest": "impurity",
    "xgboost": "gain",
}
FEATURES = ["quiet", "strong", "constant", "weak", "absent"]


def make_rows(n: int = 1200, seed: int = 0) -> TrainingRows:
    """Labels that follow `strong` more than `weak`; `quiet` is noise, `constant` and `absent` tell nothing."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 5)), columns=FEATURES, dtype=np.float32)
    score = X["strong"] + 0.4 * X["weak"] + 0.5 * rng.normal(size=n)
    date = pd.Timestamp("2010-01-04") + pd.to_timedelta(np.arange(n) // 2, unit="D")
    return TrainingRows(
        X=X.assign(constant=np.float32(2.0), absent=np.float32(np.nan)),
        y=np.digitize(score, [-0.5, 0.5]).astype(np.int8),
        weight=rng.uniform(0.5, 2.0, n),
        lives=pd.DataFrame({"date": date, "exit_date": date + pd.Timedelta(days=7)}),
    )


def fit_own(estimator, rows: TrainingRows) -> FittedModel:
    def settle(values, classes, weights):
        return estimator.fit(values, classes)

    return fit_classifier(settle, rows.X, rows.y, rows.weight)


def told(table: pd.DataFrame) -> pd.Series:
    return table.set_index("feature")["importance"]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_says_what_it_rests_on(name):
    rows = make_rows()
    model = build(compose([f"model={name}"], config_name="train")["model"], "model")
    fitted = fit_rows(model, rows, name=name, seed=1)
    table = feature_importance(fitted, rows, seed=1)
    assert list(table.columns) == ["feature", "importance", "kind"]
    assert list(table["feature"]) == FEATURES
    assert set(table["kind"]) == {KINDS.get(name, "permutation")}
    assert table["importance"].dtype == np.float64
    share = told(table)
    assert share.sum() == pytest.approx(1.0)
    assert (share >= 0).all()
    assert share["strong"] > share["weak"] > share["quiet"]
    assert share["constant"] == 0 == share["absent"]
    pd.testing.assert_frame_equal(table, feature_importance(fitted, rows, seed=1), check_exact=True)


@pytest.mark.parametrize(
    ("model", "feature", "gain"),
    [
        (LightGBM(params={"n_estimators": 5}), "split_feature", "split_gain"),
        (XGBoost(params={"n_estimators": 5}), "Feature", "Gain"),
    ],
)
def test_gain_is_what_the_splits_of_all_trees_brought(model, feature, gain):
    rows = make_rows()
    fitted = model.fit(rows.X, rows.y, rows.weight)
    nodes = fitted.estimator.booster.trees_to_dataframe()
    nodes = nodes[nodes[feature].notna() & (nodes[feature] != "Leaf")]
    brought = nodes.groupby(nodes[feature].str[-1].astype(int))[gain].sum().reindex(range(5), fill_value=0)
    share = told(feature_importance(fitted, rows, seed=0))
    assert share.to_numpy() == pytest.approx((brought / brought.sum()).to_numpy(), rel=1e-4)


class Believer:
    """Believes the column `strong` alone, whose values tell the class."""

    def predict_proba(self, X):
        return np.eye(3)[np.digitize(X[:, 1], [-0.5, 0.5])] * 0.9 + 1 / 30


def test_a_model_that_believes_one_feature_rests_on_it_alone():
    fitted = FittedModel(Believer(), tuple(FEATURES), (0, 1, 2))
    assert told(feature_importance(fitted, make_rows(), seed=3)).tolist() == [0, 1, 0, 0, 0]


def test_permutation_agrees_with_scikit_learns():
    rows = make_rows(ROWS)
    rows = TrainingRows(rows.X.drop(columns="absent"), rows.y, np.where(rows.y == 0, 5.0, 0.5), rows.lives)
    bayes = GaussianNB()
    fitted = fit_own(bayes, rows)
    ours = np.mean([told(feature_importance(fitted, rows, seed=seed)).to_numpy() for seed in range(8)], axis=0)
    measured = permutation_importance(
        bayes,
        rows.X.to_numpy(),
        rows.y,
        scoring="neg_log_loss",
        n_repeats=30,
        sample_weight=rows.weight,
        random_state=0,
    )
    theirs = np.maximum(measured.importances_mean, 0)
    assert ours == pytest.approx(theirs / theirs.sum(), abs=0.03)


def test_weights_say_which_rows_count_in_a_permutation():
    """Where `strong` is above zero, labels follow `weak` in rows that weigh and `quiet` in rows that do not."""
    rows = make_rows(ROWS)
    weak, quiet = (np.digitize(rows.X[name], [-0.5, 0.5]) for name in ("weak", "quiet"))

    class Torn:
        def predict_proba(self, X):
            return (np.eye(3)[np.digitize(X[:, 3], [-0.5, 0.5])] + np.eye(3)[np.digitize(X[:, 0], [-0.5, 0.5])]) / 2

    counts = rows.X["strong"].to_numpy() > 0
    y = np.where(counts, weak, quiet).astype(np.int8)
    fitted = FittedModel(Torn(), tuple(FEATURES), (0, 1, 2))
    share = [
        told(feature_importance(fitted, TrainingRows(rows.X, y, weight, rows.lives), seed=2))
        for weight in (np.where(counts, 1.0, 1e-9), np.where(counts, 1e-9, 1.0))
    ]
    assert share[0]["weak"] > 2 * share[0]["quiet"]
    assert share[1]["quiet"] > 2 * share[1]["weak"]


def test_a_permutation_looks_at_so_many_rows_and_no_more():
    seen = []

    class Witness(Believer):
        def predict_proba(self, X):
            seen.append(len(X))
            return super().predict_proba(X)

    feature_importance(FittedModel(Witness(), tuple(FEATURES), (0, 1, 2)), make_rows(3 * ROWS), seed=0)
    assert seen == [ROWS, 3 * ROWS], "the rows as they are, then once for each feature that is not constant"


def test_a_model_that_rests_on_nothing_gives_equal_shares():
    class Indifferent:
        def predict_proba(self, X):
            return np.tile([0.2, 0.5, 0.3], (len(X), 1))

    table = feature_importance(FittedModel(Indifferent(), tuple(FEATURES), (0, 1, 2)), make_rows(), seed=0)
    assert told(table).tolist() == [0.2] * 5


def test_a_class_that_the_fold_has_not_seen_is_no_obstacle():
    rows = make_rows()
    seen = rows.y != 1
    rows = TrainingRows(rows.X[seen].drop(columns="absent"), rows.y[seen], rows.weight[seen], rows.lives[seen])
    assert told(feature_importance(fit_own(GaussianNB(), rows), rows, seed=0)).idxmax() == "strong"


@pytest.mark.parametrize(
    ("estimator", "kind"),
    [
        (RandomForestClassifier(5, random_state=0), "impurity"),
        (make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)), "impurity"),
        (make_pipeline(StandardScaler(), PCA(4), RandomForestClassifier(5, random_state=0)), "permutation"),
        (make_pipeline(VarianceThreshold(), RandomForestClassifier(5, random_state=0)), "permutation"),
        (make_pipeline(StandardScaler(), Multinomial()), "coefficient"),
        (Multinomial(), "permutation"),
        (make_pipeline(FunctionTransformer(np.nan_to_num), Multinomial()), "permutation"),
    ],
)
def test_a_users_estimator_is_measured_from_within_only_where_its_columns_are_the_features(estimator, kind):
    rows = make_rows()
    rows = TrainingRows(rows.X.drop(columns="absent"), rows.y, rows.weight, rows.lives)
    table = feature_importance(fit_own(estimator, rows), rows, seed=0)
    assert set(table["kind"]) == {kind}
    assert told(table).idxmax() == "strong"
