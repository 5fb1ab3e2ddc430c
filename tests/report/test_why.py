"""Attributions: what headings claim, what is averaged, and what a chosen model shows."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from barograph.report import Results
from barograph.report.parts import agreement, beeswarm
from barograph.report.results import METHODS, SHAP
from barograph.report.sections import why

from .synthetic import field, replaced
from .synthetic_why import catalogue

FAMILIES = {"vol_1": "volatility", "vol_2": "volatility", "ret_1": "momentum", "month": "calendar"}


def told(results: Results, shares: Mapping[tuple[str, str], tuple[float, ...]]) -> Results:
    """Give every (model, regime) its shares of the four features."""
    rows = [
        (model, regime, feature, share, 100)
        for (model, regime), own in shares.items()
        for feature, share in zip(FAMILIES, own, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["model", "regime", "feature", "share", "rows"])
    return replaced(results, shap_importance=table, catalogue=catalogue(FAMILIES))


BOTH = {
    ("lightgbm", "all"): (0.4, 0.2, 0.3, 0.1),
    ("random_forest", "all"): (0.2, 0.2, 0.5, 0.1),
    ("lightgbm", "crash"): (0.1, 0.1, 0.6, 0.2),
    ("random_forest", "crash"): (0.1, 0.1, 0.7, 0.1),
}


def test_the_heading_gives_the_first_family_its_range_and_what_crashes_change(results: Results) -> None:
    assert why.heading(told(results, BOTH)) == (
        "Volatility features carry 50 % of the attribution (40 to 60 % a model); "
        "in crashes momentum gains most, from 40 to 65 %"
    )


def test_models_that_disagree_on_crashes_are_not_averaged_into_a_claim(results: Results) -> None:
    split = BOTH | {("random_forest", "crash"): (0.3, 0.25, 0.35, 0.1)}
    assert why.heading(told(results, split)).endswith("; on what crashes change the models disagree")


def test_a_small_change_in_crashes_is_none(results: Results) -> None:
    same = BOTH | {(model, "crash"): BOTH[model, "all"] for model in ("lightgbm", "random_forest")}
    assert why.heading(told(results, same)).endswith("; in crashes the mix is much the same")
    more = BOTH | {(model, "crash"): (0.6, 0.2, 0.1, 0.1) for model in ("lightgbm", "random_forest")}
    assert why.heading(told(results, more)).endswith("a model); in crashes they carry 80 %")
    missing = {key: own for key, own in BOTH.items() if key[1] == "all"}
    assert why.heading(told(results, missing)).endswith("% a model)"), "nothing is said of a regime without rows"


def test_one_model_has_no_range(results: Results) -> None:
    alone = {key: own for key, own in BOTH.items() if key[0] == "lightgbm"}
    assert why.heading(told(results, alone)).startswith("Volatility features carry 60 % of the attribution; in crashes")


def test_cells_are_the_averages_of_the_models(results: Results) -> None:
    known = told(results, BOTH)
    chart = why.families(known)
    assert chart.layout["yaxis"]["ticktext"] == ["Volatility", "Momentum", "Calendar"]
    assert chart.layout["xaxis"]["ticktext"] == ["All", "Crash"]
    np.testing.assert_allclose(chart.data[0]["z"], [[50, 20], [40, 65], [10, 15]])
    assert chart.heading == "Volatility and momentum features together carry 90 %"
    chart = why.features(known)
    assert chart.layout["yaxis"]["ticktext"] == ["ret_1", "vol_1", "vol_2", "month"]
    assert chart.heading == "ret_1 comes first in 1 of 1 regime; the 4 first carry 100 %"


@pytest.mark.parametrize("without", [{"rows": 0, "share": 0.0}, {"share": np.nan}])
def test_a_regime_without_rows_or_shares_is_left_out(results: Results, without: dict[str, float]) -> None:
    table = field(results, "shap_importance").copy()
    for name, value in without.items():
        table.loc[table["regime"] == "crash", name] = value
    chart = why.families(replaced(results, shap_importance=table))
    assert chart.layout["xaxis"]["ticktext"] == ["All", "Low<br>volatility", "Normal", "High<br>volatility", "Recovery"]


def test_features_of_no_known_family_are_the_others(results: Results) -> None:
    chart = why.families(replaced(told(results, BOTH), catalogue=catalogue({"ret_1": "momentum"})))
    assert set(chart.layout["yaxis"]["ticktext"]) == {"Momentum", "Other"}


def test_each_model_shows_its_own_features_first(results: Results) -> None:
    chart = why.chosen_features(told(results, BOTH))
    assert chart.heading == "LightGBM: vol_1 first with 40 % of the attribution"
    assert chart.layout["meta"]["random_forest"]["heading"] == "Random forest: ret_1 first with 50 % of the attribution"
    rows = {one: meta["layout"]["yaxis.ticktext"] for one, meta in chart.layout["meta"].items()}
    assert rows["lightgbm"] == ["vol_1", "ret_1", "vol_2", "month"]
    assert rows["random_forest"] == ["ret_1", "vol_1", "vol_2", "month"]
    assert chart.layout["yaxis"]["ticktext"] == rows["lightgbm"]


def test_a_model_that_uses_nothing_is_said_to(results: Results) -> None:
    chart = why.chosen_features(told(results, {("lightgbm", "all"): (0.0, 0.0, 0.0, 0.0)}))
    assert chart.heading == "LightGBM uses no feature"


def swarm(value: list[float], shap: list[float]) -> pd.DataFrame:
    days = pd.bdate_range("2020-01-01", periods=len(value))
    table = pd.DataFrame({"date": days, "value": value, "shap": shap})
    return table.assign(model="lightgbm", regime="normal", symbol="S", feature="vol_1")


@pytest.mark.parametrize(
    ("shap", "words"),
    [
        ([-2, -1, 0, 1, 2], "a high vol_1 speaks for buy"),
        ([2, 1, 0, -1, -2], "a high vol_1 speaks for sell"),
        ([1, -1, 0, -1, 1], "in no one direction"),
        ([0, 0, 0, 0, 0], "in no one direction"),
    ],
)
def test_a_direction_is_claimed_where_there_is_one(results: Results, shap: list[float], words: str) -> None:
    chart = beeswarm.beeswarms(replaced(results, shap_beeswarm=swarm([1, 2, 3, 4, 5], shap)))
    assert words in chart.heading


def test_dots_that_would_cover_each_other_move_apart_and_others_stay() -> None:
    away = beeswarm.spread(np.array([0.0, 0.5, 0.5, 0.5, 1.0]), 0.0, 1.0)
    assert away[[0, 4]].tolist() == [0, 0]
    assert len(set(away[1:4])) == 3
    crowd = beeswarm.spread(np.full(500, 0.5), 0.0, 1.0)
    assert len(set(crowd)) == 500
    assert np.abs(crowd).max() <= 0.4


def test_thinning_keeps_the_same_rows_of_every_feature_and_the_parts_of_regimes() -> None:
    one = swarm(list(range(1000)), [0.0] * 1000).assign(regime=["crash"] * 250 + ["normal"] * 750)
    both = pd.concat([one, one.assign(feature="vol_2")])
    kept = beeswarm.thinned(both, limit=100)
    assert kept.groupby("feature").size().tolist() == [100, 100]
    assert set(kept.loc[kept["feature"] == "vol_1", "date"]) == set(kept.loc[kept["feature"] == "vol_2", "date"])
    assert (kept.loc[kept["feature"] == "vol_1", "regime"] == "crash").sum() == pytest.approx(25, abs=1)
    assert len(beeswarm.thinned(both, limit=1000)) == 2000


def test_missing_values_are_dots_of_their_own_colour(results: Results) -> None:
    chart = beeswarm.beeswarms(replaced(results, shap_beeswarm=swarm([1, 2, np.nan, 4], [0.1, 0.2, 0.3, 0.4])))
    known, missing = chart.data
    assert known["marker"]["color"] == [0, 50, 100]
    assert missing["marker"]["color"] == beeswarm.MISSING
    assert missing["x"] == [0.3]


def test_pairs_make_a_symmetric_grid() -> None:
    pairs = pd.DataFrame({"first": ["a", "b", "a"], "second": ["b", "c", "b"], "rank_correlation": [0.2, 0.4, 0.6]})
    grid = agreement.square(pairs, ["a", "b", "c"])
    expected = [[np.nan, 0.4, np.nan], [0.4, np.nan, 0.4], [np.nan, 0.4, np.nan]]
    np.testing.assert_allclose(grid.to_numpy(float), expected)


def importances(**shares: list[float]) -> pd.DataFrame:
    """Give the features' shares by model and regime, in any order of features."""
    parts = [
        pd.DataFrame({"model": model, "regime": regime, "feature": [f"f{i}" for i in range(len(own))], "share": own})
        for (model, regime), own in ((key.split("__"), own) for key, own in shares.items())
    ]
    return pd.concat([part.sort_values("share") for part in parts], ignore_index=True).assign(rows=100)


def test_regimes_of_a_model_and_models_are_compared() -> None:
    first, second, third = [4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0], [5.0, 0.0, 0.0, 1.0]
    shares = {"m__all": first, "m__normal": first, "m__crash": second, "n__all": third, "n__normal": third}
    table = agreement.compared(importances(**shares)).set_index(["kind", "model", "first", "second"])
    assert table["rank_correlation"].to_dict() == {
        ("regimes", "m", "normal", "crash"): pytest.approx(-1.0),
        ("models", "", "m", "n"): pytest.approx(spearmanr(first, third).statistic),
    }


def test_many_ties_have_their_mean_rank_and_a_constant_has_no_correlation() -> None:
    rng = np.random.default_rng(0)
    first, second = (np.maximum(rng.normal(size=50), 0).tolist() for _ in range(2))
    table = agreement.compared(importances(m__all=first, n__all=second, constant__all=[0.0] * 50))
    assert table["rank_correlation"].iloc[0] == pytest.approx(spearmanr(first, second).statistic)
    assert table["rank_correlation"].iloc[1:].isna().all()


def test_the_pair_that_agrees_least_is_named(results: Results) -> None:
    orders = {"lightgbm": [1.0, 2, 3, 4, 5], "svm": [1.0, 2, 3, 5, 4], "xgboost": [2.0, 1, 3, 4, 5]}
    table = importances(**{f"{model}__all": order for model, order in orders.items()})
    told = replace(results, settings={"models": orders}, _read={SHAP.path: table})
    (chart,) = agreement.matrices(told)
    assert chart.heading == "Models agree to 0.90 (median); XGBoost and SVM agree least (0.80)"
    (alone,) = agreement.matrices(replace(told, _read={SHAP.path: table[table["model"] != "lightgbm"]}))
    assert alone.heading == "XGBoost and SVM agree to 0.80"
    for undefined in (table.assign(share=1.0), table[table["model"] == "svm"]):
        assert agreement.matrices(replace(told, _read={SHAP.path: undefined})) == []


def test_files_of_models_that_are_no_longer_configured_are_left_alone(results: Results) -> None:
    fewer = dict.fromkeys(("random_forest", "lightgbm"))
    told = replace(results, settings={**results.settings, "models": fewer}, _read={})
    for source in (SHAP, METHODS, beeswarm.SWARM, agreement.BY_FOLD, agreement.STABILITY):
        assert list(told[source]["model"].unique()) == list(fewer)


def test_importance_is_a_share_of_each_folds_sum() -> None:
    rows = [(0, "a", 3.0), (0, "b", 1.0), (0, "c", -5.0), (1, "a", 10.0), (1, "b", 30.0), (1, "c", 0.0)]
    rows += [(2, "a", 0.0), (2, "b", 0.0), (2, "c", 0.0)]
    parts = agreement.importance_shares(pd.DataFrame(rows, columns=["fold", "feature", "importance"]))
    assert parts.index.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(parts[0], [0.75, 0.25, 0])
    np.testing.assert_allclose(parts[1], [0.25, 0.75, 0])
    assert parts[2].isna().all()


def test_a_feature_that_a_fold_does_not_keep_is_blank_there_and_counts_as_nothing() -> None:
    rows = [(0, "a", 0.2), (0, "b", 0.8), (1, "a", 0.3), (1, "c", 0.7), (2, "a", 1.0)]
    parts = agreement.importance_shares(pd.DataFrame(rows, columns=["fold", "feature", "importance"]))
    assert parts.index.tolist() == ["a", "b", "c"], "b and c hold more than a, but in one fold each"
    np.testing.assert_allclose(parts.to_numpy(), [[0.2, 0.3, 1.0], [0.8, np.nan, np.nan], [np.nan, 0.7, np.nan]])


def test_steadiness_is_told_from_the_overlap_and_the_rank_correlation(results: Results) -> None:
    rows = [("lightgbm", fold, 0.9, overlap) for fold, overlap in enumerate((0.5, 0.7, 0.9), 1)]
    rows += [("random_forest", 1, 0.3, np.nan)]
    table = pd.DataFrame(rows, columns=["model", "fold", "rank_correlation", "top_overlap"])
    known = replaced(results, importance_stability=table)
    alike = replaced(results, importance_stability=table.assign(rank_correlation=0.5))
    same = agreement.stability(alike)
    assert same.heading == "From fold to fold the order of features correlates to 0.50 (median)"
    chart = agreement.over_folds(known)
    assert chart.heading == "LightGBM keeps 7 of its 10 first features from fold to fold (median, by gain)"
    assert chart.layout["meta"]["random_forest"]["heading"] == "Random forest over the folds, by gain"
    lines = agreement.stability(known)
    assert lines.heading.endswith(
        "LightGBM keeps its order of features best (0.90, median), Random forest least (0.30)"
    )
    assert lines.layout["yaxis"]["range"][0] <= 0.3


def test_methods_are_listed_with_their_error(results: Results) -> None:
    table = field(results, "shap_methods").assign(largest_error=[2.4e-7, 0.0421, np.nan])
    told = why.methods(replaced(results, shap_methods=table))
    rows = told.rows
    assert [row.name for row in rows] == ["LightGBM", "Logistic regression", "Random forest"]
    assert [row.cells[-1].text for row in rows] == ["2e\N{MINUS SIGN}7", "0.042", "\N{EN DASH}"]
    assert [row.cells[-1].sort for row in rows] == ["2.4e-07", "0.0421", ""]
