"""Tuning: which rows a study looks at, and what is done with what it found."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from barograph.config import CONF, build
from barograph.errors import InputError
from barograph.folds import Fold
from barograph.models import LightGBM, TrainingSet
from barograph.models.contract.spaces import searched, starts
from barograph.tuning import Tuning, tuned, tuning_rows
from tests.settings import compose

EMBARGO = 5
SETTINGS = Tuning(trials=4, rows=1000, splits=3, first_share=0.4, startup_trials=2, batch=2)
DATES = pd.bdate_range("2004-01-01", periods=900).astype("datetime64[us]")
SYMBOLS = ["A", "B", "C", "D"]
DAYS = DATES.to_numpy("datetime64[D]")
FOLD = Fold(0, DAYS[700], DAYS[705], DAYS[899])


def _tables(seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    key = pd.MultiIndex.from_product([SYMBOLS, DATES[:-10]], names=["symbol", "date"]).to_frame(index=False)
    days = rng.integers(1, 10, len(key))
    exit_dates = DATES[DATES.get_indexer(key["date"]) + days]
    labels = key.assign(
        label=rng.integers(0, 3, len(key)).astype(np.int8),
        exit_date=exit_dates,
        uniqueness=rng.uniform(0.05, 1.0, len(key)),
    )
    return key.assign(f=np.arange(len(key), dtype=np.float32)), labels


FEATURES, LABELS = _tables()
DATA = TrainingSet(FEATURES, LABELS)
LIGHTGBM = LightGBM(
    params={"n_estimators": 5},
    sweep={"reg_lambda": {"low": 0.1, "high": 100.0, "start": 10.0}, "num_leaves": {"choices": [3, 7], "start": 7}},
)
FOUND = {"model": "mine", "params": {"reg_lambda": 2.5, "num_leaves": 3}}


def test_the_study_sees_whole_dates_that_had_matured_before_the_first_test():
    data = tuning_rows(DATA, FOLD, SETTINGS, embargo=EMBARGO)
    rows = data.rows
    assert (rows.lives["exit_date"] <= DATES[699]).all()
    matured = LABELS[LABELS["exit_date"] <= DATES[699]].groupby("date").size()
    assert rows.lives.groupby("date").size().equals(matured[np.unique(rows.lives["date"])])
    assert 0.8 * SETTINGS.rows < len(rows.y) <= SETTINGS.rows


def test_every_row_carries_its_own_features_label_and_uniqueness():
    rows = tuning_rows(DATA, FOLD, SETTINGS, embargo=EMBARGO).rows
    own = LABELS.iloc[rows.X["f"].astype(int)]
    assert rows.y.tolist() == own["label"].tolist()
    assert rows.weight.tolist() == own["uniqueness"].tolist()
    assert rows.lives["date"].tolist() == own["date"].tolist()


def test_fewer_rows_than_wanted_are_all_taken():
    data = tuning_rows(DATA, FOLD, Tuning(**{**vars(SETTINGS), "rows": 10_000}), embargo=EMBARGO)
    assert len(data.rows.y) == (LABELS["exit_date"] <= DATES[699]).sum()


@pytest.mark.parametrize("rows", [560, 280, 186])
def test_no_weekday_is_favoured(rows):
    data = tuning_rows(DATA, FOLD, Tuning(**{**vars(SETTINGS), "rows": rows, "splits": 1}), embargo=EMBARGO)
    weekdays = data.rows.lives["date"].drop_duplicates().dt.day_of_week.value_counts()
    assert len(weekdays) == 5
    assert weekdays.max() - weekdays.min() <= 1


def test_what_comes_later_changes_nothing():
    late_label, late_date = LABELS["exit_date"] > DATES[699], FEATURES["date"] > DATES[699]
    rng = np.random.default_rng(1)
    labels = LABELS.assign(
        label=LABELS["label"].where(~late_label, 2),
        uniqueness=LABELS["uniqueness"].where(~late_label, rng.uniform(size=len(LABELS))),
    )
    features = FEATURES.assign(f=FEATURES["f"].where(~late_date, np.float32(np.nan)))
    before, after = (
        tuning_rows(data, FOLD, SETTINGS, embargo=EMBARGO) for data in (DATA, TrainingSet(features, labels))
    )
    assert before.rows.X.equals(after.rows.X)
    assert np.array_equal(before.rows.y, after.rows.y)
    assert np.array_equal(before.rows.weight, after.rows.weight)
    for ours, theirs in zip(before.splits, after.splits, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("rows", [400, 1000, 10_000])
def test_the_embargo_counts_trading_days_however_thin_the_rows(rows):
    data = tuning_rows(DATA, FOLD, Tuning(**{**vars(SETTINGS), "rows": rows}), embargo=EMBARGO)
    lives, latest = data.rows.lives, []
    for train, test in data.splits:
        first = lives["date"].iloc[test].min()
        gap = ((lives["exit_date"].iloc[train].max() < DATES) & (first > DATES)).sum()
        assert gap >= EMBARGO
        latest.append(((lives["date"].iloc[train].max() < DATES) & (first > DATES)).sum())
    # An embargo of five thinned dates would leave five times their distance.
    distance = -(-len(SYMBOLS) * 700 // rows)
    assert max(latest) < EMBARGO + 10 + 2 * (distance + 1)


def test_splits_cover_the_later_dates_once_in_order():
    data = tuning_rows(DATA, FOLD, SETTINGS, embargo=EMBARGO)
    tested = np.concatenate([test for _, test in data.splits])
    dates = data.rows.lives["date"]
    assert np.unique(tested).size == tested.size
    assert len(dates.iloc[tested].drop_duplicates()) / len(dates.drop_duplicates()) == pytest.approx(0.6, abs=0.02)
    assert all(dates.iloc[train].max() < dates.iloc[test].min() for train, test in data.splits)


@pytest.mark.parametrize(
    ("features", "fold", "settings", "message"),
    [
        (FEATURES.drop(index=0), FOLD, SETTINGS, r"features\.parquet: \('A', .*2004-01-01.* no features"),
        (FEATURES, FOLD._replace(cutoff=DAYS[0]), SETTINGS, r"no label is known before 2004-01-01"),
        (FEATURES, FOLD._replace(cutoff=DAYS[13]), SETTINGS, r"dates are too few for 3 purged splits"),
        (FEATURES, FOLD, Tuning(**{**vars(SETTINGS), "rows": 100, "splits": 40}), r"tuning\.rows: 100 rows leave"),
    ],
)
def test_too_little_is_one_clear_line(features, fold, settings, message):
    with pytest.raises(InputError, match=message) as caught:
        tuning_rows(TrainingSet(features, LABELS), fold, settings, embargo=EMBARGO)
    assert "\n" not in str(caught.value)


def test_what_was_found_is_fixed():
    model = tuned(LIGHTGBM, FOUND, "mine")
    assert model.params == {"n_estimators": 5, "reg_lambda": 2.5, "num_leaves": 3}
    assert searched(model) == {}


def test_what_the_model_fixes_itself_wins():
    fixed = LightGBM(params={"reg_lambda": 7.0}, sweep=LIGHTGBM.sweep)
    assert tuned(fixed, FOUND, "mine").params == {"reg_lambda": 7.0, "num_leaves": 3}
    nothing_open = LightGBM(params={"reg_lambda": 7.0, "num_leaves": 9}, sweep=LIGHTGBM.sweep)
    assert tuned(nothing_open, {"model": "mine", "params": {}}, "mine") == nothing_open


def test_a_model_of_a_users_without_a_search_space_stays_as_it_is():
    own = SimpleNamespace(fit=None)
    assert tuned(own, {"model": "own", "params": {}}, "own") is own


@pytest.mark.parametrize("name", sorted(path.stem for path in (CONF / "model").glob("*.yaml")))
def test_every_model_takes_what_its_study_finds(name):
    model = build(compose([f"model={name}"], config_name="train")["model"], "model")
    assert searched(model), "tuning would do nothing"
    fixed = tuned(model, {"model": name, "params": starts(model)}, name)
    assert fixed.params == model.params | starts(model)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (FOUND | {"model": "other"}, r"a study of 'other', not of 'mine'; run its tune stage"),
        ({"params": {}}, r"a study of None, not of 'mine'"),
        ({"model": "mine", "params": {"num_leaves": 3}}, r"lacks reg_lambda, which models\.mine\.sweep searches"),
        ({"model": "mine", "params": {"reg_lambda": 0.01, "num_leaves": 3}}, r"reg_lambda is 0\.01, .* 0\.1 to 100\.0"),
        ({"model": "mine", "params": {"reg_lambda": "x", "num_leaves": 3}}, r"reg_lambda is 'x', outside"),
        ({"model": "mine", "params": {"reg_lambda": 1.0, "num_leaves": 5}}, r"num_leaves is 5, .* one of \[3, 7\]"),
    ],
)
def test_a_study_that_does_not_fit_the_model_is_refused(found, message):
    with pytest.raises(InputError, match=message) as caught:
        tuned(LIGHTGBM, found, "mine")
    assert str(caught.value).startswith("data/tuning/mine.json: ")
