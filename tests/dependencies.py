"""Which code each stage uses, read from the imports, and what follows a stage, read from its outputs."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/barograph"
# How stages start, fail, read and write, and where fits run; tests pin the bytes, and no figure comes from there.
GROUND = {
    "__init__.py",
    "config.py",
    "dates.py",
    "errors.py",
    "executors",
    "files.py",
    "names.py",
    "processor.py",
    "stages/machine.py",
    "stages/stage.py",
    "tables.py",
    "typing.py",
}
CONTRACT = "models/contract"
# The stages of every pipeline; those of a study under its name: ``ablation:option``.
PIPELINES = {"": "dvc.yaml", "ablation:": "studies/ablation/dvc.yaml", "features:": "studies/features/dvc.yaml"}
STAGES = {
    f"{study}{name}": stage.get("do", stage)
    for study, pipeline in PIPELINES.items()
    for name, stage in yaml.safe_load((ROOT / pipeline).read_text())["stages"].items()
}


def module(stage: dict) -> str:
    return stage["cmd"].split("barograph.stages.")[1].split()[0]


def used(path: Path) -> set[str]:
    """List what a file uses, directly or not: packages, ``models/contract``, and modules that are in no package."""
    found: set[str] = set()
    queue = set(_imports(path))
    while queue:
        unit = queue.pop()
        found.add(unit)
        files = [PACKAGE / unit] if unit.endswith(".py") else _files(PACKAGE / unit)
        queue |= {new for file in files for new in _imports(file)} - found
    return found - GROUND


@cache
def _imports(path: Path) -> frozenset[str]:
    names = (
        (node.module, alias.name)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "barograph"
        for alias in node.names
    )
    return frozenset(unit for place, name in names if (unit := _unit(place, name)) is not None)


def _unit(place: str, name: str) -> str | None:
    """Give the package or the module of an imported name; None for a table's schema, which is the ground's."""
    parts = [*place.split(".")[1:], name]
    if "schema" in parts[1:]:
        return None
    if parts[0] == "stages" or (PACKAGE / f"{parts[0]}.py").is_file():
        return "/".join(parts[: 1 + (parts[0] == "stages")]) + ".py"
    if parts[0] == "models" and _in_contract(parts):
        return CONTRACT
    return parts[0]


def _in_contract(parts: list[str]) -> bool:
    if len(parts) > 2 or parts[1] == "contract":
        return parts[1] == "contract"
    facade = (PACKAGE / "models/__init__.py").read_text()
    return re.search(rf"from barograph\.models\.contract\.\w+ import .*\b{parts[1]}\b", facade) is not None


def _files(folder: Path) -> Iterator[Path]:
    files = (path for path in folder.rglob("*.py") if path.name != "schema.py")
    yield from (path for path in files if folder.name != "models" or path.parent == folder)


def stale(edited: str) -> list[str]:
    """Give the stages of dvc.yaml that run again when a file changes: those that name it, and what follows them."""
    main = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    found: list[str] = []
    changed = [edited]
    for name, stage in main.items():
        for key, item in params["models"].items() if "foreach" in stage else [("", {})]:
            text = (
                yaml.safe_dump(stage.get("do", stage))
                .replace("${key}", key)
                .replace("${item.code}", item.get("code", ""))
            )
            filled = yaml.safe_load(text)
            if any(_touches(dep, path) for dep in filled["deps"] for path in changed):
                found.append(f"{name}@{key}" if key else name)
                outs = filled.get("outs", []) + filled.get("metrics", [])
                changed += [next(iter(out)) if isinstance(out, dict) else out for out in outs]
    return found


def _touches(dep: str, path: str) -> bool:
    return dep == path or path.startswith(f"{dep}/") or dep.startswith(f"{path}/")
