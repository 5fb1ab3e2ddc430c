"""The queue of experiments, and sweeps by hand."""

import json
import re

import numpy as np
import pytest
import yaml

from .conftest import Clone, table

pytestmark = pytest.mark.smoke


AFTER_TRAINING = {"ensemble", "validate", "drift", "backtest", "explain@lightgbm", "champion", "gate", "report"}


@pytest.mark.parametrize("leaves", [(3,), pytest.param((3, 7), marks=pytest.mark.long)])
def test_queued_experiments_run_their_own_settings_and_no_other_stage(clone, leaves):
    clone.run("dvc", "exp", "run", "--queue", "-S", f"models.lightgbm.params.num_leaves={','.join(map(str, leaves))}")
    clone.run("dvc", "queue", "start", "--jobs", str(len(leaves)))
    ran = [set(re.findall(r"Running stage '(.*?)'", log)) for log in _logs(clone)]
    changed = {"tune@lightgbm", "train@lightgbm", *AFTER_TRAINING}
    assert {frozenset(stages) for stages in ran} == {frozenset(changed if each == 3 else ()) for each in leaves}
    names = [line.split()[1] for line in clone.run("dvc", "queue", "status").splitlines() if "Success" in line]
    assert len(names) == len(leaves)
    predicted = {7: table(clone, "data/predictions/lightgbm.parquet")["p_buy"]}
    for name in names:
        clone.run("dvc", "exp", "apply", name)
        params = yaml.safe_load((clone.folder / "params.yaml").read_text())
        chosen = params["models"]["lightgbm"]["params"]["num_leaves"]
        assert json.loads((clone.folder / "models/lightgbm/model.json").read_text())["params"]["num_leaves"] == chosen
        found = table(clone, "data/predictions/lightgbm.parquet")["p_buy"]
        assert found.equals(predicted.setdefault(chosen, found)), "the default's are those of the pipeline"
        clone.run("git", "restore", "--staged", "--worktree", ".")
        clone.run("dvc", "checkout")
    assert set(predicted) == {3, 7}
    assert not np.array_equal(predicted[3], predicted[7])


def _logs(clone: Clone) -> list[str]:
    """Follow each task's log until it ends, which waits without sleeping."""
    lines = [line.split() for line in clone.run("dvc", "queue", "status").splitlines()]
    tasks = [words[0] for words in lines if words and words[-1] in {"Queued", "Running", "Success"}]
    return [clone.run("dvc", "queue", "logs", "--follow", task) for task in tasks]


def test_training_by_hand_leaves_the_pipelines_outputs_alone(clone):
    before = (clone.folder / "dvc.lock").read_bytes()
    sweep = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "model=lightgbm,logistic_regression")
    launched = clone.run("python", "-m", "barograph.stages.train", "-m", *sweep)
    assert launched.count("skill against prior") == 2
    assert list(clone.folder.glob("multirun/*/*/*/data/predictions/lightgbm.parquet"))
    assert "Running stage" not in clone.run("dvc", "repro")
    assert (clone.folder / "dvc.lock").read_bytes() == before
    assert clone.run("git", "status", "--porcelain") == ""
