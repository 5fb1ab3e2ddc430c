"""The study's settings, the correction for the number of comparisons, and the verdicts."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph import config
from barograph.errors import InputError
from barograph.memory_study import Ablation, judge_differences
from barograph.scoring import Validation
from tests.memory_study.world import SETTINGS, differences, study, world

SETTINGS_OF_A_STUDY = {
    "_target_": "barograph.memory_study.Ablation",
    "options": ["none", "expanding", "archive", "placebo"],
    "models": ["lightgbm"],
    "seeds": 3,
    "against": {"none": None, "placebo": ["archive"]},
    "false_discovery_rate": 0.05,
}
QUICK = Validation(**{**vars(SETTINGS), "resamples": 200, "level": 0.95})


def test_pairs_are_every_other_option_or_those_named() -> None:
    built: Ablation = config.build(SETTINGS_OF_A_STUDY, "study")
    others = [("expanding", "none"), ("archive", "none"), ("placebo", "none")]
    assert built.pairs() == [*others, ("archive", "placebo")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"options": ["none", "none"]}, r"study: options names none more than once"),
        ({"options": ["none"]}, r"study\.options: .* at least 2 items"),
        ({"options": ["none", ""]}, r"study\.options\.1: .* at least 1 character"),
        ({"models": []}, r"study\.models: .* at least 1 item"),
        ({"models": ["svm", "svm"]}, r"study: models names svm more than once"),
        ({"seeds": 0}, r"study\.seeds: .* greater than or equal to 1"),
        ({"against": {}}, r"study\.against: .* at least 1 item"),
        ({"against": {"nothing": None}}, r"study: against .* compares none of the options \['none', .*"),
        ({"against": {"none": ["archives"]}}, r"study: against .* compares none of the options"),
        ({"against": {"none": ["archive", "archive"]}}, r"study: against\.none names archive more than once"),
        ({"against": {"none": ["none", "archive"]}}, r"study: against\.none is \['none', 'archive'\]; it must name o"),
        ({"against": {"none": []}}, r"study: against\.none is \[\]; it must name others"),
        ({"false_discovery_rate": 1.0}, r"study\.false_discovery_rate: .* less than 1"),
        ({"false_discovery_rate": 0.0}, r"study\.false_discovery_rate: .* greater than 0"),
        ({"rate": 0.1}, r"study\.rate: no such setting; allowed are"),
    ],
)
def test_bad_settings_end_in_one_line(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        config.build(SETTINGS_OF_A_STUDY | change, "study")
    assert "\n" not in str(caught.value)


def _table(*cases: tuple[str, int, float, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(cases, columns=["slice", "more_episodes", "low", "high", "p_value"])
    return table.assign(model="vote", calibration="raw", metric="log_loss")


def _judged(*cases: tuple[str, int, float, float, float]) -> pd.DataFrame:
    return judge_differences([_table(*cases)], study("none", "other"))


def test_q_values_are_benjamini_hochbergs_by_hand() -> None:
    p = [0.001, 0.04, 0.03, 0.012, 1.0]
    found = _judged(*(("overall", 0, 0.1, 0.2, value) for value in p))
    # Ascending: 0.001 * 5 / 1, 0.012 * 5 / 2, 0.03 * 5 / 3 = 0.05, 0.04 * 5 / 4 = 0.05, 1; each at most the next.
    assert found["q_value"].tolist() == pytest.approx([0.005, 0.05, 0.05, 0.03, 1.0])
    assert found["verdict"].tolist() == ["helps", "helps", "helps", "helps", "no evidence"]


def test_a_family_is_all_pairs_of_a_model_calibration_metric_and_slice() -> None:
    p = {"overall": [0.01, 0.04], "crash": [0.02, 0.03]}
    alone = _table(*((name, 0, 0.1, 0.2, value) for name, values in p.items() for value in values))
    others = [alone.assign(**{name: "another"}) for name in ("model", "calibration", "metric")]
    found = judge_differences([alone, *others], study("none", "other"))
    assert found["q_value"].tolist() == pytest.approx([0.02, 0.04, 0.03, 0.03] * 4)


def test_a_family_holds_only_what_has_enough_evidence() -> None:
    parts = [
        _table(("overall", 4, 0.1, 0.2, 0.01), ("crash", 1, 0.1, 0.2, 0.0001)),
        _table(("crash", 0, 0.1, 0.2, 0.02), ("overall", 0, np.nan, np.nan, np.nan)),
    ]
    found = judge_differences(parts, study("none", "other"))
    assert found.index.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(found["q_value"], [0.01, np.nan, 0.02, np.nan])
    assert found["verdict"].tolist() == ["helps", "too few crises to tell", "helps", "no evidence"]


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        (("overall", 0, 0.1, 0.2, 0.05), "helps"),
        (("overall", 0, 0.1, 0.2, 0.051), "no evidence"),
        (("overall", 0, 0.0, 0.2, 0.01), "no evidence"),
        (("overall", 0, -0.2, -0.1, 0.05), "hurts"),
        (("overall", 0, -0.2, 0.0, 0.01), "no evidence"),
        (("overall", 4, 0.1, 0.2, 0.01), "helps"),
        (("overall", 4, np.nan, np.nan, np.nan), "no evidence"),
        (("crash", 0, -0.2, -0.1, 0.05), "hurts"),
        (("crash", 0, 0.1, 0.2, 0.5), "no evidence"),
        (("crash", 1, 0.1, 0.2, 0.01), "too few crises to tell"),
        (("crash", 0, np.nan, np.nan, np.nan), "too few crises to tell"),
    ],
)
def test_verdicts(case: tuple[str, int, float, float, float], verdict: str) -> None:
    assert _judged(case)["verdict"].item() == verdict


def test_planted_help_and_harm_are_found() -> None:
    made = world(none=0.4, better=0.4, worse=0.4)
    answer = np.eye(3)[made.labels["label"]]
    for option, hint in (("better", answer), ("worse", np.roll(answer, 1, axis=1))):
        made.probabilities[option] = 0.6 * made.probabilities["none"] + 0.4 * hint
    table = judge_differences([differences(made, QUICK)], study("none", "better", "worse"))
    predicted = table[(table["metric"] != "sharpe") & table["slice"].isin(["overall", "crash"])]
    verdicts = predicted.groupby(["option", "slice"])["verdict"].agg(set)
    assert (verdicts["better"] == {"helps"}).all()
    assert (verdicts["worse"] == {"hurts"}).all()
    few = table[table["slice"] == "recovery"]
    assert (few["verdict"] == "too few crises to tell").all()
    assert few["q_value"].isna().all()


def test_the_same_option_twice_is_no_evidence() -> None:
    made = world(none=0.4, twin=0.4)
    made.probabilities["twin"] = made.probabilities["none"]
    table = differences(made._replace(returns=made.returns.assign(twin=made.returns["none"])), QUICK)
    judged = judge_differences([table], study("none", "twin"))
    verdicts = judged.groupby("slice")["verdict"].agg(set).to_dict()
    few = {"too few crises to tell"}
    assert verdicts == {"overall": {"no evidence"}, "crash": {"no evidence"}, "normal": few, "recovery": few}


def test_noise_is_seldom_called_a_difference() -> None:
    settings = Validation(**{**vars(QUICK), "resamples": 100, "auc_resamples": 100})
    families, claimed = 0, 0
    for seed in range(20):
        table = differences(world(seed=seed, none=0.3, one=0.3, two=0.3, three=0.3), settings, seed)
        judged = judge_differences([table], study("none", "one", "two", "three"))
        # Those of crashes are too few to claim anything, and would hide what the others claim.
        tested = judged[judged["q_value"].notna() & (judged["slice"] == "overall")]
        claims = tested["verdict"].isin(["helps", "hurts"]).groupby([tested["metric"], tested["slice"]]).any()
        families, claimed = families + len(claims), claimed + int(claims.sum())
    assert families == 20 * 6
    assert claimed / families <= 0.05


def test_comparisons_of_options_that_are_not_studied_are_left_out():
    study = Ablation(
        options=["none", "hybrid"],
        models=["lightgbm"],
        seeds=1,
        against={"none": None, "placebo": ["archive"], "hybrid": ["none", "archive"]},
        false_discovery_rate=0.05,
    )
    assert study.pairs() == [("hybrid", "none"), ("none", "hybrid")]
