"""Selection: what is planted is found, what is a copy goes, and every answer has its reason."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.feature_selection import SelectKBest, f_classif

from barograph.config import build
from barograph.errors import InputError
from barograph.executors import ResultCache
from barograph.folds import Fold
from barograph.models import TrainingSet
from barograph.selection import (
    KeepAll,
    NearDuplicates,
    Recursive,
    Univariate,
    fold_selections,
    kept_shares,
    select_features,
    selection_stability,
    selection_summary,
)
from barograph.selection.scores import mutual_information, near_duplicates
from tests.selection.planted import COPIES, DAYS, INFORMATIVE, NOISE, panel
from tests.settings import compose

FEATURES, LABELS = panel()
FOLD = Fold(0, DAYS[795], DAYS[800], DAYS[899])
ALONE = NearDuplicates(max_correlation=0.9, rows=4000)
RECURSIVE = Recursive(min_features=2, step=0.1, trees=20, splits=2, first_share=0.5, max_correlation=0.9, rows=1500)


def _selected(selection, features=FEATURES, labels=LABELS, folds=(FOLD,), seed=7) -> pd.DataFrame:
    return pd.concat(select_features(selection, TrainingSet(features, labels), list(folds), embargo=5, seed=seed))


def _kept(table) -> list[str]:
    return table.loc[table["kept"], "feature"].tolist()


def _reasons(table) -> dict[str, str]:
    return dict(zip(table["feature"], table["reason"], strict=True))


def test_near_copies_go_and_the_informative_one_stays():
    table = _selected(ALONE)
    assert table["feature"].tolist() == FEATURES.columns[2:].tolist()
    assert set(_kept(table)) == {*INFORMATIVE, *NOISE} - {"noise_0"} | {max_of(table, "noise_0", "noise_copy")}
    reasons = _reasons(table)
    assert reasons["strong_copy"] == reasons["strong_turned"] == "near duplicate of strong"
    assert (reasons["flat"], reasons["empty"]) == ("constant", "missing")
    scores = table.set_index("feature")["score"]
    assert scores[["flat", "empty"]].isna().all()
    assert scores[["strong", "weak"]].min() > 10 * scores[NOISE].abs().max()


def test_a_cache_gives_the_selection_of_the_same_rows_alone(tmp_path, monkeypatch):
    later = Fold(1, DAYS[845], DAYS[850], DAYS[899])
    given = {"embargo": 5, "seed": 7, "cache": ResultCache(tmp_path, 1 << 30, "this code")}
    first = list(select_features(ALONE, TrainingSet(FEATURES, LABELS), [FOLD], **given))
    select = NearDuplicates.select
    asked = []
    monkeypatch.setattr(NearDuplicates, "select", lambda self, past: asked.append(past) or select(self, past))
    again, other = select_features(ALONE, TrainingSet(FEATURES, LABELS), [FOLD, later], **given)
    assert len(asked) == 1
    pd.testing.assert_frame_equal(again, first[0], check_dtype=False)
    pd.testing.assert_frame_equal(other, _selected(ALONE, folds=[later]), check_dtype=False)
    changed = FEATURES.assign(weak=FEATURES["weak"] * 2)
    list(select_features(ALONE, TrainingSet(changed, LABELS), [FOLD], **given))
    assert len(asked) == 3, "once by the selection without a cache, once for other values"


def max_of(table, *names) -> str:
    return table.set_index("feature").loc[list(names), "score"].idxmax()


def test_no_two_kept_features_are_near_duplicates_and_every_dropped_one_is():
    table = _selected(ALONE)
    values = FEATURES.merge(LABELS[["symbol", "date"]]).drop(columns=["symbol", "date"])
    values = values.fillna(values.median()).drop(columns=["flat", "empty"])
    correlation = pd.DataFrame(spearmanr(values).statistic, values.columns, values.columns).abs()
    kept = _kept(table)
    between = correlation.loc[kept, kept].to_numpy()[~np.eye(len(kept), dtype=bool)]
    assert between.max() < 0.9
    for name, original in COPIES.items():
        assert correlation.loc[name, original] > 0.9
        assert {name, original} & set(kept), "one of the two stays"
    assert not correlation.loc[kept, "strong_copy"].max() < 0.9


def test_a_higher_limit_drops_less():
    assert set(_kept(_selected(ALONE))) < set(_kept(_selected(NearDuplicates(max_correlation=0.99, rows=4000))))


def test_of_equals_the_first_column_stays():
    twins = FEATURES[["symbol", "date", "strong"]].assign(again=FEATURES["strong"], other=FEATURES["strong"])
    table = _selected(ALONE, twins)
    assert _kept(table) == ["strong"]
    assert set(table["reason"]) == {"kept", "near duplicate of strong"}


def test_a_chain_of_neighbours_is_judged_by_what_stays():
    ranks = np.argsort(np.random.default_rng(0).normal(size=(4000, 3)), axis=0).argsort(axis=0) + 1.0
    x, noise = ranks[:, 0], ranks[:, 1:] - 2000.5
    chain = np.column_stack([x, x + 0.4 * noise[:, 0], x + 0.8 * noise[:, 0]]).argsort(axis=0).argsort(axis=0) + 1.0
    correlation = np.corrcoef(chain.T)
    assert min(correlation[0, 1], correlation[1, 2]) > 0.9 > correlation[0, 2]
    assert near_duplicates(chain, np.array([2.0, 3.0, 1.0]), 0.9) == {0: 1, 2: 1}
    assert near_duplicates(chain, np.array([3.0, 2.0, 1.0]), 0.9) == {1: 0}, "the third is near to none that stays"


def test_the_twin_named_is_the_nearest_that_stays():
    x = np.arange(1.0, 101.0)
    first, second = x.copy(), x.copy()
    first[[0, 99]], second[[40, 41]] = first[[99, 0]], second[[41, 40]]
    ranks = np.column_stack([first, second, x])
    between = np.corrcoef(first, second)[0, 1]
    assert near_duplicates(ranks, np.array([3.0, 2.0, 1.0]), float(between) + 1e-9) == {2: 1}


def test_mutual_information_is_known_where_it_can_be_worked_out():
    y = np.repeat([0, 1, 2], 1000).astype(np.int8)
    telling = np.arange(1.0, 3001.0)
    halves = np.where(y == 0, 500.5, 2000.5)  # two values, ties at their mean rank
    shared = np.tile(np.arange(1.0, 1001.0), 3)
    table = np.column_stack([telling, halves, pd.Series(shared).rank()])
    # Bins of 300 rows: 1000 are three bins and a third of the fourth, so that two bins of ten are mixed 1:2 and 2:1.
    mixed = 2 / 10 * -(1 / 3 * math.log(1 / 3) + 2 / 3 * math.log(2 / 3))
    plain = [math.log(3) - mixed, -(math.log(1 / 3) / 3 + 2 / 3 * math.log(2 / 3)), 0.0]
    cells = [12 - 10 - 3 + 1, 3 - 2 - 3 + 1, 30 - 10 - 3 + 1]
    expected = [value - m / 6000 for value, m in zip(plain, cells, strict=True)]
    assert mutual_information(table, y) == pytest.approx(expected, abs=1e-12)


def test_without_information_the_estimate_is_zero_on_average():
    rng = np.random.default_rng(1)
    ranks = rng.permuted(np.tile(np.arange(1.0, 501.0)[:, None], 400), axis=0)
    scores = mutual_information(ranks, rng.integers(0, 3, 500).astype(np.int8))
    assert abs(scores.mean()) < 3 * scores.std() / 20
    assert scores.std() < 0.02


@pytest.mark.parametrize("score", ["mutual_information", "f"])
def test_the_k_best_are_those_planted_and_noise_is_not_among_them(score):
    table = _selected(Univariate(k=2, score=score, max_correlation=0.9, rows=4000))
    assert _kept(table) == INFORMATIVE
    reasons = _reasons(table)
    assert reasons["noise_3"] == "not among the k best"
    assert reasons["strong_copy"] == "near duplicate of strong"


def test_the_k_best_are_scikit_learns():
    table = _selected(Univariate(k=5, score="f", max_correlation=None, rows=10_000))
    assert not table["reason"].str.startswith("near").any()
    rows = LABELS[LABELS["exit_date"] < FOLD.cutoff.astype("datetime64[us]")].merge(FEATURES)
    ranks = (
        rows[FEATURES.columns[2:]].fillna(rows[FEATURES.columns[2:]].median()).drop(columns=["flat", "empty"]).rank()
    )
    theirs = SelectKBest(f_classif, k=5).fit(ranks, rows["label"])
    assert _kept(table) == ranks.columns[theirs.get_support()].tolist()
    np.testing.assert_allclose(table["score"].dropna(), theirs.scores_)


def test_more_than_there_are_keeps_what_is_left():
    table = _selected(Univariate(k=500, score="f", max_correlation=0.9, rows=4000))
    assert _kept(table) == _kept(_selected(Univariate(k=11, score="f", max_correlation=0.9, rows=4000)))
    assert "not among the k best" not in set(table["reason"])


def test_elimination_keeps_what_is_planted():
    table = _selected(RECURSIVE)
    assert set(INFORMATIVE) <= set(_kept(table))
    reasons = _reasons(table)
    assert sum(reasons[name] == "eliminated" for name in NOISE) >= 4
    assert reasons["strong_copy"] == "near duplicate of strong"


def test_elimination_is_the_same_every_time_and_stops_at_the_fewest():
    assert _selected(RECURSIVE).equals(_selected(RECURSIVE))
    fewest = Recursive(**{**vars(RECURSIVE), "min_features": 11})
    assert "eliminated" not in set(_selected(fewest)["reason"])


def test_elimination_splits_by_time_with_the_embargo(monkeypatch):
    import sklearn.feature_selection

    given = {}

    class Spy(sklearn.feature_selection.RFECV):
        def fit(self, X, y):
            given.update(X=X, splits=self.cv)
            return super().fit(X, y)

    monkeypatch.setattr(sklearn.feature_selection, "RFECV", Spy)
    alone = LABELS.assign(at=np.arange(len(LABELS)))
    features = FEATURES[["symbol", "date", "strong", "weak"]].assign(at=np.arange(len(FEATURES), dtype=np.float32))
    _selected(RECURSIVE, features, LABELS)
    at = np.rint(given["X"][:, 2]).astype(int)
    assert len(given["splits"]) == RECURSIVE.splits
    dates = np.unique(LABELS["date"].iloc[at])
    for train, test in given["splits"]:
        last_exit = alone["exit_date"].iloc[at[train]].max().to_datetime64()
        first = alone["date"].iloc[at[test]].min().to_datetime64()
        assert ((dates > last_exit) & (dates < first)).sum() >= 4, "the embargo lies between them"
    assert alone["exit_date"].iloc[at].max() < pd.Timestamp(FOLD.cutoff)


def test_shuffled_labels_leave_nothing_to_tell_features_apart():
    rng = np.random.default_rng(3)
    shuffled = LABELS.assign(label=rng.permutation(LABELS["label"]))
    scores = _selected(ALONE, labels=shuffled).set_index("feature")["score"].dropna()
    planted = _selected(ALONE).set_index("feature")["score"]
    assert scores.abs().max() < 0.005 < planted["weak"]


def test_all_are_kept_where_nothing_is_selected():
    table = _selected(KeepAll())
    assert table["kept"].all()
    assert set(table["reason"]) == {"kept"}
    assert table["score"].isna().all()


def test_rows_are_drawn_evenly_and_neighbouring_folds_look_at_much_the_same():
    seen = []

    class Looking:
        rows = 500

        def select(self, past):
            seen.append(past.rows)
            return pd.DataFrame({"feature": past.rows.X.columns, "kept": True, "score": 0.0, "reason": "kept"})

    later = Fold(1, DAYS[845], DAYS[850], DAYS[899])
    features = FEATURES[["symbol", "date"]].assign(at=np.arange(len(FEATURES), dtype=np.float32))
    _selected(Looking(), features, folds=(FOLD, later))
    first, second = (rows.X["at"].astype(int).tolist() for rows in seen)
    assert len(first) == len(second) == 500
    assert len(set(first) & set(second)) > 440
    assert LABELS.iloc[first].groupby("symbol").size().min() > 70
    assert LABELS["label"].iloc[first].tolist() == seen[0].y.tolist()
    positions = pd.Index(DAYS).get_indexer(LABELS["date"].iloc[first].to_numpy("datetime64[D]"))
    assert np.histogram(positions, bins=5, range=(0, 790))[0].min() > 70


@pytest.mark.parametrize(
    ("selection", "features", "labels", "fold", "message"),
    [
        (ALONE, FEATURES, LABELS, FOLD._replace(cutoff=DAYS[0]), r"labels\.parquet: no label is known before 2004-01-"),
        (ALONE, FEATURES, LABELS.assign(label=np.int8(1)), FOLD, r"every label known before .* is hold; two are need"),
        (ALONE, FEATURES[FEATURES["symbol"] != "S3"], LABELS, FOLD, r"features\.parquet: \('S3', .* no features"),
        (ALONE, FEATURES[["symbol", "date", "flat", "empty"]], LABELS, FOLD, r"^selection: keeps none of 2 features"),
    ],
)
def test_what_cannot_be_selected_from_is_one_clear_line(selection, features, labels, fold, message):
    with pytest.raises(InputError, match=message) as caught:
        _selected(selection, features, labels, [fold])
    assert "\n" not in str(caught.value)


def test_a_selection_of_a_users_that_forgets_a_feature_is_refused():
    class Forgetful:
        rows = 0

        def select(self, past):
            return KeepAll().select(past).iloc[1:]

    with pytest.raises(InputError, match=r"selection: fold 0 has an answer for other features"):
        _selected(Forgetful())


@pytest.mark.parametrize("option", ["none", "near_duplicates", "univariate", "recursive"])
def test_every_option_of_the_config_selects(option):
    selection = build(compose([f"selection={option}"])["selection"], "selection")
    few = FEATURES[["symbol", "date", *INFORMATIVE, *NOISE, "strong_copy"]]
    assert set(INFORMATIVE) <= set(_kept(_selected(selection, few)))


def _table(*kept: str, of: str = "abcd", reason: str = "eliminated") -> pd.DataFrame:
    rows = [(fold, name, name in own) for fold, own in enumerate(kept) for name in of]
    table = pd.DataFrame(rows, columns=["fold", "feature", "kept"])
    return table.assign(reason=np.where(table["kept"], "kept", reason))


def test_folds_are_compared_with_the_one_before():
    table = _table("abc", "abd", "abd", reason="near duplicate of a")
    table.loc[(table["fold"] == 2) & (table["feature"] == "c"), "reason"] = "of my own"
    folds = fold_selections(table)
    assert folds["kept"].tolist() == [3, 3, 3]
    assert folds["near_duplicate"].tolist() == [1, 1, 0]
    assert folds["of_my_own"].tolist() == [0, 0, 1]
    assert folds[["eliminated", "constant", "missing", "not_among_the_k_best"]].to_numpy().sum() == 0
    np.testing.assert_allclose(folds["jaccard"], [np.nan, 2 / 4, 1.0])
    assert kept_shares(table).set_index("feature")["kept_share"].to_dict() == pytest.approx(
        {"a": 1.0, "b": 1.0, "c": 1 / 3, "d": 2 / 3}
    )


def test_stability_of_small_examples():
    wide = np.array([[1, 1, 0, 0], [1, 0, 1, 0]], bool)
    # Variances (ddof 1) are 0, 1/2, 1/2 and 0, their mean 1/4; half is kept, so that chance gives 1/4.
    assert selection_stability(wide) == pytest.approx(0.0)
    assert selection_stability(wide[[0, 0, 0]]) == pytest.approx(1.0)
    assert selection_stability(~wide[[0]].repeat(2, axis=0)) == pytest.approx(1.0)
    assert selection_stability(np.array([[1, 0], [0, 1]], bool)) == pytest.approx(-1.0)
    for undefined in (wide[:1], np.ones((3, 4), bool)):
        assert math.isnan(selection_stability(undefined))


def test_chance_gives_no_stability():
    rng = np.random.default_rng(0)
    drawn = rng.permuted(np.tile(np.arange(40) < 12, (300, 1)), axis=1)
    assert abs(selection_stability(drawn)) < 0.02


def test_the_summary_counts():
    assert selection_summary(_table("ab", "abc")) == {
        "features": 4,
        "folds": 2,
        "fewest_kept": 2,
        "most_kept": 3,
        "always_kept": 2,
        "stability": pytest.approx(1 - 0.125 / (5 / 8 * 3 / 8)),
    }
    assert selection_summary(_table("abcd", "abcd"))["stability"] is None
