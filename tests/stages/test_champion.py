"""The champion's stage: who is there, what it says of which days, and why it says nothing."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from barograph import tables
from barograph.champion import CHAMPION, CHAMPION_PREDICTIONS, CHAMPION_STATUS
from barograph.errors import InputError
from barograph.latest.schema import LATEST, LATEST_MODEL
from barograph.stages import champion
from barograph.stages.stage import Stage

DAYS = pd.bdate_range("2024-02-01", periods=30).astype("datetime64[us]")
TRAINED = DAYS[9]
PROMOTED = {
    "predictor": "ensemble",
    "version": "v1.0.0",
    "since": f"{DAYS[19]:%F}",
    "files": {"models/svm": "ab.dir", "models/ensemble": "cd.dir", "data/folds.parquet": "ef", "data/latest": "01.dir"},
    "validation": {},
    "backtest": {},
}
FEATURES = {"names": ["ret_5"]}


def _said(dates: pd.DatetimeIndex, shift: float = 0.0) -> pd.DataFrame:
    """Give two symbols' predictions, different on every date."""
    rows = pd.MultiIndex.from_product([["A", "B"], dates], names=["symbol", "date"]).to_frame(index=False)
    sell = 0.2 + 0.001 * rows["date"].dt.day_of_year + shift
    return rows.assign(p_sell=sell, p_hold=0.5, p_buy=0.5 - sell)


class Project:
    """A folder with a champion, whose models predict by :func:`_said`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings: dict[str, Any] = {"features": FEATURES}
        self.fetched: dict[str, str] = {}
        self.promote()

    def promote(self, **changes: Any) -> None:
        path = self.root / CHAMPION
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(PROMOTED | changes))
        (path.parent / "params.yaml").write_text("")

    def newest(self, shift: float) -> None:
        said = _said(DAYS[-5:], shift)
        tables.write(LATEST, said.assign(predictor="ensemble"), self.root)
        tables.write(LATEST_MODEL, said, self.root, model="svm")

    def fetch(self, root: Path, files: Mapping[str, str], folder: Path) -> str:
        assert root == self.root
        assert folder.is_dir()
        self.fetched = dict(files)
        return "the local cache"

    def read_version(self, folder: Path, name: str) -> SimpleNamespace:
        assert (folder / "params.yaml").is_file()
        assert name.endswith(" of v1.0.0")
        regime = SimpleNamespace(table=lambda context: context)
        return SimpleNamespace(settings=self.settings, span=(DAYS[0], TRAINED), build={"regime": regime}.__getitem__)

    def predict(self, version: Any, features: pd.DataFrame, *others: pd.DataFrame) -> pd.DataFrame:
        assert version.span[1] == TRAINED
        assert len(others) == 3
        assert (features["date"] > TRAINED).all()
        said = _said(DAYS).merge(features[["symbol", "date"]], on=["symbol", "date"])
        return pd.concat([said.assign(predictor="ensemble"), said.assign(predictor="svm", p_hold=0.4)])

    def run(self, candidate: str = "ensemble") -> tuple[str, dict[str, Any], pd.DataFrame]:
        stage = Stage({"features": FEATURES, "gate.candidate": candidate}, self.root, self.root, None)
        line: str = champion.main.__wrapped__(stage)  # type: ignore[attr-defined]
        return line, json.loads((self.root / CHAMPION_STATUS).read_text()), tables.read(CHAMPION_PREDICTIONS, self.root)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made, read = Project(tmp_path), Stage.read
    for name in ("fetch", "read_version", "predict"):
        monkeypatch.setattr(champion, name, getattr(made, name))
    rows = _said(DAYS)[["symbol", "date"]]
    inputs = {table.path for table in (champion.FEATURES, champion.BARS, champion.CONTEXT)}
    monkeypatch.setattr(
        Stage, "read", lambda self, table, **names: rows if table.path in inputs else read(self, table, **names)
    )
    return made


def test_without_a_champion_the_table_has_no_rows(project: Project) -> None:
    (project.root / CHAMPION).unlink()
    line, status, said = project.run()
    assert line == "no champion yet"
    assert status == {"state": "none", "reason": "", "champion": None}
    assert said.empty


def test_a_champion_predicts_the_days_after_its_promotion(project: Project) -> None:
    project.newest(shift=0.01)
    line, status, said = project.run()
    assert line == "ensemble of v1.0.0 predicts 10 dates since its promotion"
    assert status == {"state": "available", "reason": "", "champion": "ensemble of v1.0.0"}
    pd.testing.assert_frame_equal(said, _said(DAYS[20:]), check_dtype=False)
    assert project.fetched == {path: md5 for path, md5 in PROMOTED["files"].items() if path != "data/latest"}


def test_a_candidate_that_says_the_same_to_the_bit_is_the_champion_itself(project: Project) -> None:
    project.newest(shift=0.0)
    line, status, said = project.run()
    assert (line, status["state"]) == ("ensemble of v1.0.0 is the candidate itself", "itself")
    assert said.empty
    project.newest(shift=1e-16 + np.spacing(0.3))
    assert project.run()[1]["state"] == "available"


def test_a_candidate_that_predicts_days_of_the_champions_training_is_another(project: Project) -> None:
    tables.write(LATEST, _said(DAYS[5:]).assign(predictor="ensemble"), project.root)
    assert project.run()[1]["state"] == "available"


def test_another_predictor_of_the_same_models_is_not_the_champion(project: Project) -> None:
    project.newest(shift=0.0)
    assert project.run(candidate="svm")[1]["state"] == "available"
    project.promote(predictor="svm")
    _, status, said = project.run(candidate="ensemble")
    assert (status["champion"], status["state"]) == ("svm of v1.0.0", "available")
    assert (said["p_hold"] == 0.4).all()


def test_on_the_day_of_the_promotion_there_is_nothing_to_compare(project: Project) -> None:
    project.newest(shift=0.01)
    project.promote(since=f"{DAYS[-1]:%F}")
    _, status, said = project.run()
    assert status["state"] == "available"
    assert said.empty


def test_models_that_cannot_be_had_are_told_with_the_reason(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*given: Any) -> str:
        raise InputError("models/svm: ab.dir is missing in the local cache, and no DVC remote is configured")

    monkeypatch.setattr(champion, "fetch", missing)
    line, status, said = project.run()
    reason = "models/svm: ab.dir is missing in the local cache, and no DVC remote is configured"
    assert line == f"ensemble of v1.0.0 cannot be judged: {reason}"
    assert status == {"state": "unavailable", "reason": reason, "champion": "ensemble of v1.0.0"}
    assert said.empty


def test_features_of_other_settings_are_not_predicted_with(project: Project) -> None:
    project.settings = {"features": {"names": ["ret_10"]}}
    assert project.run()[1]["reason"] == "features: their settings are not those of ensemble of v1.0.0"


def test_lost_settings_are_told_with_what_brings_them_back(project: Project) -> None:
    (project.root / "models/champion/params.yaml").unlink()
    reason = project.run()[1]["reason"]
    assert reason.endswith("no such file; `git checkout HEAD -- models/champion/params.yaml` brings it back")


def test_a_malformed_champion_ends_in_one_line(project: Project) -> None:
    (project.root / CHAMPION).write_text("{}")
    with pytest.raises(InputError, match=r"models/champion/metrics\.json: predictor"):
        project.run()
