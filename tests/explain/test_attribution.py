"""What all attributions do, whatever the model: the contract of one form."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression as Multinomial
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from barograph.config import CONF, build, compose
from barograph.errors import InputError
from barograph.explain import attribute
from barograph.models import fit_classifier
from tests.explain.data import fitted, rows_to_explain, training_set

TREES, GRADIENTS = "TreeSHAP, path-dependent", "integrated gradients from the mean rank"
METHODS = {
    "extra_trees": TREES,
    "gradient_boosting": TREES,
    "lightgbm": TREES,
    "logistic_regression": "linear SHAP of the ranks",
    "neural_network": GRADIENTS,
    "random_forest": TREES,
    "svm": GRADIENTS,
    "user": "permutation Shapley values against the median row",
    "xgboost": TREES,
}
# A booster of 32 bits; large heights of landmarks that nearly cancel; a network whose path has kinks.
TOLERANCE = {"xgboost": 1e-5, "svm": 1e-6, "neural_network": 1e-2}
CONFIGURED = sorted(path.stem for path in (CONF / "model").glob("*.yaml"))


class UserModel:
    """A classifier that no method knows."""

    def fit(self, X, y, sample_weight=None, *, seed=0):
        def grow(values, classes, weights):
            return DecisionTreeClassifier(min_samples_leaf=10, random_state=seed).fit(
                values, classes, sample_weight=weights
            )

        return fit_classifier(grow, X, y, sample_weight)


@pytest.fixture(scope="module", params=[*CONFIGURED, "user"])
def named(request):
    if request.param == "user":
        return request.param, UserModel()
    return request.param, build(compose([f"model={request.param}"], config_name="train")["model"], "model")


@pytest.fixture(scope="module")
def explained(named):
    name, model = named
    trained = fitted(model, training_set())
    return name, trained, attribute(trained, rows_to_explain(), 0)


def test_every_model_has_the_method_meant_for_it(explained):
    name, _, found = explained
    assert found.method == METHODS[name]


def test_shares_sum_to_what_the_model_says(explained):
    name, model, found = explained
    p = model.predict_proba(rows_to_explain())
    output = p if found.unit == "probability" else np.log(p) - np.log(p).mean(axis=1, keepdims=True)
    assert found.output == pytest.approx(output, abs=1e-12)
    assert found.base + found.phi.sum(axis=1) == pytest.approx(output, abs=TOLERANCE.get(name, 1e-9))
    assert found.largest_error == pytest.approx(np.abs(found.base + found.phi.sum(axis=1) - output).max())
    assert found.phi.sum(axis=2) == pytest.approx(0, abs=1e-5)


def test_a_feature_that_tells_nothing_has_nothing_and_the_one_that_matters_most_has_most(explained):
    _, _, found = explained
    size = np.abs(found.phi).mean(axis=(0, 2))
    assert size[4] == pytest.approx(0, abs=1e-6)
    assert size.argmax() == 0


def test_the_same_twice(explained):
    _, model, found = explained
    assert np.array_equal(attribute(model, rows_to_explain(), 0).phi, found.phi)


def test_an_unseen_class_has_zeros_and_the_two_others_share_the_log_odds(named):
    name, model = named
    found = attribute(fitted(model, training_set(2000), classes=(0, 2)), rows_to_explain(), 0)
    assert found.phi.shape == (40, 5, 3)
    assert (found.phi[:, :, 1] == 0).all()
    assert found.base[1] == 0
    assert (found.output[:, 1] == 0).all()
    assert found.phi[:, :, 0] == pytest.approx(-found.phi[:, :, 2], abs=1e-6)
    assert found.largest_error < TOLERANCE.get(name, 1e-9)
    assert np.abs(found.phi).max() > 0.01


@pytest.mark.parametrize(
    "steps",
    [
        (SimpleImputer(), PCA(3), Multinomial()),
        (SimpleImputer(add_indicator=True), GradientBoostingClassifier(n_estimators=3)),
    ],
)
def test_a_pipeline_that_mixes_or_adds_features_is_sampled(steps):
    rows = training_set()

    def fit(values, classes, weights):
        return make_pipeline(*steps).fit(values, classes)

    model = fit_classifier(fit, rows.X, rows.y)
    found = attribute(model, rows_to_explain(), 0)
    assert found.method == METHODS["user"]
    assert found.largest_error < 1e-6


def test_the_seed_moves_sampled_shares_alone(explained):
    name, model, found = explained
    assert np.array_equal(attribute(model, rows_to_explain(), 1).phi, found.phi) == (name != "user")


def test_a_feature_without_any_value_does_no_harm_to_sampled_shares():
    found = attribute(fitted(UserModel(), training_set()), rows_to_explain().assign(d=np.float32(np.nan)), 0)
    assert (found.phi[:, 3] == 0).all()
    assert found.largest_error < 1e-12


def test_other_features_are_refused():
    with pytest.raises(InputError, match=r"unknown.*other"):
        attribute(fitted(UserModel(), training_set()), rows_to_explain().rename(columns={"a": "other"}), 0)
