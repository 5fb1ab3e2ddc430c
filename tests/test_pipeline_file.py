"""dvc.yaml says what the stages really use."""

import re

import pytest
import yaml

from barograph.stages.stage import COMMAND
from tests.dependencies import CONTRACT, PACKAGE, ROOT, STAGES, module, stale, used

MODELS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((ROOT / "conf/model").glob("*.yaml"))}
# Stages that read settings without building the objects that these describe, or build them from all of conf/.
UNBUILT = {"report", "ablation:option", "ablation:differences", "features:option"}
WALKS = {"ablation:option", "features:option"}
# Parts of sections that are plain values.
VALUES = {"features.release_lag", "gate.candidate"}


def _built(stage: dict) -> set[str]:
    """Give the packages of what a stage builds; of a section that it reads a part of, only objects are built."""
    sections = {section.partition(".")[0] for section in stage.get("params", []) if section not in VALUES} - {"models"}
    sections = {"strategy" if section == "strategies" else section for section in sections}
    conf = "".join(path.read_text() for name in sections for path in (ROOT / "conf" / name).glob("*.yaml"))
    return set(re.findall(r"_target_: barograph\.(\w+)", conf))


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_the_code_that_it_runs_and_on_no_other(name):
    stage, file = STAGES[name], f"stages/{module(STAGES[name])}.py"
    needed = {file, *used(PACKAGE / file)} | (set() if name in UNBUILT else _built(stage))
    if name in WALKS | {"champion"}:  # builds whatever models are configured, or were
        needed.add("models")
    needed -= {CONTRACT} if "models" in needed else set()
    declared = {dep.removeprefix("src/barograph/") for dep in stage["deps"] if dep.startswith("src/")}
    assert declared == needed


@pytest.mark.parametrize("name", ["tune", "train", "explain"])
def test_a_model_depends_on_the_contract_and_on_its_source_alone(name):
    deps = set(STAGES[name]["deps"])
    assert {f"src/barograph/{CONTRACT}", "${item.code}"} < deps
    assert "src/barograph/models" not in deps


@pytest.mark.parametrize("name", MODELS)
def test_a_model_names_the_file_of_its_class_and_uses_no_other_model(name):
    code, target = MODELS[name]["code"], MODELS[name]["_target_"].rpartition(".")[2]
    assert re.search(rf"^class {target}\b", (ROOT / code).read_text(), re.MULTILINE)
    declared = {dep.removeprefix("src/barograph/") for dep in STAGES["tune"]["deps"]}
    assert used(ROOT / code) <= declared


def _room(path) -> str:
    inside = path.relative_to(PACKAGE)
    return "/".join(inside.parts[: 2 if inside.parts[0] == "models" else 1])


ROOMS = {
    _room(path): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.parent != PACKAGE and path.name != "__init__.py" and "stages" not in path.parts
}


def _said(names: list[str]) -> str:
    """Shorten the stages of every model to one name; a model's own stages keep theirs."""
    every = {stage: [f"{stage}@{key}" for key in MODELS] for stage in ("tune", "train", "explain")}
    for stage, instances in every.items():
        if set(instances) <= set(names):
            names = [stage, *(name for name in names if name not in instances)]
    order = list(STAGES)
    return ", ".join(sorted(names, key=lambda name: order.index(name.partition("@")[0]))) or "none"


def test_contributing_says_which_stages_a_change_makes_stale(capsys):
    rows = [(room, _said(stale(str(path.relative_to(ROOT))))) for room, path in ROOMS.items()]
    rows += [
        (name, _said(stale(f"src/barograph/{name}")))
        for name in ("losses.py", "differencing.py", "randomness.py", "tables.py")
    ]
    table = "\n".join(
        ["| change | stages that run again |", "|---|---|", *(f"| `{room}` | {said} |" for room, said in rows)]
    )
    with capsys.disabled():
        print(f"\n{table}")
    assert table in (ROOT / "CONTRIBUTING.md").read_text()


def test_a_change_of_the_ensemble_trains_nothing_and_one_of_the_gate_judges_and_reports():
    ensemble = stale("src/barograph/ensemble/votes.py")
    assert {"ensemble", "validate", "gate", "report"} <= set(ensemble)
    assert not [name for name in ensemble if name.split("@")[0] in {"select", "tune", "train"}]
    assert stale("src/barograph/gate/gate.py") == ["gate", "report"]
    trained = {name for name in stale("src/barograph/models/svm.py") if "@" in name}
    assert trained == {"tune@svm", "train@svm", "explain@svm"}


@pytest.mark.parametrize("name", STAGES)
def test_no_stage_writes_into_a_folder_that_it_depends_on(name):
    stage = STAGES[name]
    outs = [next(iter(out)) if isinstance(out, dict) else out for out in stage["outs"] + stage.get("metrics", [])]
    for dep in stage["deps"]:
        assert not any(out == dep or out.startswith(f"{dep}/") for out in outs)


def test_only_stages_that_may_see_the_future_read_labels():
    readers = {name for name, stage in STAGES.items() if "data/labels.parquet" in stage["deps"]}
    main = {"archive", "folds", "samples", "select", "train", "ensemble", "validate", "gate", "report"}
    assert readers == main | WALKS | {"ablation:differences", "features:differences"}


@pytest.mark.parametrize("name", STAGES)
def test_commands_run_this_folders_code_with_the_interpreter_on_the_path(name):
    command = re.sub(r"\$\{\w+\}", "mine", STAGES[name]["cmd"])
    python, stage, arguments = re.fullmatch(r"(.*?) barograph\.stages\.(\w+) (.*)", command).groups()
    assert python == "PYTHONPATH=src python -m"
    assert (PACKAGE / f"stages/{stage}.py").is_file()
    assert COMMAND.fullmatch(arguments), "only Hydra reads other arguments, which takes its time"
