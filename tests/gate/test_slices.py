"""Criteria by regime, sector, exam and part of replay: the worst counts and is named; few cases decide nothing."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from barograph import config
from barograph.errors import InputError
from barograph.gate import Criterion, Gate, Results, judge
from barograph.names import PROBABILITIES
from barograph.validation import metrics, validate
from tests.gate.results import exams, replay, results, slices
from tests.validation.test_validation import SETTINGS, SYMBOLS

FIGURES = {"ensemble": {"accuracy": 0.8}, "svm": {"accuracy": 0.8}, "prior": {"accuracy": 0.7}}


def _judge(given: Results | None = None, candidate: str = "ensemble", **criterion: Any) -> pd.Series:
    settings = {"description": "made up", "metrics": "regimes", "key": "accuracy", "rule": "at_least", "threshold": 0.5}
    gate = Gate(candidate=candidate, criteria={"one": Criterion(**(settings | criterion))})
    given = given or results()
    return judge(gate, given._replace(validation=FIGURES, backtest=FIGURES)).iloc[0]


def _changed(table: pd.DataFrame, chosen: dict[str, str], **values: Any) -> pd.DataFrame:
    rows = np.logical_and.reduce([table[key] == value for key, value in chosen.items()])
    assert rows.sum() == 1
    table = table.copy()
    for key, value in values.items():
        table.loc[rows, key] = value
    return table


def _crash(**values: Any) -> Results:
    return results(slices=_changed(slices(), {"slice": "crash", "predictor": "ensemble"}, **values))


def test_the_worst_regime_counts_and_is_named() -> None:
    row = _judge(_crash(accuracy=0.4))
    assert (row["figure"], row["verdict"], row["slice"]) == (0.4, "fail", "crash")
    assert row["description"] == "made up; the worst is crash"
    assert (row["majority_figure"], row["majority_verdict"]) == (0.7, "pass")
    worst_of_low = _judge(_crash(accuracy=0.9), rule="at_most", threshold=0.85)
    assert (worst_of_low["figure"], worst_of_low["slice"], worst_of_low["verdict"]) == (0.9, "crash", "fail")


def test_one_regime_alone_can_be_asked_for() -> None:
    assert _judge(_crash(accuracy=0.4), only="normal")["verdict"] == "pass"
    row = _judge(_crash(accuracy=0.4), only="crash")
    assert (row["verdict"], row["description"]) == ("fail", "made up")


def test_what_meets_its_threshold_on_too_few_cases_is_not_decided() -> None:
    few = {"sufficient": False, "episodes": 7, "effective_episodes": 2.51, "more_episodes": 2}
    row = _judge(_crash(**few))
    assert (row["verdict"], row["slice"]) == ("fail", "crash")
    assert np.isnan(row["figure"])
    assert row["description"] == "made up; cannot be decided: crash has 7 episodes, worth 2.5; 2 more are needed"
    short = _judge(_crash(accuracy=0.4, **few))
    assert (short["figure"], short["description"]) == (0.4, "made up; the worst is crash")
    evidence = _judge(_crash(**few), key="sign_flip_p_regime_prior", rule="at_most", threshold=0.05)
    assert evidence["verdict"] == "pass"


def test_an_undefined_figure_fails_unless_another_slice_falls_short() -> None:
    row = _judge(_crash(accuracy=np.nan))
    assert (row["verdict"], row["description"]) == ("fail", "made up; undefined for ensemble in crash")
    both = _changed(_crash(accuracy=np.nan).slices, {"slice": "normal", "predictor": "ensemble"}, accuracy=0.1)
    assert _judge(results(slices=both))["slice"] == "normal"


def test_a_regime_that_never_came_decides_nothing() -> None:
    calm = slices()[lambda table: table["slice"] != "crash"]
    row = _judge(results(slices=calm), only="crash")
    assert (row["verdict"], row["majority_verdict"]) == ("fail", "not_applicable")
    assert row["description"] == "made up; cannot be decided: no row of ensemble in crash"


def test_sectors_are_other_rows_than_regimes() -> None:
    table = _changed(slices(), {"slice": "Energy", "predictor": "ensemble"}, accuracy=0.2)
    assert _judge(results(slices=table))["verdict"] == "pass"
    row = _judge(results(slices=table), metrics="sectors")
    assert (row["figure"], row["slice"], row["verdict"]) == (0.2, "Energy", "fail")


@pytest.mark.parametrize(("candidate", "sits"), [("ensemble", "vote"), ("svm", "svm")])
def test_exams_are_pooled_by_regime_and_the_vote_sits_those_of_the_ensemble(candidate: str, sits: str) -> None:
    table = _changed(exams(), {"exam": "crash", "predictor": sits}, accuracy=0.2)
    row = _judge(results(exams=table), candidate, metrics="exams")
    assert (row["figure"], row["slice"], row["verdict"]) == (0.2, "crash", "fail")
    alone = _judge(results(exams=table), candidate, metrics="exams", only="covid_crash_2020")
    assert alone["description"] == "made up; cannot be decided: covid_crash_2020 has 1 event; 4 more are needed"
    nobody = _judge(results(exams=pd.DataFrame()), candidate, metrics="exams")
    assert (nobody["verdict"], nobody["description"]) == (
        "fail",
        f"made up; cannot be decided: no row of {candidate} in exams",
    )


def test_replay_counts_for_each_model_of_the_ensemble() -> None:
    worse = {"model": "xgboost", "fold": "all", "part": "look_alikes"}
    given = results(replay=_changed(replay(), worse, improvement=-0.01))
    asked = {"metrics": "replay", "key": "improvement", "threshold": 0.0}
    row = _judge(given, **asked)
    assert (row["verdict"], row["slice"], row["majority_verdict"]) == ("fail", "xgboost look_alikes", "not_applicable")
    assert _judge(given, **asked, only="others")["verdict"] == "pass"
    assert _judge(given, "svm", **asked)["verdict"] == "pass"
    nothing = _judge(results(replay=pd.DataFrame({"model": []})), **asked)
    assert (nothing["verdict"], nothing["description"]) == ("not_applicable", "made up; ensemble replays nothing")


SLICED = {
    "strict": {
        "regime_skill": ("slices", "normal", "skill_regime_prior", 0.0),
        "crash_evidence": ("slices", "crash", "sign_flip_p_regime_prior", 0.05),
        "sector_skill": ("slices", "Utilities", "skill_regime_prior", 0.0),
        "exam_skill": ("exams", "recovery", "skill_regime_prior", 0.0),
    },
    "reference": {
        "crash_accuracy": ("slices", "crash", "accuracy", 0.65),
        "sector_accuracy": ("slices", "Energy", "accuracy", 0.55),
        "replay_improvement": ("replay", "look_alikes", "improvement", 0.0),
    },
}


@pytest.mark.parametrize(("preset", "name"), [(preset, name) for preset, names in SLICED.items() for name in names])
@pytest.mark.parametrize("side", [-1, 0, 1])
def test_presets_at_above_and_below_their_thresholds(preset: str, name: str, side: int) -> None:
    gate: Gate = config.build(yaml.safe_load((config.CONF / f"gate/{preset}.yaml").read_text()), "gate")
    table, slice_, key, threshold = SLICED[preset][name]
    assert gate.criteria[name].threshold == threshold
    chosen = {
        "slices": {"slice": slice_, "predictor": "ensemble"},
        "exams": {"kind": "regime", "exam": slice_, "predictor": "vote"},
        "replay": {"model": "svm", "fold": "all", "part": slice_},
    }[table]
    given = results()
    given = given._replace(**{table: _changed(getattr(given, table), chosen, **{key: threshold + 0.001 * side})})
    one = Gate(candidate="ensemble", criteria={name: gate.criteria[name]})
    row = judge(one, given._replace(validation=FIGURES, backtest=FIGURES)).iloc[0]
    better = -side if gate.criteria[name].rule == "at_most" else side
    assert row["verdict"] == ("fail" if better < 0 else "pass")


def _crashing() -> dict[str, pd.DataFrame]:
    """Nine crashes of 25 days in twelve years, and a candidate that knows the truth."""
    dates = pd.bdate_range("2000-01-03", periods=12 * 261).astype("datetime64[us]")
    regime = np.full(dates.size, "normal", dtype=object)
    for start in range(300, 3000, 300):
        regime[start : start + 25] = "crash"
    grid = pd.MultiIndex.from_product([dates, SYMBOLS], names=["date", "symbol"]).to_frame(index=False)
    rng = np.random.default_rng(3)
    truth = rng.dirichlet([3, 4, 3], size=len(grid))
    label = (rng.random(len(grid))[:, None] > truth.cumsum(axis=1)[:, :2]).sum(axis=1).astype(np.int8)
    plain = np.tile([0.3, 0.4, 0.3], (len(grid), 1))
    said = {"prior": plain, "regime_prior": plain, "structural": 0.9 * plain + 0.1 * truth, "ensemble": truth}
    fold = (grid["date"].dt.year - 2000).astype(np.int32)
    return {
        "predictions": pd.concat(
            [
                grid.assign(predictor=name, fold=fold, **dict(zip(PROBABILITIES, p.T, strict=True)))
                for name, p in said.items()
            ],
            ignore_index=True,
        ),
        "labels": grid.assign(label=label),
        "regimes": pd.DataFrame({"date": dates, "regime": pd.array(regime, dtype="str")}),
        "universe": pd.DataFrame({"symbol": SYMBOLS, "gics_sector": "Energy"}),
        "archive": grid.iloc[:0].assign(label=label[:0], event=pd.array([], dtype="str")),
    }


@pytest.mark.parametrize("preset", ["default", "strict"])
def test_a_model_made_worse_only_in_crashes_is_rejected_and_the_regime_is_named(preset: str) -> None:
    settings = yaml.safe_load((config.CONF / f"gate/{preset}.yaml").read_text())
    wanted = [
        name
        for name, one in settings["criteria"].items()
        if one["metrics"] in ("validation", "regimes", "sectors") and "max_drop" not in one
    ]
    gate: Gate = config.build(settings | {"criteria": {name: settings["criteria"][name] for name in wanted}}, "gate")
    world = _crashing()
    table = world["predictions"]
    in_crash = table["date"].isin(world["regimes"].loc[world["regimes"]["regime"] == "crash", "date"])
    spoiled = table.copy()
    wrong = in_crash & (table["predictor"] == "ensemble")
    spoiled.loc[wrong, PROBABILITIES] = spoiled.loc[wrong, ["p_buy", "p_hold", "p_sell"]].to_numpy()
    fails = []
    for predictions in (table, spoiled):
        found = validate(
            **world | {"predictions": predictions}, settings=replace(SETTINGS, episode_gap_days=20), seed=1
        )
        figures = metrics(found)
        money = {name: {} for name in figures}
        verdicts = judge(gate, results(validation=figures, backtest=money, slices=found.slices)).set_index("criterion")
        fails.append(verdicts[verdicts["verdict"] == "fail"])
    assert fails[0].empty
    named = {"default": {"crash_skill_regime_prior"}, "strict": {"regime_skill", "crash_evidence"}}[preset]
    assert set(fails[1].index) == named
    assert all("crash" in f"{row['slice']} {row['description']}" for _, row in fails[1].iterrows())


def test_refuses_a_key_that_the_table_lacks() -> None:
    with pytest.raises(
        InputError,
        match=r"gate\.criteria\.one\.key: the regimes metrics of ensemble lack acc; allowed are .*'accuracy'",
    ):
        _judge(key="acc")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"metrics": "validation", "only": "crash"}, "only is not for validation metrics"),
        ({"only": "boom"}, "only: boom is no regime"),
        ({"threshold": None, "max_drop": 0.1}, "max_drop is not for regimes metrics"),
    ],
)
def test_refuses_criteria_that_contradict_themselves(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        _judge(**wrong)
