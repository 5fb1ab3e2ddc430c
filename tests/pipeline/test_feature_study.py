"""The feature study beside the pipeline."""

import json

import pandas as pd
import pytest

from .conftest import table

pytestmark = pytest.mark.smoke
STUDY = "studies/features/dvc.yaml"


def test_the_feature_study_runs_beside_the_pipeline(clone):
    folder = clone.folder / "studies/features"
    said = clone.run("dvc", "repro", STUDY)
    assert said.count("Running stage") == 6
    assert "without_fundamentals: no predictions, the data has no feature of the family fundamentals" in said
    ours = table(clone, "studies/features/predictions/all.parquet").drop(columns=["model", "seed"])
    assert ours.equals(table(clone, "data/predictions/logistic_regression.parquet")), "the pipeline's own features"
    facts = json.loads((folder / "facts.json").read_text())
    assert facts["left_out"] == {"without_fundamentals": "the data has no feature of the family fundamentals"}
    assert facts["features"]["structural_inputs"] == 11
    assert 11 < facts["features"]["without_context"] < facts["features"]["all"]
    found = pd.read_csv(folder / "differences.csv")
    compared = {("structural_inputs", "all"), ("without_context", "all")}
    assert set(zip(found["option"], found["reference"], strict=True)) == compared
    assert set(found["model"]) == {"logistic_regression", "vote"}
    summary = (folder / "summary.txt").read_text()
    assert "the structural baseline's eleven inputs" in summary
    assert "Running stage" not in clone.run("dvc", "repro", STUDY)
    clone.run("dvc", "repro", "--force", "--single-item", f"{STUDY}:option@without_context", f"{STUDY}:differences")
    assert (folder / "summary.txt").read_text() == summary
    for name in ("headline.csv", "facts.json"):
        (clone.folder / "studies/published/features" / name).write_bytes((folder / name).read_bytes())
    assert "Running stage" not in clone.run("dvc", "repro"), "the pipeline does not depend on the study"
    code = clone.folder / "src/barograph/feature_study/answer.py"
    code.write_text(code.read_text() + "\n")
    again = clone.run("dvc", "repro", STUDY)
    assert "option@" not in "".join(line for line in again.splitlines() if "Running stage" in line)
