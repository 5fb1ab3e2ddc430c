"""dvc.yaml says what the stages really use."""

import ast
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/barograph"
# How stages are started and how they fail; no figure comes from there.
FOUNDATION = {"config", "errors", "stages/stage.py"}
PIPELINES = ("dvc.yaml", "studies/ablation/dvc.yaml")
STAGES = {
    name: stage.get("do", stage)
    for pipeline in PIPELINES
    for name, stage in yaml.safe_load((ROOT / pipeline).read_text())["stages"].items()
}


def _module(stage: dict) -> str:
    return stage["cmd"].split("barograph.stages.")[1].split()[0]


def _conf(sections: set[str]) -> str:
    folders = ["model" if section == "models" else section for section in sections]
    return "".join(path.read_text() for folder in folders for path in (ROOT / "conf" / folder).glob("*.yaml"))


def _units(path: Path) -> set[str]:
    """List what a file imports from Barograph: packages, or modules of stages/."""
    units = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("barograph"):
            parts = node.module.split(".")[1:]
            names = [parts[0]] if parts else [alias.name for alias in node.names]
            units |= {f"stages/{parts[1]}.py"} if parts[:1] == ["stages"] else set(names)
    return units


def _used(path: Path) -> set[str]:
    used, queue = set(), _units(path)
    while queue - used:
        unit = (queue - used).pop()
        used.add(unit)
        files = [PACKAGE / unit] if unit.endswith(".py") else list((PACKAGE / unit).rglob("*.py"))
        files = files or [PACKAGE / f"{unit}.py"]
        if unit not in FOUNDATION:
            queue |= set().union(*(_units(file) for file in files)) if files else set()
    modules = {unit for unit in used if (PACKAGE / f"{unit}.py").is_file()}
    return {f"{unit}.py" if unit in modules else unit for unit in used - FOUNDATION}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_the_code_that_it_runs(name):
    stage, module = STAGES[name], _module(STAGES[name])
    declared = {dep.removeprefix("src/barograph/") for dep in stage["deps"] if dep.startswith("src/")}
    configured = {section.partition(".")[0] for section in stage["params"]}
    built = {target.split(".")[1] for target in re.findall(r"_target_: (\S+)", _conf(configured))}
    assert declared <= {f"stages/{module}.py", *_used(PACKAGE / f"stages/{module}.py")} | built
    assert declared >= {f"stages/{module}.py", *_used(PACKAGE / f"stages/{module}.py")}


@pytest.mark.parametrize("name", STAGES)
def test_no_stage_writes_into_a_folder_that_it_depends_on(name):
    stage = STAGES[name]
    outs = [next(iter(out)) if isinstance(out, dict) else out for out in stage["outs"] + stage.get("metrics", [])]
    for dep in stage["deps"]:
        assert not any(out == dep or out.startswith(f"{dep}/") for out in outs)


def test_only_stages_that_may_see_the_future_read_labels():
    readers = {name for name, stage in STAGES.items() if "data/labels.parquet" in stage["deps"]}
    main = {"archive", "samples", "select", "tune", "train", "ensemble", "validate", "report"}
    assert readers == main | {"option", "differences"}


@pytest.mark.parametrize("name", STAGES)
def test_commands_run_this_folders_code_with_the_interpreter_on_the_path(name):
    assert STAGES[name]["cmd"].startswith("PYTHONPATH=src python -m barograph.stages.")
    assert " -cn stage" in STAGES[name]["cmd"]
