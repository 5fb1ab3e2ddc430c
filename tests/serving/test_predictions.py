"""A version predicts days after its training data as it did when it was made, whatever the market has become since."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from barograph.ensemble.combiner import Combiner
from barograph.errors import InputError
from barograph.models import FittedModel
from barograph.names import PROBABILITIES
from barograph.serving import Version, predict
from tests.ensemble.markets import small_market

P = list(PROBABILITIES)
MARKET = small_market(years=7, symbols=3)
DAYS = MARKET.closes.index
# The version was made 40 days ago; its embargo is 5 days.
NEWEST, TRAIN_END = DAYS[-41], DAYS[-47]
LABEL = {"_target_": "barograph.labels.VolatilityBarrier", "horizon": 14, "width": 1.0, "window": 20}


class _Guess:
    def predict_proba(self, X):
        scores = np.exp(X[:, :1] * np.array([[1.0, 0.5, -1.0]]))
        return scores / scores.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def version():
    folds = MARKET.folds.assign(train_start=DAYS[0])
    last = folds.index[-1]
    folds.loc[last, ["train_end", "test_start"]] = [TRAIN_END, NEWEST + pd.Timedelta(days=1)]
    settings = {"label": LABEL, "gate": {"candidate": "ensemble"}}
    combiner = Combiner({"guess": 0.4, "structural": 0.6})
    return Version("v1", settings, {"guess": FittedModel(_Guess(), ("f",), (0, 1, 2))}, combiner, folds, NEWEST)


def _bars(until=DAYS[-1]):
    closes = MARKET.closes[:until].rename_axis("date").reset_index()
    return closes.melt("date", var_name="symbol", value_name="close").sort_values(["symbol", "date"])


def _context(until=DAYS[-1]):
    return MARKET.index_close[:until].rename("index_close").rename_axis("date").reset_index()


def _features(*days):
    keys = pd.MultiIndex.from_product([MARKET.closes.columns, days], names=["symbol", "date"]).to_frame(index=False)
    return keys.assign(f=np.linspace(-1, 1, len(keys)).astype(np.float32))


def _predicted(version, until, *days):
    return predict(version, _features(*days), _bars(until), _context(until), MARKET.regimes)


def test_what_came_later_changes_no_bit(version):
    then = _predicted(version, NEWEST, NEWEST)
    pd.testing.assert_frame_equal(_predicted(version, DAYS[-1], NEWEST), then, check_exact=True)


def test_a_later_day_has_the_prior_of_the_training_data(version):
    prior = {
        day: table.loc[table["predictor"] == "prior", P].iloc[0].tolist()
        for day in (NEWEST, DAYS[-1])
        for table in [_predicted(version, DAYS[-1], day)]
    }
    assert prior[NEWEST] == prior[DAYS[-1]]


def test_the_ensemble_combines_the_model_and_the_structural_baseline(version):
    table = _predicted(version, DAYS[-1], DAYS[-1]).set_index("predictor")
    expected = 0.4 * table.loc["guess", P].to_numpy() + 0.6 * table.loc["structural", P].to_numpy()
    np.testing.assert_allclose(table.loc["ensemble", P].to_numpy(float), expected.astype(float))


def test_a_day_of_the_training_data_is_refused_with_the_span(version):
    line = f"{TRAIN_END:%F}: is inside the training data of v1, {DAYS[0]:%F} to {TRAIN_END:%F}"
    with pytest.raises(InputError, match=line):
        _predicted(version, DAYS[-1], TRAIN_END)


def test_without_an_embargo_the_newest_day_is_predicted(version):
    folds = version.folds.copy()
    folds.loc[folds.index[-1], "train_end"] = NEWEST
    served = replace(version, folds=folds)
    assert len(_predicted(served, DAYS[-1], NEWEST))
    with pytest.raises(InputError, match="is inside the training data"):
        _predicted(served, DAYS[-1], DAYS[-42])


def test_a_day_without_bars_and_a_missing_feature_are_named(version):
    with pytest.raises(InputError, match="the market data has no bar on this date"):
        predict(version, _features(pd.Timestamp("2099-01-01")), _bars(), _context(), MARKET.regimes)
    with pytest.raises(InputError, match="v1: guess: features: f are missing"):
        predict(version, _features(NEWEST).drop(columns="f"), _bars(), _context(), MARKET.regimes)
