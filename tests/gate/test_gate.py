"""The gate: every preset, every rule at its boundary, the majority beside it, refusals."""

import copy
import json
from typing import Any

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from barograph import config
from barograph.errors import InputError
from barograph.gate import Comparison, Criterion, Gate, gate_metrics, judge
from tests.gate.results import results

Metrics = dict[str, dict[str, float | int | None]]

SCORES = (
    *("rows", "accuracy", "macro_f1", "log_loss", "skill_prior_low", "skill_regime_prior_low"),
    *("skill_structural_low", "crash_skill_regime_prior", "calibration_error"),
)
GOOD: dict[str, Metrics] = {
    "validation": {
        "ensemble": dict(zip(SCORES, (1000, 0.8, 0.7, 0.9, 0.02, 0.01, 0.004, 0.03, 0.02), strict=True)),
        "prior": dict(zip(SCORES, (1000, 0.75, 0.29, 1.0, 0.0, -0.01, -0.05, None, 0.04), strict=True)),
    },
    "backtest": {
        "ensemble": {
            "excess_sharpe_low": 0.1,
            "sharpe": 1.2,
            "max_drawdown": -0.2,
            "deflated_sharpe": 0.96,
            "overfitting": 0.4,
        },
        "prior": {"excess_sharpe_low": 0.0, "sharpe": 0.7, "max_drawdown": -0.5},
        "universe": {"excess_sharpe_low": None, "sharpe": 0.7, "max_drawdown": -0.5},
    },
    "drift": {
        "features": {"latest_alarms": 0, "moved_share": None},
        "regimes": {"js_latest": 0.2},
        "ensemble": {"js_latest": 0.1},
    },
}
CHAMPION = Comparison(
    "lightgbm of v1.2.0",
    figures={"dates": 250, "rows": 5000, "brier_difference": 0.01, "log_loss_saved": 0.01, "p_value": 0.04},
    scores={
        "champion": {"accuracy": 0.8, "macro_f1": 0.7, "log_loss": 0.9, "auc": None},
        "candidate": {"accuracy": 0.78, "macro_f1": 0.69, "log_loss": 0.89, "auc": 0.6},
        "prior": {"accuracy": 0.75, "macro_f1": 0.29, "log_loss": 1.0, "auc": 0.5},
    },
)


AUC: Metrics = {"ensemble": {"auc": 0.6}, "prior": {"auc": 0.5}}


def _against(who: str = "candidate", **scores: float | None) -> Comparison:
    changed = {who: dict(CHAMPION.scores[who]) | scores}
    return CHAMPION._replace(scores=dict(CHAMPION.scores) | changed)


def _preset(name: str) -> Gate:
    gate: Gate = config.build(yaml.safe_load((config.CONF / f"gate/{name}.yaml").read_text()), "gate")
    return gate


def _metrics(**changes: float | None) -> dict[str, Metrics]:
    metrics = copy.deepcopy(GOOD)
    for key, value in changes.items():
        holder = next(source for source in ("validation", "backtest") if key in metrics[source]["ensemble"])
        metrics[holder]["ensemble"][key] = value
    return metrics


def _judge(gate: Gate, metrics: dict[str, Metrics], champion: Comparison | None = CHAMPION) -> pd.DataFrame:
    return judge(gate, results(**metrics, comparison=champion)).set_index("criterion", drop=False)


def _gate(**criterion: Any) -> Gate:
    settings = {"description": "made up", "metrics": "validation", "key": "accuracy", "rule": "at_least"}
    return Gate(candidate="ensemble", criteria={"only": Criterion(**(settings | criterion))})


def _fails(preset: str, champion: Comparison | None = CHAMPION, **changes: float | None) -> set[str]:
    verdicts = _judge(_preset(preset), _metrics(**changes), champion)["verdict"]
    return set(verdicts.index[verdicts == "fail"])


PRESETS = ["default", "strict", "reference", "auto_retrain"]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_be_passed(preset: str) -> None:
    gate = _preset(preset)
    table = _judge(gate, GOOD)
    assert (table["verdict"] == "pass").all()
    assert gate_metrics(gate, table, None)["ensemble"]["accepted"] == 1


@pytest.mark.parametrize(
    ("preset", "key", "value", "failing"),
    [
        ("default", "skill_prior_low", 0.0, {"skill_prior_low"}),
        ("default", "skill_regime_prior_low", -0.001, {"skill_regime_prior_low"}),
        ("default", "skill_structural_low", 0.0, {"skill_structural_low"}),
        ("default", "crash_skill_regime_prior", -0.001, {"crash_skill_regime_prior"}),
        ("default", "calibration_error", 0.051, {"calibration_error"}),
        ("default", "excess_sharpe_low", 0.0, {"excess_sharpe_low"}),
        ("reference", "accuracy", 0.649, {"accuracy"}),
        ("reference", "macro_f1", 0.649, {"macro_f1"}),
        ("strict", "deflated_sharpe", 0.949, {"deflated_sharpe"}),
        ("strict", "overfitting", 0.5, {"overfitting"}),
        ("strict", "calibration_error", 0.031, {"calibration_error"}),
        ("auto_retrain", "macro_f1", 0.65, {"macro_f1"}),
        ("auto_retrain", "accuracy", 0.70, {"accuracy"}),
    ],
)
def test_presets_fail_what_falls_short(preset: str, key: str, value: float, failing: set[str]) -> None:
    assert _fails(preset, **{key: value}) == failing


@pytest.mark.parametrize(
    ("preset", "name", "key", "at"),
    [
        ("default", "champion_log_loss", "log_loss", 0.9),
        ("strict", "champion_log_loss", "log_loss", 0.9),
        ("auto_retrain", "champion_accuracy", "accuracy", 0.72),
        ("auto_retrain", "champion_macro_f1", "macro_f1", 0.63),
    ],
)
def test_presets_at_above_and_below_what_the_champion_allows(preset: str, name: str, key: str, at: float) -> None:
    worse = 1 if key == "log_loss" else -1
    for figure, failing in ((at, set()), (at + 0.001 * worse, {name}), (at - 0.001 * worse, set())):
        assert _fails(preset, _against(**{key: figure})) == failing


@pytest.mark.parametrize("preset", ["default", "strict"])
@pytest.mark.parametrize(("p_value", "failing"), [(0.05, set()), (0.0501, {"champion_p_value"}), (0.0499, set())])
def test_the_p_value_against_the_champion_at_its_level(preset: str, p_value: float, failing: set[str]) -> None:
    assert _preset(preset).level == 0.05
    comparison = CHAMPION._replace(figures=dict(CHAMPION.figures) | {"p_value": p_value})
    assert _fails(preset, comparison) == failing


@pytest.mark.parametrize("preset", PRESETS)
def test_an_undefined_figure_fails_and_says_so(preset: str) -> None:
    figures = {key for source in ("validation", "backtest") for key in GOOD[source]["ensemble"]}
    for name, criterion in _preset(preset).criteria.items():
        if criterion.metrics not in ("validation", "backtest") or criterion.max_drop is not None:
            continue
        assert criterion.key in figures
        gate = _preset(preset)
        table = _judge(gate, _metrics(**{criterion.key: None}))
        assert table.loc[name, "verdict"] == "fail"
        assert "undefined for ensemble" in table.loc[name, "description"]
        assert gate_metrics(gate, table, None)["ensemble"]["accepted"] == 0


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ((7, 2.51234, 2), "cannot be decided: 7 episodes, worth 2.5; 2 more are needed"),
        ((4, 4.0, 1), "cannot be decided: 4 episodes; 1 more is needed"),
        ((1, 1.0, 4), "cannot be decided: 1 episode; 4 more are needed"),
        ((9, 4.5, 0), "undefined for ensemble"),
        ((0, 0.0, None), "undefined for ensemble"),
    ],
)
def test_too_few_crises_fail_and_the_description_counts_them(cases: tuple[float | None, ...], said: str) -> None:
    metrics = _metrics(crash_skill_regime_prior=None, calibration_error=None)
    named = ("crash_episodes", "crash_effective_episodes", "crash_more_episodes")
    metrics["validation"]["ensemble"] |= dict(zip(named, cases, strict=True))
    table = _judge(_preset("default"), metrics)
    crash, other = table.loc["crash_skill_regime_prior"], table.loc["calibration_error"]
    assert crash["description"] == f"Log-loss skill in crashes against past label frequencies of crashes; {said}"
    assert (crash["verdict"], other["verdict"]) == ("fail", "fail")
    assert other["description"].endswith("; undefined for ensemble")


def test_the_auto_retrain_preset_would_still_pass_a_candidate_as_good_as_a_weak_champion() -> None:
    assert _fails("auto_retrain", _against("champion", accuracy=0.5, macro_f1=0.4), accuracy=0.71) == set()


def test_a_criterion_is_one_entry_of_the_yaml_file() -> None:
    settings = yaml.safe_load((config.CONF / "gate/default.yaml").read_text())
    entry = {"description": "Deepest fall", "metrics": "backtest", "key": "max_drawdown", "rule": "above"}
    settings["criteria"]["drawdown"] = entry | {"_target_": "barograph.gate.Criterion", "threshold": -0.1}
    gate: Gate = config.build(settings, "gate")
    table = _judge(gate, GOOD)
    assert table.index.tolist() == [*_preset("default").criteria, "drawdown"]
    row = table.loc["drawdown", ["description", "figure", "rule", "threshold", "verdict", "majority_figure"]]
    assert row.tolist() == ["Deepest fall", -0.2, "above", -0.1, "fail", -0.5]
    found = gate_metrics(gate, table, None)["ensemble"]
    assert (found["drawdown"], found["accepted"]) == ({"figure": -0.2, "threshold": -0.1, "passed": 0}, 0)


@pytest.mark.parametrize("preset", ["default", "auto_retrain"])
def test_without_a_champion_what_is_relative_does_not_apply(preset: str) -> None:
    gate = _preset(preset)
    table = _judge(gate, GOOD, champion=None)
    relative = [name for name, criterion in gate.criteria.items() if criterion.relative]
    assert set(table.index[table["verdict"] == "not_applicable"]) == set(relative) != set()
    dropped = [name for name in relative if gate.criteria[name].max_drop is not None]
    assert table.loc[dropped, "threshold"].isna().all()
    assert table.loc[relative, "description"].str.endswith("; no champion yet").all()
    assert (table.loc[relative, "majority_verdict"] == "not_applicable").all()
    found = gate_metrics(gate, table, None)["ensemble"]
    assert (found["accepted"], found["not_applicable"]) == (1, len(relative))
    assert found["passed"] == len(table) - len(relative)


@pytest.mark.parametrize(
    ("rule", "verdicts"),
    [
        ("at_least", "fail pass pass"),
        ("above", "fail fail pass"),
        ("at_most", "pass pass fail"),
        ("below", "pass fail fail"),
    ],
)
def test_rules_at_their_boundary(rule: str, verdicts: str) -> None:
    gate = _gate(rule=rule, threshold=0.5)
    found = [_judge(gate, _metrics(accuracy=figure))["verdict"].iloc[0] for figure in (0.4999, 0.5, 0.5001)]
    assert found == verdicts.split()


@pytest.mark.parametrize(
    ("rule", "threshold"), [("at_least", 0.375), ("above", 0.375), ("at_most", 0.625), ("below", 0.625)]
)
def test_a_drop_is_a_share_of_the_champions_figure_for_the_worse(rule: str, threshold: float) -> None:
    row = _judge(_gate(rule=rule, max_drop=0.25), GOOD, _against("champion", accuracy=0.5)).iloc[0]
    assert (row["figure"], row["threshold"]) == (0.78, threshold)
    assert row["description"] == "made up; the champion is lightgbm of v1.2.0, on 250 dates since its promotion"


def test_an_undefined_figure_of_the_champion_fails() -> None:
    row = _judge(_gate(key="auc", max_drop=0.1), GOOD | {"validation": AUC}).iloc[0]
    assert row["verdict"] == row["majority_verdict"] == "fail"
    assert row["description"] == "made up; undefined for the champion lightgbm of v1.2.0"


@pytest.mark.parametrize("preset", ["default", "strict", "auto_retrain"])
def test_the_champion_itself_is_not_held_against_itself(preset: str) -> None:
    gate, itself = _preset(preset), Comparison("ensemble of v1.2.0", itself=True)
    table = _judge(gate, GOOD, itself)
    relative = [name for name, criterion in gate.criteria.items() if criterion.relative]
    assert (table.loc[relative, "verdict"] == "not_applicable").all()
    assert table.loc[relative, "description"].str.endswith("; this is the champion, ensemble of v1.2.0").all()
    assert gate_metrics(gate, table, itself)["ensemble"]["accepted"] == 1


@pytest.mark.parametrize("preset", ["default", "strict", "auto_retrain"])
def test_a_champion_that_cannot_be_judged_stops_the_candidate_and_the_reason_is_told(preset: str) -> None:
    gate, missing = _preset(preset), Comparison("svm of v1.1.0", reason="models/svm is not in the cache")
    table = _judge(gate, GOOD, missing)
    relative = [name for name, criterion in gate.criteria.items() if criterion.relative]
    assert (table.loc[relative, "verdict"] == "fail").all()
    assert table.loc[relative, "description"].str.endswith("; cannot be judged: models/svm is not in the cache").all()
    found = gate_metrics(gate, table, missing)["ensemble"]
    assert (found["accepted"], "champion" in found) == (0, False)


def test_the_figures_of_the_comparison_are_among_the_metrics() -> None:
    gate = _preset("default")
    found = gate_metrics(gate, _judge(gate, GOOD), CHAMPION)["ensemble"]
    assert found["champion"] == CHAMPION.figures | {"log_loss": 0.89, "champion_log_loss": 0.9}
    assert found["champion_log_loss"] == {"figure": 0.89, "threshold": 0.9, "passed": 1}
    assert found["champion_p_value"] == {"figure": 0.04, "threshold": 0.05, "passed": 1}


def test_the_majority_stands_beside_the_candidate() -> None:
    table = _judge(_preset("auto_retrain"), GOOD)
    assert table["majority_figure"].tolist() == [0.29, 0.75, 0.29, 0.75]
    assert table["majority_verdict"].tolist() == ["fail", "pass", "fail", "pass"]
    honest = _judge(_preset("default"), GOOD)["majority_verdict"]
    assert set(honest.index[honest == "pass"]) == {"calibration_error"}
    assert honest["crash_skill_regime_prior"] == honest["skill_structural_low"] == "fail"


def test_drift_criteria() -> None:
    shared = _judge(_gate(metrics="drift", key="features.latest_alarms", rule="at_most", threshold=-1), GOOD).iloc[0]
    assert (shared["figure"], shared["verdict"], shared["majority_verdict"]) == (0, "fail", "fail")
    undefined = _judge(_gate(metrics="drift", key="features.moved_share", threshold=0.0), GOOD).iloc[0]
    assert undefined["verdict"] == "fail"
    own = _judge(_gate(metrics="drift", key="js_latest", rule="below", threshold=0.15), GOOD).iloc[0]
    assert (own["figure"], own["verdict"], own["majority_verdict"]) == (0.1, "pass", "not_applicable")
    assert pd.isna(own["majority_figure"])


def test_the_table_has_the_columns_of_the_contract_and_the_metrics_are_plain() -> None:
    gate = _preset("default")
    table = judge(gate, results(**_metrics(calibration_error=None)))
    assert table.columns.tolist() == [
        *("criterion", "description", "figure", "rule", "threshold", "verdict"),
        *("majority_figure", "majority_verdict", "slice"),
    ]
    found = json.loads(json.dumps(gate_metrics(gate, table, None), allow_nan=False))["ensemble"]
    assert found["calibration_error"] == {"figure": None, "threshold": 0.05, "passed": 0}
    assert found["skill_prior_low"] == {"figure": 0.02, "threshold": 0.0, "passed": 1}
    assert found["champion_log_loss"] == {"figure": 0.9, "threshold": None, "passed": None}
    assert [found[key] for key in ("accepted", "passed", "failed", "not_applicable")] == [0, 5, 1, 2]


@pytest.mark.parametrize("candidate", ["nobody", "prior", "universe"])
def test_refuses_a_candidate_that_is_no_predictor(candidate: str) -> None:
    gate = Gate(candidate=candidate, criteria=_preset("default").criteria)
    with pytest.raises(InputError, match=rf"gate\.candidate: {candidate} .*allowed are \['ensemble'\]"):
        _judge(gate, GOOD)


@pytest.mark.parametrize(
    ("metrics", "key", "allowed"),
    [
        ("validation", "acuracy", "accuracy"),
        ("backtest", "accuracy", "sharpe"),
        ("drift", "moved_share", "features.moved_share"),
    ],
)
def test_refuses_an_unknown_key(metrics: str, key: str, allowed: str) -> None:
    with pytest.raises(InputError) as error:
        _judge(_gate(metrics=metrics, key=key, threshold=0.5), GOOD)
    assert f"gate.criteria.only.key: the {metrics} metrics of ensemble lack {key}" in str(error.value)
    assert f"'{allowed}'" in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        *({}, {"threshold": 0.5, "max_drop": 0.1}, {"threshold": float("nan")}, {"max_drop": -0.1}),
        *({"threshold": 0.5, "rule": "over"}, {"threshold": 0.5, "metrics": "rumours"}),
        *({"metrics": "drift", "key": "js_latest", "max_drop": 0.1}, {"threshold": True}, {"threshold": "0.5"}),
        *({"metrics": "backtest", "key": "sharpe", "max_drop": 0.1}, {"key": "skill_prior", "max_drop": 0.1}),
        {"metrics": "champion", "key": "p_value", "threshold": 1.0},
    ],
)
def test_refuses_criteria_that_say_nothing_or_too_much(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _gate(**wrong)


def test_refuses_a_gate_without_criteria_and_a_name_that_is_taken() -> None:
    criterion = _preset("default").criteria["skill_prior_low"]
    for criteria in ({}, {"accepted": criterion}):
        with pytest.raises(ValidationError):
            Gate(candidate="ensemble", criteria=criteria)
