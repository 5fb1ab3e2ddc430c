"""The gate's stage: what it writes, its closing line, the champion's file."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from barograph import config, tables
from barograph.champion import CHAMPION_PREDICTIONS
from barograph.ensemble.schema import ENSEMBLE_PREDICTIONS
from barograph.errors import InputError
from barograph.labels.schema import LABELS
from barograph.stages import gate
from barograph.stages.stage import Stage
from barograph.training.schema import PREDICTIONS
from tests.gate.results import exams, slices

FIGURES = {
    "accuracy": 0.6,
    "macro_f1": 0.3,
    "log_loss": 1.0,
    "skill_prior_low": 0.02,
    "skill_regime_prior_low": 0.01,
    "skill_structural_low": -0.01,
    "crash_skill_regime_prior": None,
    "calibration_error": 0.02,
}
MONEY = {"excess_sharpe_low": -0.3084, "sharpe": 1.2, "max_drawdown": -0.2}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    holders = {
        "validation": {"ensemble": FIGURES, "prior": FIGURES},
        "backtest": {"ensemble": MONEY, "prior": MONEY},
        "drift": {"features": {}, "regimes": {}},
    }
    for name, metrics in holders.items():
        path = tmp_path / f"reports/metrics/{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(metrics))
    tables = {"slices": slices(), "exam": exams(), "replay_improvement": pd.DataFrame({"model": []})}
    for name, table in tables.items():
        path = tmp_path / f"reports/validation/{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(path, index=False)
    _champion(tmp_path, "none")
    return tmp_path


def _champion(project: Path, state: str, reason: str = "") -> None:
    path = project / "data/champion/status.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    name = None if state == "none" else "svm of v1.0.0"
    path.write_text(json.dumps({"state": state, "reason": reason, "champion": name}))


def _run(project: Path, preset: str = "default") -> str:
    section = yaml.safe_load((config.CONF / f"gate/{preset}.yaml").read_text())
    line: str = gate.main.__wrapped__(Stage({"gate": section}, project, project, None))  # type: ignore[attr-defined]
    return line


def test_a_rejection_is_told_in_one_line_with_figures(project: Path) -> None:
    assert _run(project) == (
        "ensemble rejected: 3 of 8 criteria pass, 2 not applicable; fails "
        "skill_structural_low (-0.01, must be above 0), "
        "crash_skill_regime_prior (undefined, must be at least 0), excess_sharpe_low (-0.308, must be above 0)"
    )
    found = json.loads((project / "reports/metrics/gate.json").read_text())["ensemble"]
    assert (found["accepted"], found["passed"], found["failed"], found["not_applicable"]) == (0, 3, 3, 2)
    table = pd.read_csv(project / "reports/gate/criteria.csv")
    assert table["verdict"].tolist() == ["pass", "pass", "fail", "fail", "pass", "fail", *["not_applicable"] * 2]


def test_too_few_crises_are_told_with_their_number(project: Path) -> None:
    path = project / "reports/metrics/validation.json"
    crashes = {"crash_episodes": 7, "crash_effective_episodes": 2.51, "crash_more_episodes": 2}
    path.write_text(json.dumps({"ensemble": FIGURES | crashes, "prior": FIGURES}))
    assert ", crash_skill_regime_prior (cannot be decided: 7 episodes, worth 2.5; 2 more are needed), " in _run(project)


def test_the_worst_slice_is_told_with_its_figure(project: Path) -> None:
    path = project / "reports/validation/slices.csv"
    table = slices()
    table.loc[(table["slice"] == "crash") & (table["predictor"] == "ensemble"), "accuracy"] = 0.587
    table.to_csv(path, index=False)
    (project / "reports/metrics/drift.json").write_text(json.dumps({"ensemble": {"js_latest": 0.25}}))
    assert _run(project, "reference") == (
        "ensemble rejected: 1 of 6 criteria pass, 1 not applicable; fails accuracy (0.6, must be at least 0.65), "
        "crash_accuracy (0.587 in crash, must be at least 0.65), drift (0.25, must be at most 0.2), "
        "macro_f1 (0.3, must be at least 0.65)"
    )
    assert pd.read_csv(project / "reports/gate/criteria.csv")["slice"].dropna().tolist() == ["crash", "Energy"]


def test_an_acceptance_names_no_failure(project: Path) -> None:
    _champion(project, "itself")
    path = project / "reports/metrics/validation.json"
    good = FIGURES | {"accuracy": 0.71, "macro_f1": 0.66}
    path.write_text(json.dumps({"ensemble": good, "prior": FIGURES}))
    assert _run(project, "auto_retrain") == "ensemble accepted: 2 of 4 criteria pass, 2 not applicable"


def test_a_champion_that_cannot_be_judged_is_told_with_the_reason(project: Path) -> None:
    _champion(project, "unavailable", "models/svm is missing from the cache")
    reason = "(cannot be judged: models/svm is missing from the cache)"
    assert _run(project).endswith(f", champion_log_loss {reason}, champion_p_value {reason}")


@pytest.mark.parametrize("candidate", ["ensemble", "svm"])
def test_the_candidate_is_compared_on_the_days_since_the_promotion(project: Path, candidate: str) -> None:
    path = project / "reports/metrics/validation.json"
    path.write_text(json.dumps(dict.fromkeys(("ensemble", "svm", "prior"), FIGURES)))
    path = project / "reports/metrics/backtest.json"
    path.write_text(json.dumps(dict.fromkeys(("ensemble", "svm", "prior"), MONEY)))
    days = pd.bdate_range("2024-01-01", periods=60).astype("datetime64[us]")
    rows = pd.DataFrame({"symbol": "A", "date": days, "fold": 0, "p_sell": 0.2, "p_hold": 0.6, "p_buy": 0.2})
    better = {"p_sell": 0.1, "p_hold": 0.8, "p_buy": 0.1}
    exits = {"label": 1, "exit_date": days.shift(5)[:-5], "exit_reason": "time", "exit_return": 0.0, "uniqueness": 0.2}
    _champion(project, "available")
    tables.write(CHAMPION_PREDICTIONS, rows.drop(columns="fold")[20:], project)
    said = rows.assign(**better)
    ensemble = (said if candidate == "ensemble" else rows).assign(predictor="ensemble")
    tables.write(ENSEMBLE_PREDICTIONS, pd.concat([rows.assign(predictor="prior"), ensemble]), project)
    tables.write(PREDICTIONS, said, project, model="svm")
    tables.write(LABELS, rows[["symbol", "date"]][:-5].assign(**exits), project)
    section = yaml.safe_load((config.CONF / "gate/default.yaml").read_text()) | {"candidate": candidate}
    gate.main.__wrapped__(Stage({"gate": section}, project, project, None))  # type: ignore[attr-defined]
    found = json.loads((project / "reports/metrics/gate.json").read_text())[candidate]
    assert found["champion"]["dates"] == 35
    assert found["champion"]["log_loss"] == pytest.approx(-np.log(0.8))
    assert found["champion"]["champion_log_loss"] == pytest.approx(-np.log(0.6))
    assert found["champion_log_loss"]["passed"] == 1
    criteria = pd.read_csv(project / "reports/gate/criteria.csv").set_index("criterion")
    assert criteria.loc["champion_log_loss", "figure"] == found["champion"]["log_loss"]
    said_so = "; the champion is svm of v1.0.0, on 35 dates since its promotion"
    assert criteria.loc["champion_p_value", "description"].endswith(said_so)


def test_a_missing_table_leaves_nothing_half_written(project: Path) -> None:
    (project / "data/champion/status.json").unlink()
    with pytest.raises(InputError, match=r"data/champion/status\.json: no such file; run the stage that writes it"):
        _run(project)
    assert not (project / "reports/gate").exists()
    assert not (project / "reports/metrics/gate.json").exists()
