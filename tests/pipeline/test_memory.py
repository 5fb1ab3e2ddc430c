"""Other memories, and the memory study beside the pipeline."""

import shutil

import pandas as pd
import pytest

from tests.causality.written_tables import violations

from .conftest import MODELS, table

pytestmark = pytest.mark.smoke


def test_replay_shows_what_was_wrong_again_and_says_what_that_was_worth(clone):
    dropped = {"random_forest", "lightgbm"}
    clone.run("dvc", "exp", "run", "-S", "memory=replay", *(f"--set-param=~models.{name}" for name in dropped))
    assert violations(clone.folder) == []
    replayed = table(clone, "data/replay/logistic_regression.parquet")
    assert len(replayed)
    worth = pd.read_csv(clone.folder / "reports/validation/replay_improvement.csv")
    assert set(worth["model"]) == MODELS - dropped
    with_replay = table(clone, "data/predictions/logistic_regression.parquet")
    without = table(clone, "data/unreplayed/logistic_regression.parquet")
    assert with_replay[["symbol", "date", "fold"]].equals(without[["symbol", "date", "fold"]])
    first = with_replay["fold"] == replayed["fold"].min()
    earlier = with_replay["fold"] < replayed["fold"].min()
    assert with_replay[earlier].equals(without[earlier])
    assert not with_replay[first].equals(without[first])


def test_the_memory_study_runs_beside_the_pipeline_and_shows_in_the_report(clone):
    study, folder = "studies/ablation/dvc.yaml", clone.folder / "studies/ablation"
    assert clone.run("dvc", "repro", study).count("Running stage") == 4
    ours = table(clone, "studies/ablation/predictions/hybrid.parquet").drop(columns=["model", "seed"])
    assert ours.equals(table(clone, "data/predictions/logistic_regression.parquet")), "the pipeline's own memory"
    differences = (folder / "differences.csv").read_bytes()
    found = pd.read_csv(folder / "differences.csv")
    assert set(zip(found["option"], found["reference"], strict=True)) == {("replay", "none"), ("hybrid", "none")}
    assert set(found["model"]) == {"logistic_regression", "vote"}
    assert set(found["calibration"]) == {"raw", "recalibrated"}
    assert "Running stage" not in clone.run("dvc", "repro", study)
    clone.run("dvc", "repro", "--force", "--single-item", f"{study}:option@replay", f"{study}:differences")
    assert (folder / "differences.csv").read_bytes() == differences
    for name in ("headline.csv", "facts.json"):
        shutil.copy(folder / name, clone.folder / "studies/published" / name)
    assert clone.run("dvc", "repro").count("Running stage") == 1
    assert "studies/ablation/index.html" in (clone.folder / "reports/index.html").read_text()
