"""Experiments as a user types them."""

import json
import re

import pytest

from tests.causality.written_tables import violations

from .conftest import BASELINES, metrics, table

pytestmark = pytest.mark.smoke


def test_a_model_of_the_users_takes_anothers_place_and_an_experiment_shows_what_changed(clone):
    page = (clone.folder / "docs/models.md").read_text()
    code = next(block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "SmallTree" in block)
    settings = next(block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "SmallTree" in block)
    (clone.folder / "mine.py").write_text(code)
    (clone.folder / "conf/model/mine.yaml").write_text(settings)
    overrides = ("+model@models.mine=mine", "~models.random_forest", "~models.lightgbm", "memory=none")
    clone.run("dvc", "exp", "run", "-n", "forgetful", *(f"--set-param={override}" for override in overrides))
    assert set(metrics(clone)) == {"logistic_regression", "mine", "ensemble", *BASELINES}
    assert (clone.folder / "reports/shap/mine/importance.csv").is_file()
    assert set(table(clone, "data/samples.parquet")["source"]) == {"window"}
    assert violations(clone.folder) == []
    assert table(clone, "data/folds.parquet")["train_start"].nunique() > 1
    changed = json.loads(clone.run("dvc", "metrics", "diff", "--json"))
    validation = changed["reports/metrics/validation.json"]
    assert "ensemble.log_loss" in validation
    # Resamples of all predictors are one matrix product, whose rounding depends on how many there are.
    of_prior = {key: abs(value["diff"]) for key, value in validation.items() if key.startswith("prior.")}
    assert max(of_prior.values(), default=0) < 1e-14, "a baseline does not depend on the memory"
    shown = clone.run("dvc", "exp", "show", "--only-changed", "--csv")
    assert "forgetful" in shown
    assert "memory.window.years" in shown
