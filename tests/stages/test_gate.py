"""The gate's stage: what it writes, its closing line, the champion's file."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from barograph import config
from barograph.errors import InputError
from barograph.stages import gate
from barograph.stages.stage import Stage
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
    return tmp_path


def _run(project: Path, preset: str = "default") -> str:
    section = yaml.safe_load((config.CONF / f"gate/{preset}.yaml").read_text())
    line: str = gate.main.__wrapped__(Stage({"gate": section}, project, project, None))  # type: ignore[attr-defined]
    return line


def _promote(project: Path, text: str) -> None:
    path = project / "models/champion/metrics.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)


def test_a_rejection_is_told_in_one_line_with_figures(project: Path) -> None:
    assert _run(project) == (
        "ensemble rejected: 3 of 7 criteria pass, 1 not applicable; fails "
        "skill_structural_low (-0.01, must be above 0), "
        "crash_skill_regime_prior (undefined, must be at least 0), excess_sharpe_low (-0.308, must be above 0)"
    )
    found = json.loads((project / "reports/metrics/gate.json").read_text())["ensemble"]
    assert (found["accepted"], found["passed"], found["failed"], found["not_applicable"]) == (0, 3, 3, 1)
    table = pd.read_csv(project / "reports/gate/criteria.csv")
    assert table["verdict"].tolist() == ["pass", "pass", "fail", "fail", "pass", "fail", "not_applicable"]


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
    _promote(project, json.dumps({"predictor": "svm", "validation": FIGURES, "backtest": MONEY}))
    path = project / "reports/metrics/validation.json"
    good = FIGURES | {"accuracy": 0.71, "macro_f1": 0.66}
    path.write_text(json.dumps({"ensemble": good, "prior": FIGURES}))
    assert _run(project, "auto_retrain") == "ensemble accepted: 4 of 4 criteria pass"


def test_a_malformed_champion_leaves_nothing_half_written(project: Path) -> None:
    _promote(project, '{"predictor": "svm"}')
    with pytest.raises(InputError, match=r"models/champion/metrics\.json: validation"):
        _run(project)
    assert not (project / "reports/gate").exists()
    assert not (project / "reports/metrics/gate.json").exists()
